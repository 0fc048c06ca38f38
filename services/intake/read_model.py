"""What a batch of events changes in the read model. Pure; the order of events does not matter.

Of two words the one about the later message wins, then the one further down the way. Times are
compared only within one message: replicas of a service do not share a clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from shared.events.case import Status
from shared.events.catalogue import (
    CaseAsked,
    CaseClassified,
    CaseDecided,
    CaseNotified,
    CaseReferred,
    Event,
    Notice,
    SlaMilestone,
    VerificationRequested,
)

# Of two words about the same message, the one further down the way counts.
_RANK: Final = {
    status: rank
    for rank, status in enumerate(
        (
            Status.RECEIVED,
            Status.WAITING_FOR_YOU,  # who was asked in vain is in review then
            Status.IN_REVIEW,
            Status.DELAYED,
            Status.REOPENED,
            Status.DECIDED,
            Status.CLOSED,
        )
    )
}


_NO_STEP: Final = frozenset(
    {Notice.RECEIPT, Notice.NEW_LINK, Notice.DOCUMENT_REFUSED, Notice.CLOSED}
)
"""Notices after which a customer still waits to be told what becomes of a message."""
_DELAYS: Final = frozenset({"warned", "extended"})
_MOVES: Final = frozenset({"extended", "paused", "resumed"})
_FOR_THE_ANSWER: Final = "answer"
_OF_A_MILESTONE: Final = {
    "clock",
    "kind",
    "due_at",
    "new_due_at",
    "rung",
    "summoned",
    "late",
    "legal_effect",
    "granted",
}


@dataclass(frozen=True, slots=True)
class Heard:
    """One event, its id, and when it was published."""

    event: Event
    id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a case's timeline; plain codes only."""

    case_id: UUID
    event_id: UUID
    at: datetime
    event: str
    detail: str


@dataclass(slots=True)
class CaseChange:
    """What is new about one case, in the order of what counts; None: nothing.

    Each begins with its message's sequence, a decision with its revision.
    """

    status: tuple[int, int, str] | None = None
    tags: tuple[int, str, str, str | None] | None = None
    decision: tuple[int, int, datetime, str] | None = None
    referral: tuple[int, datetime, str, str | None] | None = None
    due: tuple[datetime, datetime | None] | None = None
    """When the last day for the answer was said, and which it is."""


@dataclass(slots=True)
class Step:
    """How far one message has come."""

    classified: bool = False
    answered: bool = False
    told: bool = False


@dataclass(slots=True)
class Changes:
    """Everything that a batch changes."""

    entries: list[Entry] = field(default_factory=list)
    cases: dict[UUID, CaseChange] = field(default_factory=dict)
    steps: dict[tuple[UUID, int], Step] = field(default_factory=dict)

    def case(self, case_id: UUID) -> CaseChange:
        """Return the change of a case, to add to."""
        return self.cases.setdefault(case_id, CaseChange())

    def step(self, case_id: UUID, sequence: int) -> Step:
        """Return the step of a message, to add to."""
        return self.steps.setdefault((case_id, sequence), Step())

    def tell(self, heard: Heard, event: str, at: datetime, detail: dict[str, Any]) -> None:
        """Add a line to the timeline."""
        entry = Entry(heard.event.case_id, heard.id, at, event, orjson.dumps(detail).decode())
        self.entries.append(entry)


def fold(batch: Iterable[Heard]) -> Changes:
    """Sum up a batch."""
    changes = Changes()
    for heard in batch:
        event = heard.event
        match event:
            case CaseClassified():
                _classified(changes, heard, event)
            case CaseDecided():
                _decided(changes, heard, event)
            case CaseReferred():
                _referred(changes, heard, event)
            case SlaMilestone():
                _clock(changes, heard, event)
            case CaseNotified():
                _notified(changes, heard, event)
            case CaseAsked():
                _asked(changes, heard, event)
            case VerificationRequested():
                _checked(changes, heard, event)
            case _:
                raise TypeError(f"the read model does not know {type(event).__name__}")
    return changes


