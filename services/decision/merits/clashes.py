"""Names the facts that speak against a message, or against each other, for a person to see both.

Like all that entitlement knows, it cannot see tone and pressure.
"""

from collections.abc import Iterator
from typing import Final

from services.decision.merits.matter import (
    Incident,
    Matter,
    Promise,
    fact,
    incident,
    is_paid_late,
    promise,
)
from shared.events.case import Category

PROMISES: Final = frozenset({Category.PROMISE_BROKEN, Category.SERVICE_DELAY})
"""What a case is about where a promise is said to be broken."""
_FEES_AND_DATES: Final = frozenset({Category.MISSED_DUE_DATE, Category.FEE_DISPUTE})


def impossible(matter: Matter) -> Iterator[str]:
    """Name the first two facts that cannot both be true, whatever the message says."""
    facts = matter.facts
    starts, ends = facts.incident_from, facts.incident_to
    if starts is not None and ends is not None and ends < starts:
        yield from (fact(matter, "incident_from"), fact(matter, "incident_to"))
    elif facts.paid_at is not None and facts.paid_at > matter.received_at:
        yield from (
            fact(matter, "paid_at"),
            f"received_at: {matter.received_at.isoformat()}",
        )


def kept_promise(matter: Matter) -> tuple[str, ...] | None:
    """Name the facts by which a promise was kept, where it is said to be broken."""
    if matter.category in PROMISES and promise(matter) is Promise.KEPT:
        return fact(matter, "delivered_at"), fact(matter, "promised_by")
    return None


def promise_ahead(matter: Matter) -> tuple[str, ...] | None:
    """Name the facts by which a promise that is said to be broken is not due yet."""
    if matter.category in PROMISES and promise(matter) is Promise.AHEAD:
        return fact(matter, "promised_by"), f"received_at: {matter.received_at.isoformat()}"
    return None


def customers_slip(matter: Matter) -> tuple[str, ...] | None:
    """Name the facts that show a slip of the customer's, where none shows one of the bank's."""
    if incident(matter) is Incident.ELSEWHERE:
        return window(matter)
    if matter.category in _FEES_AND_DATES and is_paid_late(matter):
        return fact(matter, "paid_at"), fact(matter, "due_at")
    return None


def window(matter: Matter) -> tuple[str, ...]:
    """Name the outage with its window, and the moment that it would have to cover."""
    facts = matter.facts
    starts = "?" if facts.incident_from is None else facts.incident_from.isoformat()
    ends = "?" if facts.incident_to is None else facts.incident_to.isoformat()
    moment = (
        f"received_at: {matter.received_at.isoformat()}"
        if facts.due_at is None
        else fact(matter, "due_at")
    )
    return f"incident: {facts.incident} ({starts}/{ends})", moment
