"""Puts what happens on a clock into events. Pure; none of them can hold an answer.

Invariant: the body of a milestone is what the event's model would write; a test holds it to that.
It is put together without the model, which would cost more than all else that a timer does.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

import orjson
from opentelemetry.context import Context

from services.decision.timing.rows import Row
from shared import telemetry
from shared.events.case import Status
from shared.events.catalogue import CaseStatusChanged, SlaMilestone, Topic
from shared.events.envelope import event_id
from shared.outbox import Saying

Kind: TypeAlias = Literal[
    "nudged", "warned", "escalated", "extended", "paused", "resumed", "lapsed"
]
_DELAYS: Final = frozenset({"warned", "extended"})
_BLANK: Final = {
    name: None if field.is_required() else field.get_default(call_default_factory=True)
    for name, field in SlaMilestone.model_fields.items()
}


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened on a clock, and the step that makes its id."""

    kind: Kind
    step: str
    more: dict[str, Any]


def say(row: Row, happened: Happened, now: datetime) -> list[Saying]:
    """Tell of it; `row` is the clock as it is stored. What delays the answer is a status, too."""
    passed, parent = _trace_of(row["traceparent"])

    def saying(topic: Topic, body: bytes) -> Saying:
        return Saying(
            identity_of(row["case_id"], row["clock"], happened.step, topic),
            topic,
            row["customer_id"],
            str(row["case_id"]),
            body,
            now,
            cause_id=row["cause_id"],
            parent=parent,
            passed=passed,
        )

    said = [saying(Topic.SLA, _body(row, happened, now))]
    if happened.kind in _DELAYS:
        status = CaseStatusChanged(
            case_id=row["case_id"],
            customer_id=row["customer_id"],
            status=Status.DELAYED,
            reason=happened.more.get("reason"),
            changed_at=now,
        )
        said.append(saying(Topic.STATUS, status.model_dump_json().encode()))
    return said


def _body(row: Row, happened: Happened, now: datetime) -> bytes:
    return orjson.dumps(
        {
            **_BLANK,
            "case_id": str(row["case_id"]),
            "customer_id": row["customer_id"],
            "clock": row["clock"],
            "kind": happened.kind,
            "due_at": row["deadline"],
            "at": now,
            "sequence": row["sequence"],
            "pack": f"{row['pack']}@{row['pack_version']}",
            "role": row["role"],
            "decide_by": row["decide_by"],
            "queue": row["queue"],
            "person": row["assignee"],
            "late_arrival": row["late_arrival"],
            **happened.more,
        },
        option=orjson.OPT_UTC_Z,
    )


def _trace_of(traceparent: str | None) -> tuple[str | None, Context | None]:
    """Return the header to pass on where nobody records the trace, else the span to be below."""
    if telemetry.is_unrecorded(traceparent):
        return traceparent, None
    return None, telemetry.remote_context(traceparent) if traceparent else None


def identity_of(case_id: UUID, clock: str, step: str, topic: str = Topic.SLA) -> UUID:
    """Return the id of what happens once on a clock: a repeat has the same."""
    return event_id(str(case_id), "clock", clock, step, topic)
