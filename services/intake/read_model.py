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
    CaseClassified,
    CaseDecided,
    CaseNotified,
    CaseReferred,
    Event,
    Notice,
    SlaMilestone,
)

# Of two words about the same message, the one further down the way counts.
_RANK: Final = {
    status: rank
    for rank, status in enumerate(
        (
            Status.RECEIVED,
            Status.IN_REVIEW,
            Status.WAITING_FOR_YOU,
            Status.DELAYED,
            Status.REOPENED,
            Status.DECIDED,
            Status.CLOSED,
        )
    )
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
    """What is new about one case, each beginning with its message's sequence; None: nothing."""

    status: tuple[int, int, str] | None = None
    tags: tuple[int, str, str, str | None] | None = None
    decision: tuple[int, datetime, str] | None = None
    referral: tuple[int, datetime, str, str | None, datetime | None] | None = None


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
                detail = event.model_dump(mode="json", include={"clock", "kind", "due_at"})
                changes.tell(heard, "sla", event.at, {**detail, "reason": event.reason})
            case CaseNotified():
                _notified(changes, heard, event)
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
    said = (event.sequence, event.decided_at)
    if change.decision is None or change.decision[:2] < said:
        change.decision = (*said, event.decision.model_dump_json())
    _set_status(change, Status.DECIDED, event.sequence)
    changes.step(event.case_id, event.sequence).answered = True
    detail = {
        "sequence": event.sequence,
        "disposition": event.decision.disposition,
        "basis": event.decision.basis,
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
            event.answer_due_at,
        )
    if not event.answered:  # else a person is told of a case that has its answer
        status = Status.REOPENED if event.reopened else Status.IN_REVIEW
        _set_status(change, status, event.sequence)
    changes.step(event.case_id, event.sequence).answered = True
    changes.tell(
        heard, "referred", event.referred_at, {"sequence": event.sequence, "queue": event.queue}
    )


def _notified(changes: Changes, heard: Heard, event: CaseNotified) -> None:
    if event.notice is not Notice.RECEIPT:
        changes.step(event.case_id, event.sequence).told = True
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
