"""Circumstances and manners that several files of rules begin from."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from services.decision.merits.outcome import Decided, Outcome
from shared.events.answer import RemedyKind
from shared.events.case import Category, Facts
from shared.events.catalogue import CaseClassified, Decision
from shared.events.tags import Fault, Pressure, Tone

MakeCase = Callable[..., CaseClassified]

DUE = datetime(2026, 10, 31, 22, 59, 59, tzinfo=UTC)
LATE = Facts(due_at=DUE, paid_at=DUE + timedelta(hours=3))
BROKEN = Facts(promised_by=DUE, delivered_at=DUE + timedelta(days=2))
COMPANY: dict[str, object] = {
    "fault": Fault.COMPANY,
    "category": Category.SERVICE_DELAY,
    "facts": BROKEN,
}
SOME_MANNERS: list[dict[str, object]] = [
    {},
    {"tone": Tone.RUDE},
    {"tone": Tone.ABUSIVE},
    {"pressure": Pressure.LEVERAGE},
    {"pressure": Pressure.RECOURSE},
]


def decision_of(outcome: Outcome) -> Decision:
    """Return the decision of a case that was decided."""
    assert isinstance(outcome, Decided), outcome
    return outcome.answer.decision


def kinds_of(decision: Decision) -> set[RemedyKind]:
    """Return what kinds of remedy a decision grants."""
    return {remedy.kind for remedy in decision.remedies}
