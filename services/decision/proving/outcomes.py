"""How outcomes are compared: what is owed in them, what is given beyond it, and who acts."""

from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias, assert_never

from services.decision.merits.answers import Answer
from services.decision.merits.known import Known
from services.decision.merits.outcome import Asked, Decided, Outcome, Referred, Verifying
from services.decision.policy.model import Policy
from shared.events.answer import Disposition, Remedy
from shared.events.catalogue import CaseClassified

Decider: TypeAlias = Callable[[CaseClassified, Known, Policy], Outcome]
"""What is proved: the decision of a case, given what is known beyond it and the policy."""

_BY_A_PERSON, _AFTER_AN_ANSWER, _AT_ONCE = range(3)


def answer_of(outcome: Outcome) -> Answer | None:
    """Return the answer that is given, proposed, or waits to be confirmed."""
    if isinstance(outcome, Decided | Verifying):
        return outcome.answer
    return outcome.proposal


def way_of(outcome: Outcome) -> int:
    """Rank outcomes by how soon the policy itself acts; a person is last."""
    if isinstance(outcome, Decided):
        return _AT_ONCE
    if isinstance(outcome, Verifying | Asked):
        return _AFTER_AN_ANSWER
    if isinstance(outcome, Referred):
        return _BY_A_PERSON
    assert_never(outcome)


def road_of(outcome: Outcome) -> tuple[object, ...]:
    """Return everything of an outcome but its answer: who acts, why, and who is told."""
    if isinstance(outcome, Decided):
        return ("decided", outcome.told, outcome.told_reason, outcome.check)
    if isinstance(outcome, Verifying):
        return ("verifying", outcome.queue, outcome.reason)
    if isinstance(outcome, Asked):
        return ("asked", outcome.question)
    if isinstance(outcome, Referred):
        return ("referred", outcome.queue, outcome.reason, outcome.detail)
    assert_never(outcome)


def owed_in(answer: Answer | None) -> tuple[Remedy, ...]:
    """Return the remedies that conduct and the past may never touch."""
    remedies = () if answer is None else answer.decision.remedies
    return tuple(remedy for remedy in remedies if remedy.share == "entitlement")


def at_once(outcome: Outcome) -> tuple[Remedy, ...]:
    """Return what is owed and reaches the customer before any person or check."""
    if isinstance(outcome, Decided):
        return owed_in(outcome.answer)
    given = outcome.at_once if isinstance(outcome, Referred) else ()
    return tuple(remedy for remedy in given if remedy.share == "entitlement")


def is_granted(answer: Answer | None) -> bool:
    return answer is not None and answer.decision.disposition is not Disposition.DECLINED


def beyond_in(answer: Answer | None, policy: Policy) -> tuple[bool, int, Decimal]:
    """Say how much is given beyond what is owed: at all, remedies, and their sum in EUR."""
    if answer is None:
        return (False, 0, Decimal(0))
    extras = [remedy for remedy in answer.decision.remedies if remedy.share == "goodwill"]
    sums = (policy.in_euros(remedy.money) for remedy in extras if remedy.money is not None)
    return (is_granted(answer), len(extras), sum((each or Decimal(0) for each in sums), Decimal(0)))
