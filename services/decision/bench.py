"""What a batch is decided with, and how a deliberation is written down. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from services.decision.clock.load import Packs
from services.decision.deliberation import Thought, answer_of, body_of, kind_of
from services.decision.dossier import Deliberated, Work
from services.decision.log import Entry
from services.decision.merits.known import Checked, Known
from services.decision.merits.outcome import Asked, Decided, Outcome, Referred, Verifying
from services.decision.past import Past
from services.decision.policy.model import Policy
from services.decision.terms import Terms
from shared.events import envelope
from shared.events.catalogue import CaseClassified, Queue

Decide = Callable[[CaseClassified, Known, Policy], Outcome]


@dataclass(frozen=True, slots=True)
class Bench:
    """What a batch is decided with. `left` is what the day's certificate still had before it."""

    decide: Decide
    policy: Policy
    terms: Terms
    past: Past
    left: Decimal
    now: datetime
    work: Work
    packs: Packs


@dataclass(frozen=True, slots=True)
class Cause:
    """The event that a step answers: what it says repeats its ids, and its check has its own."""

    event_id: UUID
    traceparent: str | None

    @property
    def check_id(self) -> UUID:
        """The id of the check that the event leads to: the same, however often it is handled."""
        return envelope.event_id(str(self.event_id), "check")


def think(case: CaseClassified, checked: Checked, bench: Bench, *, asked: bool) -> Deliberated:
    """Decide a case and write the deliberation down, whatever follows from it."""
    known = Known(
        history=bench.past.history(case),
        checked=checked,
        asked=asked,
        left_today=max(bench.left - bench.work.spent, Decimal(0)),
    )
    bench.past.met[case.customer_id][case.case_id] = case.received_at
    outcome = bench.decide(case, known, bench.policy)
    entry = bench.work.log(
        Entry(
            case.case_id,
            "deliberated",
            "policy",
            bench.now,
            body_of(outcome, known, bench.policy.hash),
            case.model_dump_json(),
        )
    )
    answer = answer_of(outcome)
    queue, reason = _who(outcome)
    thought = Thought(
        kind_of(outcome),
        answer.decision if answer else None,
        answer.granted if answer else Decimal(0),
        known,
        bench.policy.hash,
        queue,
        reason,
    )
    deliberated = Deliberated(entry, case, outcome, thought)
    bench.work.deliberated.append(deliberated)
    return deliberated


def _who(outcome: Outcome) -> tuple[Queue | None, str | None]:
    match outcome:
        case Decided(told=queue, told_reason=reason):
            return queue, reason
        case Referred(queue=queue, reason=reason) | Verifying(queue=queue, reason=reason):
            return queue, reason
        case Asked():
            return None, None
