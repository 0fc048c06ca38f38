"""Notes in the row of a case what a deliberation made of it. Pure."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Required, TypedDict, Unpack

from services.decision.bench import Bench
from services.decision.deliberation import answer_of
from services.decision.dossier import Deliberated, Dossier
from services.decision.store import Standing, State
from shared.events.catalogue import Queue


class _Changes(TypedDict, total=False):
    """What a step changes in the row of a case."""

    state: Required[State]
    revision: int
    goodwill_eur: Decimal | None
    waiting: bool
    queue: Queue | None
    reason: str | None
    referred_at: datetime | None
    answer_due_at: datetime | None
    decided_by: str
    decided_at: datetime
    decided_position: int


def noted(thought: Deliberated, before: Dossier | None, **changes: Unpack[_Changes]) -> Standing:
    """Return the row of the case with this deliberation on it, and what else changes."""
    case = thought.case
    answer = answer_of(thought.outcome)
    cause = answer.cause if answer else None
    if before is None:
        return Standing(
            case.case_id,
            case.customer_id,
            sequence=case.sequence,
            received_at=case.received_at,
            thought_position=thought.entry,
            cause=cause,
            **changes,
        )
    return replace(
        before.standing,
        sequence=max(case.sequence, before.standing.sequence),
        thought_position=thought.entry,
        cause=cause or before.standing.cause,
        **changes,
    )


def put(thought: Deliberated, standing: Standing, before: Dossier | None, bench: Bench) -> None:
    """Put the case on the bench as it stands now; the answer that it has stays."""
    bench.work.put(
        Dossier(
            standing,
            thought.case,
            thought.thought,
            before.decision if before else None,
            before.spent if before else Decimal(0),
        )
    )
