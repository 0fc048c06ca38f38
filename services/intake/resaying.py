"""Says submitted messages again: from the outbox, or where it has forgotten them, from the case.

Invariant: what is said anew is the same event under the same id, so whoever heard it before drops
it or answers it as a redrive.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from uuid import UUID

import asyncpg
from opentelemetry.context import Context
from opentelemetry.trace import Tracer

from services.intake.domain import later_message
from services.intake.submission import saying_of
from shared import outbox
from shared.events.case import Channel
from shared.events.catalogue import CaseSubmitted
from shared.outbox import Saying
from shared.postgres import Connection


@dataclass(frozen=True, slots=True)
class Lost:
    """A message whose journey was lost, and how often it was published again by now."""

    case_id: UUID
    sequence: int
    event_id: UUID
    redrives: int


_KEPT: Final = "SELECT event_id FROM outbox WHERE cause_id = ANY($1)"

_STORED: Final = """
SELECT l.event_id, l.sequence, l.redrives, s.opened,
       m.channel, m.body, m.received_at, m.accepted_at
  FROM unnest($1::uuid[], $2::integer[], $3::uuid[], $4::integer[])
       AS l(case_id, sequence, event_id, redrives)
  JOIN submissions s USING (case_id)
  LEFT JOIN messages m USING (case_id, sequence)
 WHERE l.sequence = 0 OR m.sequence IS NOT NULL
 ORDER BY l.case_id, l.sequence
"""


async def say_again(tx: Connection, lost: Sequence[Lost], source: str, tracer: Tracer) -> int:
    """Queue these messages for the publisher's next sweep; returns how many could be queued."""
    rows = await tx.fetch(_KEPT, [each.event_id for each in lost])
    kept = {row["event_id"] for row in rows}
    await outbox.say_again(
        tx, [(each.event_id, each.redrives) for each in lost if each.event_id in kept]
    )
    forgotten = [each for each in lost if each.event_id not in kept]
    rows = await tx.fetch(
        _STORED,
        [each.case_id for each in forgotten],
        [each.sequence for each in forgotten],
        [each.event_id for each in forgotten],
        [each.redrives for each in forgotten],
    )
    pending = await outbox.add(tx, source, tracer, [_saying(row) for row in rows], timedelta(0))
    for row in pending:
        if row.span is not None:  # the sweeper sends it and knows of no span
            row.span.end()
    return len(kept) + len(pending)


def _saying(row: asyncpg.Record) -> Saying:
    opened, body = CaseSubmitted.model_validate_json(row["opened"]), row["opened"]
    event = opened
    if row["sequence"]:
        event = later_message(
            opened,
            row["sequence"],
            Channel(row["channel"]),
            row["body"],
            (row["received_at"], row["accepted_at"]),
        )
        body = event.model_dump_json()
    return replace(saying_of(event, body, Context()), redrive=row["redrives"])
