"""Hands a case to a person; the answer that stands, stands. Pure, and decides nothing.

Timers use it, too: it knows no policy outcome, and there is no way from here to a decision.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from services.decision import telling
from services.decision.dossier import Dossier, Said, Work
from services.decision.log import Entry, canonical
from services.decision.merits.outcome import priority_of
from services.decision.store import Standing
from shared.events.case import Status
from shared.events.catalogue import CaseClassified, Queue


@dataclass(frozen=True, slots=True)
class HandOver:
    """Who is to see a case, why, and until when an answer is due.

    `reopens`: the customer has said something after the answer. Otherwise the customer hears
    nothing of what a person does with a case that has its answer.
    """

    queue: Queue
    reason: str
    at: datetime
    due: datetime
    reopens: bool = False


def more_urgent(queue: Queue, held: Queue | None) -> Queue:
    """Return the more urgent of two queues; the first where they are the same."""
    return queue if held is None else min(queue, held, key=priority_of)


def hand_over(
    dossier: Dossier, case: CaseClassified, over: HandOver, work: Work, *, new: bool = False
) -> list[Said]:
    """Let a person have a case, in the most urgent queue that it was ever in.

    What more becomes known of a case that waits costs it nothing: it has waited since it came.
    """
    held = dossier.standing
    answered = held.state == "decided"
    reopened = answered and (over.reopens or held.customer_waits)
    queue = more_urgent(over.queue, held.queue)
    due = held.answer_due_at if held.waiting and held.answer_due_at else over.due
    # Who only had to see something else does not keep a customer waiting who has written since.
    reason = over.reason if over.reopens or not reopened else held.reason
    # Who only now waits for an answer waits since now, whatever people had to see before.
    waited = held.waiting and (held.customer_waits or not over.reopens)
    standing = replace(
        held,
        state="decided" if answered else "referred",
        waiting=True,
        queue=queue,
        reason=reason,
        referred_at=held.referred_at if waited else over.at,
        answer_due_at=None if answered and not reopened else due,
    )
    work.put(replace(dossier, standing=standing))
    work.log(
        Entry(
            case.case_id,
            "passed_on",
            "policy",
            over.at,
            canonical({"queue": queue, "reason": over.reason, "sequence": case.sequence}),
        )
    )
    said = telling.referred(
        case,
        {
            "queue": queue,
            "reason": over.reason,
            "proposal": dossier.thought.decision,
            "answer_due_at": standing.answer_due_at,
            "answered": answered and not reopened,
            "reopened": reopened,
        },
        over.at,
    )
    status = _status(held, over, new=new)
    return [said, telling.waiting(case, status, over.reason, over.at)] if status else [said]


def _status(held: Standing, over: HandOver, *, new: bool) -> Status | None:
    if held.state == "decided":
        return Status.REOPENED if over.reopens else None
    return Status.IN_REVIEW if new or held.state != "referred" else None
