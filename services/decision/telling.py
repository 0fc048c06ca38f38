"""Puts what was decided about a case into events. Pure."""

from datetime import datetime
from typing import NotRequired, TypedDict
from uuid import UUID

from services.decision.dossier import Said
from services.decision.merits.answers import Answer
from services.decision.merits.outcome import priority_of
from shared.events.answer import Remedy
from shared.events.case import Status
from shared.events.catalogue import (
    CaseAsked,
    CaseClassified,
    CaseDecided,
    CaseReferred,
    CaseStatusChanged,
    Decision,
    Question,
    Queue,
    Topic,
)


class _About(TypedDict):
    case_id: UUID
    customer_id: str
    sequence: int
    language: str
    jurisdiction: str | None


class Referral(TypedDict):
    """Who sees a case, and why."""

    queue: Queue
    reason: str
    proposal: Decision | None
    answer_due_at: NotRequired[datetime | None]
    answered: NotRequired[bool]
    reopened: NotRequired[bool]
    at_once: NotRequired[tuple[Remedy, ...]]


def decided(case: CaseClassified, answer: Answer, revision: int, now: datetime) -> list[Said]:
    """Tell of an answer."""
    event = CaseDecided(**_about(case), revision=revision, decision=answer.decision, decided_at=now)
    return [Said(Topic.DECIDED, event), _status(case, Status.DECIDED, None, now)]


def referred(case: CaseClassified, why: Referral, now: datetime) -> Said:
    """Tell that a person has something to do."""
    event = CaseReferred(**_about(case), **why, priority=priority_of(why["queue"]), referred_at=now)
    return Said(Topic.REFERRED, event)


def waiting(case: CaseClassified, status: Status, reason: str, now: datetime) -> Said:
    """Tell that the answer has to wait, and why."""
    return _status(case, status, reason, now)


def asked(case: CaseClassified, question: Question, answer_by: datetime, now: datetime) -> Said:
    """Tell that the customer is asked something."""
    event = CaseAsked(**_about(case), question=question, answer_by=answer_by, asked_at=now)
    return Said(Topic.ASKED, event)


def _about(case: CaseClassified) -> _About:
    return {
        "case_id": case.case_id,
        "customer_id": case.customer_id,
        "sequence": case.sequence,
        "language": case.language,
        "jurisdiction": case.jurisdiction,
    }


def _status(case: CaseClassified, status: Status, reason: str | None, now: datetime) -> Said:
    event = CaseStatusChanged(
        case_id=case.case_id,
        customer_id=case.customer_id,
        status=status,
        reason=reason,
        changed_at=now,
    )
    return Said(Topic.STATUS, event)
