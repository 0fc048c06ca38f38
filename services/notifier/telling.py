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
    Verifying,
)
from services.notifier.places import last_day, last_moment, working_day_after
from shared.events.answer import RemedyKind
from shared.events.catalogue import (
    CaseAsked,
    CaseDecided,
    CaseReferred,
    CaseSubmitted,
    Decision,
    Event,
    Queue,
    SlaMilestone,
    VerificationRequested,
)

_DELAYS: Final = frozenset({"warned", "extended"})
_URGENT: Final = frozenset({Queue.SAFETY, Queue.FRAUD})
_SOON: Final = timedelta(days=5)
"""How far away a date may be that an urgent matter is promised: a week-end and a holiday."""
_IN_DANGER: Final = frozenset({"safety", "vulnerable"})
"""Reasons of a referral for which nobody must wait for us in an emergency."""
_PAYING: Final = frozenset({RemedyKind.REFUND, RemedyKind.CREDIT})
_UNAUTHORISED: Final = "unauthorised_payment"
BY_LAW: Final = 1
"""Working days to pay an unauthorised payment back (PSD2 art. 73)."""
PAID_WITHIN: Final = 5
"""Working days to pay anything else, unless the bank sets its own."""
AT_ONCE: Final = timedelta(minutes=1)
"""Who has the answer within this time need not hear that it is being checked."""


def content_of(event: Event, paid_within: int = PAID_WITHIN) -> Content | None:
    """Return what an event makes us tell the customer; nothing for a later message of the case."""
    found: Content | None = None
    match event:
        case CaseSubmitted(sequence=0):
            place = _place(event.customer.jurisdiction)
            found = Receipt(next_on=working_day_after(event.accepted_at, 1, place))
        case CaseReferred(answered=False):  # else the customer has the answer already
            found = _in_review(event)
        case CaseAsked():
            found = Asked(question=event.question, answer_by=event.answer_by)
        case VerificationRequested(purpose="first", answer_by=due) if due is not None:
            soon = due - event.requested_at <= AT_ONCE
            found = None if soon else Verifying(answer_by=due)
        case SlaMilestone(kind=kind) if kind in _DELAYS:
            found = Delayed(
                promised=event.due_at if _may_be_kept(event) else None,
                due_at=event.new_due_at or event.due_at,
                reason=event.reason,
                in_return=event.in_return,
                granted=event.granted,
                letter=tuple(event.letter.items()),
            )
        case CaseDecided():
            found = _final_answer(event, paid_within)
        case _:
            pass
    return found


def with_last_days(content: Content, place: str) -> Content:
    """Return what is told with its deadlines in the last days on which they hold, at a place.

    A deadline is the midnight that ends its last day; told as a day, it would be the day after.
    """
    told: dict[str, datetime] = {}
    match content:
        case InReview(answer_due_at=due) if due is not None:
            told = {"answer_due_at": due}
        case Delayed(promised=promised, due_at=due):
            told = {"due_at": due} if promised is None else {"promised": promised, "due_at": due}
        case Asked(answer_by=due):
            told = {"answer_by": due}
        case _:
            return content
    return content.model_copy(
        update={name: last_moment(deadline, place) for name, deadline in told.items()}
    )


def _place(jurisdiction: str | None) -> str:
    return (jurisdiction or "").upper()


def _may_be_kept(event: SlaMilestone) -> bool:
    """Say whether there is an earlier date that is still ahead; of one that passed, none speaks."""
    return event.new_due_at is not None and event.due_at > event.at


def _in_review(event: CaseReferred) -> InReview:
    reasons = event.proposal.reasons if event.proposal else ()
    urgent = event.queue in _URGENT or _UNAUTHORISED in reasons
    due = event.answer_due_at
    ahead = due is not None and due > event.referred_at
    far = urgent and due is not None and due - event.referred_at > _SOON
    return InReview(
        answer_due_at=due if ahead and not far else None,
        deadline=last_day(due, _place(event.jurisdiction)) if due is not None and far else None,
        urgent=urgent,
        danger=event.queue is Queue.SAFETY or event.reason in _IN_DANGER,
        at_once=event.at_once,
    )


def _final_answer(event: CaseDecided, paid_within: int) -> FinalAnswer:
    decision = event.decision
    return FinalAnswer(
        revision=event.revision,
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
        automatic=decision.decided_by == "policy",
        paid_by=_paid_by(event, paid_within),
    )


def _paid_by(event: CaseDecided, paid_within: int) -> date | None:
    """Return the day by which what is paid is on the account; nothing where nothing is."""
    decision = event.decision
    if not any(remedy.kind in _PAYING for remedy in decision.remedies):
        return None
    days = BY_LAW if _UNAUTHORISED in decision.reasons else paid_within
    return working_day_after(event.decided_at, days, _place(event.jurisdiction))


def _boundary_for(decision: Decision) -> Boundary:
    """Say what the boundary is drawn against: the gravest of what the evidence shows."""
    pressures = {mark.value for mark in decision.evidence if mark.target == "pressure"}
    for boundary in (Boundary.VIOLENCE, Boundary.LEVERAGE):
        if boundary in pressures:
            return boundary
    return Boundary.INSULT
