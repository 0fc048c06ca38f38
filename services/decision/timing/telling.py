"""Puts what happens on a clock into events. Pure; none of them can hold an answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

from services.decision.clock.plan import Clock
from services.decision.timing.rows import Row
from shared import outbox
from shared.events.base import Model
from shared.events.case import Status
from shared.events.catalogue import CaseStatusChanged, SlaMilestone, Topic
from shared.events.envelope import event_id
from shared.outbox import Saying

Kind: TypeAlias = Literal[
    "nudged", "warned", "escalated", "extended", "paused", "resumed", "lapsed"
]
_DELAYS: Final = frozenset({"warned", "extended"})


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened on a clock, and the step that makes its id."""

    kind: Kind
    step: str
    more: dict[str, Any]


def say(row: Row, clock: Clock, happened: Happened, now: datetime) -> list[Saying]:
    """Tell of it; `row` is the clock as it is stored. What delays the answer is a status, too."""
    milestone = SlaMilestone.model_validate(
        {
            "case_id": row["case_id"],
            "customer_id": row["customer_id"],
            "clock": row["clock"],
            "kind": happened.kind,
            "due_at": clock.deadline,
            "at": now,
            "sequence": row["sequence"],
            "pack": f"{clock.pack}@{clock.pack_version}",
            "role": clock.role,
            "decide_by": clock.decide_by,
            "queue": row["queue"],
            "person": row["assignee"],
            "late_arrival": clock.late_arrival,
            **happened.more,
        }
    )
    said = [_saying(row, Topic.SLA, milestone, happened.step, now)]
    if happened.kind in _DELAYS:
        status = CaseStatusChanged(
            case_id=row["case_id"],
            customer_id=row["customer_id"],
            status=Status.DELAYED,
            reason=happened.more.get("reason"),
            changed_at=now,
        )
        said.append(_saying(row, Topic.STATUS, status, happened.step, now))
    return said


def identity_of(case_id: UUID, clock: str, step: str, topic: str = Topic.SLA) -> UUID:
    """Return the id of what happens once on a clock: a repeat has the same."""
    return event_id(str(case_id), "clock", clock, step, topic)


def _saying(row: Row, topic: Topic, event: Model, step: str, now: datetime) -> Saying:
    return outbox.saying(
        event,
        event_id=identity_of(row["case_id"], row["clock"], step, topic),
        topic=topic,
        key=row["customer_id"],
        subject=str(row["case_id"]),
        said_at=now,
    )
