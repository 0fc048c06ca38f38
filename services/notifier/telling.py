"""Which notice follows from an event. Pure.

Invariant: a notice takes from its event what the customer may know and nothing else.
"""

from datetime import date, datetime, timedelta
from typing import Final

from services.notifier.domain import (
    Asked,
    Boundary,
    Content,
    Delayed,
    FinalAnswer,
    InReview,
    Receipt,
)
from shared.events.catalogue import (
    CaseAsked,
    CaseDecided,
    CaseReferred,
    CaseSubmitted,
    Decision,
    Event,
    Queue,
    SlaMilestone,
)

_DELAYS: Final = frozenset({"warned", "extended"})
_URGENT: Final = frozenset({Queue.SAFETY, Queue.FRAUD})
_SOON: Final = timedelta(days=5)
"""How far away a date may be that an urgent matter is told: a week-end and a holiday."""
_SATURDAY: Final = 5


def content_of(event: Event) -> Content | None:
    """Return what an event makes us tell the customer; nothing for a later message of the case."""
    match event:
        case CaseSubmitted(sequence=0):
            return Receipt(next_on=_next_working_day(event.accepted_at))
        case CaseReferred(answered=False):  # else the customer has the answer already
            return _in_review(event)
        case CaseAsked():
            return Asked(question=event.question, answer_by=event.answer_by)
        case SlaMilestone(kind=kind) if kind in _DELAYS:
            return Delayed(
                promised=event.due_at if event.new_due_at else None,
                due_at=event.new_due_at or event.due_at,
                reason=event.reason,
                in_return=event.in_return,
                letter=tuple(event.letter.items()),
            )
        case CaseDecided(decision=decision):
            return _final_answer(decision, event.revision)
        case _:
            return None


def _next_working_day(instant: datetime) -> date:
    day = instant.date() + timedelta(days=1)
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() >= _SATURDAY else day


def _in_review(event: CaseReferred) -> InReview:
    reasons = event.proposal.reasons if event.proposal else ()
    urgent = event.queue in _URGENT or "unauthorised_payment" in reasons
    due = event.answer_due_at
    far = urgent and due is not None and due - event.referred_at > _SOON
    return InReview(answer_due_at=None if far else due, urgent=urgent, at_once=event.at_once)


def _final_answer(decision: Decision, revision: int) -> FinalAnswer:
    return FinalAnswer(
        revision=revision,
        disposition=decision.disposition,
        basis=decision.basis,
        remedies=decision.remedies,
        options=decision.options,
        reasons=decision.reasons,
        boundary=decision.boundary,
        boundary_for=_boundary_for(decision) if decision.boundary else Boundary.INSULT,
        recourse=decision.recourse,
        particulars=decision.particulars,
        taken_back=decision.rule == "person.taken_back",
    )


def _boundary_for(decision: Decision) -> Boundary:
    """Say what the boundary is drawn against: the gravest of what the evidence shows."""
    pressures = {mark.value for mark in decision.evidence if mark.target == "pressure"}
    for boundary in (Boundary.VIOLENCE, Boundary.LEVERAGE):
        if boundary in pressures:
            return boundary
    return Boundary.INSULT
