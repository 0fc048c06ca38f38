"""What a case is about, without how it was said. These types cannot hold tone or pressure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.events.base import Money
from shared.events.case import Category, Facts
from shared.events.fault import Fault

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Matter:
    """A case as entitlement sees it."""

    facts: Facts
    fault: Fault
    category: Category
    claim: Money | None
    fraud: bool
    received_at: datetime
    jurisdiction: str | None


def is_promise_broken(matter: Matter) -> bool:
    """Say whether the bank's own records show a date that it promised and missed."""
    promised = matter.facts.promised_by
    if promised is None:
        return False
    return (matter.facts.delivered_at or matter.received_at) > promised


def is_incident_at_the_moment(matter: Matter) -> bool:
    """Say whether a known outage of the bank covers the moment that the case is about."""
    facts = matter.facts
    if facts.incident is None:
        return False
    moment = facts.due_at
    if moment is None:
        return True
    starts_before = facts.incident_from is None or facts.incident_from <= moment
    ends_after = facts.incident_to is None or facts.incident_to >= moment
    return starts_before and ends_after


def is_unauthorised(matter: Matter) -> bool:
    """Say whether the payment was made without the customer (PSD2 art. 73)."""
    if matter.facts.authorised is not None:
        return matter.facts.authorised is False
    return matter.fraud and matter.fault not in {Fault.CUSTOMER, Fault.SHARED}


def is_paid_in_time(matter: Matter) -> bool:
    """Say whether the bank's own records show a payment that came when it was due."""
    due, paid = matter.facts.due_at, matter.facts.paid_at
    return due is not None and paid is not None and paid <= due


def named_claim(matter: Matter) -> Money | None:
    """Return the sum that is claimed; a claim of zero names none."""
    claim = matter.claim
    return None if claim is None or claim.amount == 0 else claim


def days_late(matter: Matter) -> int | None:
    """Return how many started days a payment came after its due date; nothing if not late."""
    due, paid = matter.facts.due_at, matter.facts.paid_at
    if due is None:
        return None
    late = (paid or matter.received_at) - due
    return None if late <= timedelta(0) else -(-late // _DAY)


def has_facts(matter: Matter) -> bool:
    """Say whether the bank's systems know anything that could be checked."""
    return any(
        value is not None for name, value in matter.facts.__dict__.items() if name != "other"
    )
