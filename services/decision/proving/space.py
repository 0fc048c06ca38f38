"""The space of cases: every kind of facts, fault, flags, tone, pressure, sureness and amount.

What is continuous is represented by one point on each side of every bound; amounts in between are
proved with z3. Cases are made without validation, because there are very many of them.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import chain, combinations
from typing import Any, Final
from uuid import UUID

from shared.events.base import Money
from shared.events.case import Category, Channel, Facts, Product
from shared.events.catalogue import CaseClassified
from shared.events.tags import (
    Fault,
    FaultTag,
    Flag,
    FlagTag,
    Pressure,
    PressureTag,
    Tags,
    Tone,
    ToneTag,
)

NOON: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
SURE: Final = 1.0
UNSURE: Final = 0.0
"""Both ends, so that they lie on either side of any threshold of a policy."""
_HOUR: Final = timedelta(hours=1)

FLAGS: Final = tuple(chain.from_iterable(combinations(Flag, size) for size in range(len(Flag) + 1)))
"""Every combination of flags."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a case is told, and how sure the classifier is of that. Nothing else may differ."""

    tone: Tone = Tone.COURTEOUS
    pressure: Pressure = Pressure.NONE
    confidence: float = SURE


POLITE: Final = Manner()
MANNERS: Final = tuple(
    Manner(tone, pressure, confidence)
    for confidence in (SURE, UNSURE)
    for tone in Tone
    for pressure in Pressure
)
"""Every manner; the polite and sure one is first."""
SURELY: Final = MANNERS[: len(MANNERS) // 2]
HARDLY: Final = MANNERS[len(MANNERS) // 2 :]


@dataclass(frozen=True, slots=True)
class Measures:
    """Where severity changes: hours of lateness and days of delay that lie in each class."""

    slip_hours: tuple[int, int, int] = (6, 48, 600)
    delay_days: tuple[int, int, int] = (1, 7, 85)


@dataclass(frozen=True, slots=True)
class Context:
    """Where and when, which selects a matrix; and how large the facts' lateness is."""

    jurisdiction: str | None
    product: Product | None
    received_at: datetime = NOON
    measures: Measures = Measures()


@dataclass(frozen=True, slots=True)
class Stuff:
    """What a case is about, without how it is told."""

    facts: str
    fault: Fault
    category: Category
    flags: tuple[Flag, ...] = ()
    claim: Money | None = None
    context: Context = Context(None, None)
    fault_confidence: float = SURE

    def claiming(self, claim: Money | None) -> "Stuff":
        return replace(self, claim=claim)

    def told(self, manner: Manner = POLITE) -> CaseClassified:
        """Return the case as it is told in this manner."""
        context = self.context
        return _BLANK.model_copy(
            update={
                "category": self.category,
                "product": context.product,
                "claim": self.claim,
                "facts": _facts(context.received_at, context.measures)[self.facts],
                "received_at": context.received_at,
                "jurisdiction": context.jurisdiction,
                "tags": _tags(self.fault, self.fault_confidence, self.flags, manner),
            }
        )


@cache
def _tags(fault: Fault, confidence: float, flags: tuple[Flag, ...], manner: Manner) -> Tags:
    return Tags(
        tone=ToneTag(value=manner.tone, confidence=manner.confidence),
        pressure=PressureTag(value=manner.pressure, confidence=manner.confidence),
        fault=FaultTag(value=fault, confidence=confidence),
        flags=tuple(FlagTag(value=flag, confidence=SURE) for flag in flags),
        language="en",
        model="proof",
    )


@cache
def _facts(received_at: datetime, measures: Measures) -> dict[str, Facts]:
    """Return what the bank's systems may know of a case that is received at this moment."""

    def day(days: float) -> datetime:
        return received_at + timedelta(days=days)

    def late(hours: int) -> dict[str, datetime]:
        return {"due_at": day(-1) - timedelta(hours=hours), "paid_at": day(-1)}

    def broken(days: int) -> dict[str, datetime]:
        return {"promised_by": day(-3 - days), "delivered_at": day(-3)}

    slight, moderate, serious = measures.slip_hours
    days = measures.delay_days
    moment = late(slight)["due_at"]
    around = {
        "incident": "INC-1",
        "incident_from": moment - _HOUR,
        "incident_to": moment + _HOUR,
    }
    elsewhere = {"incident": "INC-1", "incident_from": day(-400), "incident_to": day(-399)}
    made: dict[str, dict[str, Any]] = {
        "nothing": {},
        "only_unknown_keys": {"other": {"shop": "S-1"}},
        "late_slightly": late(slight),
        "late_moderately": late(moderate),
        "late_seriously": late(serious),
        "unpaid": {"due_at": day(-2)},
        "not_due_yet": {"due_at": day(9)},
        "paid_in_time": {"due_at": day(-5), "paid_at": day(-5.5)},
        "promise_broken_slightly": broken(days[0]),
        "promise_broken_moderately": broken(days[1]),
        "promise_broken_seriously": broken(days[2]),
        "promise_still_broken": {"promised_by": day(-1)},
        "promise_kept": {"promised_by": day(-5), "delivered_at": day(-6)},
        "promise_open": {"promised_by": day(5)},
        "outage": {"incident": "INC-1"},
        "outage_at_the_moment": {**late(slight), **around},
        "outage_another_day": {**late(slight), **elsewhere},
        "outage_without_a_moment": around,
        "terms_accepted": {"terms_accepted": True},
        "terms_not_accepted": {"terms_accepted": False},
        "terms_accepted_and_late": {"terms_accepted": True, **late(slight)},
        "authorised": {"authorised": True},
        "unauthorised": {"authorised": False},
        "unauthorised_with_terms": {"authorised": False, "terms_accepted": True},
        "rejected": {"rejected_by": "other-bank"},
        "broken_and_late": {**broken(days[0]), **late(slight)},
        "outage_backwards": {**around, "incident_to": moment - 9 * _HOUR},
        "paid_after_received": {"due_at": day(-5), "paid_at": day(3)},
        "kept_and_late": {"promised_by": day(-5), "delivered_at": day(-7), **late(slight)},
    }
    return {name: Facts(**facts) for name, facts in made.items()}


FACTS: Final = tuple(_facts(NOON, Measures()))
"""The names of every kind of facts."""

_BLANK: Final = CaseClassified(
    case_id=UUID(int=1),
    customer_id="proof",
    channel=Channel.API,
    category=Category.OTHER,
    text="",
    received_at=NOON,
    language="en",
    tags=_tags(Fault.UNCLEAR, SURE, (), POLITE),
)