def _classified(changes: Changes, heard: Heard, event: CaseClassified) -> None:
    change = changes.case(event.case_id)
    if change.tags is None or change.tags[0] < event.sequence:
        change.tags = (
            event.sequence,
            event.tags.model_dump_json(),
            event.language,
            event.jurisdiction,
        )
    changes.step(event.case_id, event.sequence).classified = True
    changes.tell(heard, "classified", heard.at, {"sequence": event.sequence})


def _decided(changes: Changes, heard: Heard, event: CaseDecided) -> None:
    change = changes.case(event.case_id)
    said = (event.revision, event.sequence, event.decided_at)
    if change.decision is None or change.decision[:3] < said:
        change.decision = (*said, event.decision.model_dump_json())
    _set_status(change, Status.DECIDED, event.sequence)
    changes.step(event.case_id, event.sequence).answered = True
    detail = {
        "sequence": event.sequence,
        "disposition": event.decision.disposition,
        "basis": event.decision.basis,
        "revision": event.revision,
    }
    changes.tell(heard, "decided", event.decided_at, detail)


def _referred(changes: Changes, heard: Heard, event: CaseReferred) -> None:
    change = changes.case(event.case_id)
    said = (event.sequence, event.referred_at)
    if change.referral is None or change.referral[:2] < said:
        proposal = None if event.proposal is None else event.proposal.model_dump_json()
        change.referral = (
            *said,
            orjson.dumps({"queue": event.queue, "reason": event.reason}).decode(),
            proposal,
        )
    _set_due(change, event.referred_at, event.answer_due_at)
    if not event.answered:  # else a person is told of a case that has its answer
        status = Status.REOPENED if event.reopened else Status.IN_REVIEW
        _set_status(change, status, event.sequence)
    changes.step(event.case_id, event.sequence).answered = True
    changes.tell(
        heard, "referred", event.referred_at, {"sequence": event.sequence, "queue": event.queue}
    )


def _asked(changes: Changes, heard: Heard, event: CaseAsked) -> None:
    _set_status(changes.case(event.case_id), Status.WAITING_FOR_YOU, event.sequence)
    changes.step(event.case_id, event.sequence).answered = True
    detail = event.model_dump(mode="json", include={"sequence", "question", "answer_by"})
    changes.tell(heard, "asked", event.asked_at, detail)


def _checked(changes: Changes, heard: Heard, event: VerificationRequested) -> None:
    """Note a check; only one that the answer waits for is anything to the customer."""
    if event.purpose == "first":
        _set_status(changes.case(event.case_id), Status.IN_REVIEW, event.sequence)
        changes.step(event.case_id, event.sequence).answered = True
        changes.tell(heard, "checking", event.requested_at, {"sequence": event.sequence})


def _clock(changes: Changes, heard: Heard, event: SlaMilestone) -> None:
    """Note what happened on a clock; what the customer is told of is a status, too."""
    if event.kind in _DELAYS:
        _set_status(changes.case(event.case_id), Status.DELAYED, event.sequence)
    if event.role == _FOR_THE_ANSWER and event.kind != "lapsed":
        moved = event.new_due_at if event.kind in _MOVES else None
        _set_due(changes.case(event.case_id), event.at, moved or event.due_at)
    kept = event.model_dump(mode="json", include=_OF_A_MILESTONE, exclude_none=True)
    if not event.granted:
        del kept["granted"]
    changes.tell(heard, "sla", event.at, {**kept, "reason": event.reason})


def _set_due(change: CaseChange, said_at: datetime, due: datetime | None) -> None:
    if change.due is None or change.due[0] < said_at:
        change.due = (said_at, due)


def _notified(changes: Changes, heard: Heard, event: CaseNotified) -> None:
    if event.notice not in _NO_STEP:
        changes.step(event.case_id, event.sequence).told = True
    if event.notice is Notice.CLOSED:
        _set_status(changes.case(event.case_id), Status.CLOSED, event.sequence)
    detail = {
        "sequence": event.sequence,
        "notice": event.notice,
        "channel": event.channel,
        "outcome": event.outcome,
    }
    changes.tell(heard, "notified", event.at, detail)


def _set_status(change: CaseChange, status: Status, sequence: int) -> None:
    word = (sequence, _RANK[status], status.value)
    if change.status is None or change.status < word:
        change.status = word
