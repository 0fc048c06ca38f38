"""What a case is about, without how it was said. These types cannot hold tone or pressure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from shared.events.base import Money
from shared.events.case import Category, Facts
from shared.events.fault import Fault

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Matter:
    """A case as entitlement sees it.

    `outage`: by the policy, an outage of the bank can be the reason in a case of this category.
    """

    facts: Facts
    fault: Fault
    category: Category
    claim: Money | None
    fraud: bool
    received_at: datetime
    jurisdiction: str | None
    outage: bool = True


class Promise(Enum):
    """What the bank's records say of a date that the customer was told."""

    NONE = auto()
    AHEAD = auto()
    KEPT = auto()
    BROKEN = auto()
    PASSED = auto()
    """The date has passed, and the records know of no delivery."""


class Incident(Enum):
    """What the bank's records say of a known outage and the moment that the case is about."""

    NONE = auto()
    COVERS = auto()
    ELSEWHERE = auto()
    UNKNOWN = auto()
    """Its window or the moment is not known."""


def promise(matter: Matter) -> Promise:
    """Say what became of the promised date."""
    facts = matter.facts
    if facts.promised_by is None:
        return Promise.NONE
    if facts.delivered_at is not None:
        return Promise.BROKEN if facts.delivered_at > facts.promised_by else Promise.KEPT
    return Promise.PASSED if matter.received_at > facts.promised_by else Promise.AHEAD


def incident(matter: Matter) -> Incident:
    """Say whether the outage was going on when the payment was due."""
    facts = matter.facts
    if facts.incident is None:
        return Incident.NONE
    starts, ends, moment = facts.incident_from, facts.incident_to, facts.due_at
    if moment is None:
        later = starts is not None and starts > matter.received_at
        return Incident.ELSEWHERE if later else Incident.UNKNOWN
    if starts is None and ends is None:
        return Incident.UNKNOWN
    if (starts is None or starts <= moment) and (ends is None or ends >= moment):
        return Incident.COVERS
    return Incident.ELSEWHERE


def is_unauthorised(matter: Matter) -> bool:
    """Say whether the payment was made without the customer (PSD2 art. 73)."""
    if matter.facts.authorised is not None:
        return matter.facts.authorised is False
    return matter.fraud and matter.fault not in {Fault.CUSTOMER, Fault.SHARED}


def is_paid_in_time(matter: Matter) -> bool:
    """Say whether the bank's own records show a payment that came when it was due."""
    due, paid = matter.facts.due_at, matter.facts.paid_at
    return due is not None and paid is not None and paid <= due


def is_paid_late(matter: Matter) -> bool:
    """Say whether the bank's own records show a payment that came after it was due."""
    due, paid = matter.facts.due_at, matter.facts.paid_at
    return due is not None and paid is not None and paid > due


def named_claim(matter: Matter) -> Money | None:
    """Return the sum that is claimed; a claim of zero names none."""
    claim = matter.claim
    return None if claim is None or claim.amount == 0 else claim


def lateness(matter: Matter) -> timedelta | None:
    """Return how late a payment came, or is by now; nothing if it is not late."""
    due, paid = matter.facts.due_at, matter.facts.paid_at
    if due is None:
        return None
    late = (paid or matter.received_at) - due
    return None if late <= timedelta(0) else late


def days_late(matter: Matter) -> int | None:
    """Return how many started days a payment came after its due date; nothing if not late."""
    late = lateness(matter)
    return None if late is None else -(-late // _DAY)


def delay(matter: Matter) -> timedelta | None:
    """Return by how much a promised date was missed, or is by now; nothing if it was not."""
    facts = matter.facts
    if facts.promised_by is None:
        return None
    late = (facts.delivered_at or matter.received_at) - facts.promised_by
    return None if late <= timedelta(0) else late


def has_facts(matter: Matter) -> bool:
    """Say whether the bank's systems know anything that could be checked.

    Keys that the bank sent and nobody knows do not count: they are shown and never used.
    """
    facts = matter.facts
    return not (
        facts.due_at is None
        and facts.paid_at is None
        and facts.promised_by is None
        and facts.delivered_at is None
        and facts.terms_accepted is None
        and facts.rejected_by is None
        and facts.incident is None
        and facts.incident_from is None
        and facts.incident_to is None
        and facts.authorised is None
    )


def fact(matter: Matter, name: str) -> str:
    """Return a fact as a person reads it."""
    value = getattr(matter.facts, name)
    told = value.isoformat() if isinstance(value, datetime) else value
    return f"{name}: {told if not isinstance(told, bool) else str(told).lower()}"
