"""What an outcome means for a customer and the staff, and whether two outcomes are the same. Pure.

Rules, rows and reasons of an answer may bear other names; what counts is the answer, the way to it
and who is told.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Self, assert_never

from services.decision.deliberation import Kind, answer_of, kind_of
from services.decision.merits.outcome import Asked, Decided, Outcome, Referred, Verifying
from shared.events.catalogue import Decision, Queue

_ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Treatment:
    """What a policy does with one case.

    `entitlement` and `goodwill` (EUR) are what it grants where it decides, and what it would grant
    where the case waits.
    """

    outcome: Outcome
    entitlement: Decimal
    goodwill: Decimal

    @classmethod
    def of(cls, outcome: Outcome) -> Self:
        """Return what an outcome means; help that is owed counts as entitlement."""
        answer = answer_of(outcome)
        if answer is None:
            return cls(outcome, _ZERO, _ZERO)
        given = min((answer.forgiven or _ZERO) + answer.waived, answer.granted)
        return cls(outcome, answer.granted - given, given)

    @property
    def way(self) -> Kind:
        return kind_of(self.outcome)

    @property
    def decision(self) -> Decision | None:
        """The answer, or the proposal of one."""
        answer = answer_of(self.outcome)
        return None if answer is None else answer.decision

    @property
    def granted(self) -> Decimal:
        """What the policy grants at once, in EUR; nothing while the case waits."""
        return self.entitlement + self.goodwill if self.way == "decided" else _ZERO

    @property
    def unpriced(self) -> bool:
        """Whether its cost is not known: it is in a currency without a rate."""
        answer = answer_of(self.outcome)
        return answer is not None and answer.cost is None

    @property
    def label(self) -> str:
        """Its name in a table: the disposition, or where the case waits."""
        if self.way == "decided" and self.decision is not None:
            return str(self.decision.disposition)
        return self.way if self.queue is None else f"{self.way} ({self.queue})"

    @property
    def because(self) -> str:
        """Reasons, rule and row in a line; why it waits, where it does."""
        decision = self.decision
        if decision is None:
            return self.reason or self.way
        place = " ".join(part for part in (decision.rule, decision.row) if part)
        told = f"{', '.join(decision.reasons)} ({place})"
        return told if self.reason is None else f"{self.reason}: {told}"

    @property
    def remedies(self) -> frozenset[str]:
        """The remedies, each in a word or with its sum."""
        remedies = self.decision.remedies if self.decision else ()
        return frozenset(
            f"{one.kind} {one.money.amount} {one.money.currency}" if one.money else str(one.kind)
            for one in remedies
        )

    @property
    def queue(self) -> Queue | None:
        """Where a person has the case, or will if nobody else can say."""
        return self.outcome.queue if isinstance(self.outcome, Referred | Verifying) else None

    @property
    def reason(self) -> str | None:
        """Why the case waits; nothing where it is decided."""
        match self.outcome:
            case Referred(reason=reason) | Verifying(reason=reason):
                return reason
            case Asked(question=question):
                return question
            case Decided():
                return None
            case _:
                assert_never(self.outcome)


def differs(active: Outcome, candidate: Outcome) -> bool:
    """Say whether a customer or the staff would see a difference."""
    return _substance(active) != _substance(candidate)


def _substance(outcome: Outcome) -> tuple[object, ...]:
    answer = answer_of(outcome)
    decision = answer and answer.decision
    said = decision and (
        decision.disposition,
        decision.basis,
        decision.remedies,
        decision.options,
        decision.boundary,
    )
    match outcome:
        case Decided(told=told, check=check):
            return "decided", said, told, check
        case Referred(queue=queue, reason=reason, at_once=at_once):
            return "referred", said, queue, reason, at_once
        case Verifying(queue=queue):
            return "verifying", said, queue
        case Asked(question=question):
            return "asked", said, question
        case _:
            assert_never(outcome)
