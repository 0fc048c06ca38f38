"""Puts a notice in view of what was told before: its language, and the answer it replaces. Pure.

Invariant: the same notices give the same words, in whatever batches they come.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.notifier.domain import Delayed, Earlier, FinalAnswer, Plan, Verifying


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, and when it was given."""

    answer: FinalAnswer
    at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """What was told in a case: in which language last, and the answers."""

    language: str | None = None
    answers: tuple[Answered, ...] = ()


def looks_back(plans: Sequence[Plan]) -> set[UUID]:
    """Return the cases of plans that depend on what was told before."""
    return {plan.case_id for plan in plans if _looks_back(plan)}


def in_view_of(told: Mapping[UUID, Told], plans: Sequence[Plan]) -> list[Plan]:
    """Fill in what plans take from what was told, in the database or beside them."""
    return [_filled(plan, told, plans) if _looks_back(plan) else plan for plan in plans]


def _looks_back(plan: Plan) -> bool:
    content = plan.content
    if isinstance(content, FinalAnswer):
        return bool(content.revision) and content.earlier is None
    return isinstance(content, Delayed | Verifying) and plan.language is None


def _filled(plan: Plan, told: Mapping[UUID, Told], plans: Collection[Plan]) -> Plan:
    before = told.get(plan.case_id, Told())
    beside = [one for one in plans if one.case_id == plan.case_id and one is not plan]
    if not isinstance(plan.content, FinalAnswer):
        spoken = next((one.language for one in beside if one.language), None)
        return replace(plan, language=before.language or spoken)
    revision = plan.content.revision
    answers = [
        *before.answers,
        *(
            Answered(one.content, one.planned_at)
            for one in beside
            if isinstance(one.content, FinalAnswer)
        ),
    ]
    earlier = max(
        (one for one in answers if one.answer.revision < revision),
        key=lambda one: one.answer.revision,
        default=None,
    )
    if earlier is None:
        return plan
    answer = earlier.answer
    replaced = Earlier(
        disposition=answer.disposition,
        remedies=answer.remedies,
        reasons=answer.reasons,
        answered_at=earlier.at,
    )
    return replace(plan, content=plan.content.model_copy(update={"earlier": replaced}))
