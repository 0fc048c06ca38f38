"""The queue: cases that a person has something to do with, in the order in which to do it.

The order is that of `clock/work_order.py`, which a test holds it to; here the database sorts, so
that a page costs a page. The clock orders; it never decides.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from services.decision.clock.work_order import (
    FOR_A_JUMP,
    FOR_THE_VULNERABLE,
    PATIENCE,
    Waiting,
    explained,
)
from services.decision.desk.effort import ASSUMED
from services.decision.desk.reasons import sentence
from services.decision.merits.outcome import priority_of
from services.decision.store import TOLD
from shared.events.catalogue import Queue
from shared.postgres import Connection

_QUEUES: Final = tuple(ASSUMED)
_MINUTES: Final = range(1, 8 * 60 + 1)
"""What a case can take; nobody's cursor says more."""
_CALLED: Final = ["person", "team", "executive"]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which cases; `person` is who looks, `mine` only those in their hands."""

    person: str
    queue: Queue | None = None
    assignee: str | None = None
    mine: bool = False

    def key(self) -> str:
        """Return what a cursor is good for."""
        return orjson.dumps([self.person, self.queue, self.assignee, self.mine]).decode()


_NOBODY: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class After:
    """The case that a page follows, and its place."""

    handed: bool = False
    later: bool = False
    begin: datetime = datetime(1, 1, 1, tzinfo=UTC)
    minutes: int = 0
    case_id: UUID = _NOBODY
    place: int = 0
    minutes_of: tuple[int, ...] = ()
    """The effort by which the first page was sorted, queue by queue."""


# A case that this person has handed over is offered to them last, and to all others as ever. An
# option that closes presses nobody.
_LISTED = """
WITH waiting AS (
    SELECT c.case_id, c.customer_id, c.state, c.version, c.queue, c.reason, c.referred_at,
           CASE WHEN c.taken_until > now() THEN c.assignee END AS holder,
           EXISTS (SELECT FROM decision_log l WHERE l.case_id = c.case_id
                      AND l.kind = 'handed_over' AND l.actor = $1) AS handed,
           coalesce(c.queue, '') <> 'safety' AS later,
           coalesce(k.answer_due_at, c.answer_due_at) AS answer_due_at,
           coalesce(k.decide_by, c.answer_due_at, w.since + $4::interval) AS decide_by,
           w.since, w.minutes, coalesce(k.jumps, false) AS jumps, k.called, k.lapsed,
           coalesce(c.queue, '') = 'specialist' AS vulnerable,
           EXISTS (SELECT FROM approvals a WHERE a.case_id = c.case_id AND a.state = 'open')
               AS asked
      FROM cases c
     CROSS JOIN LATERAL (
        SELECT coalesce(c.referred_at, c.received_at) AS since,
               ($3::integer[])[coalesce(array_position($2::text[], c.queue),
                                        cardinality($2::text[]))] AS minutes) AS w
      LEFT JOIN LATERAL (
        SELECT min(decide_by) AS decide_by, bool_or(jumps_queue) AS jumps,
               min(deadline) FILTER (WHERE role = 'answer') AS answer_due_at,
               max(array_position($5::text[], summoned)) AS called,
               bool_or(lapsed_at IS NOT NULL) AS lapsed
          FROM clocks
         WHERE case_id = c.case_id AND kind <> 'option' AND cancelled_at IS NULL
           AND extended_to IS NULL AND withdrawn_at IS NULL) AS k ON true
     WHERE c.waiting
), placed AS (
    SELECT *, least(decide_by, since + $4::interval) - make_interval(mins => minutes)
              - CASE WHEN vulnerable THEN $6::interval ELSE '0' END
              - CASE WHEN jumps THEN $7::interval ELSE '0' END AS begin
      FROM waiting
)
SELECT *, clock_now() AS now FROM placed
 WHERE ($8::text IS NULL OR queue = $8) AND ($9::text IS NULL OR holder = $9)
   AND (handed, later, begin, minutes, case_id) > ($10, $11, $12, $13, $14)
 ORDER BY handed, later, begin, minutes, case_id LIMIT $15
"""


async def listed(
    connection: Connection,
    chosen: Filter,
    after: After,
    most: int,
    effort: Mapping[Queue, int] = ASSUMED,
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the queue, and the cursor to the next one; all have the first's `effort`."""
    minutes = after.minutes_of or tuple(effort[queue] for queue in _QUEUES)
    page, more = await rows_of(connection, chosen, after, most, minutes)
    cases = [_shown(row, after.place + number) for number, row in enumerate(page, 1)]
    return cases, _cursor(chosen, page, after.place + len(page), minutes) if more else None


async def rows_of(
    connection: Connection,
    chosen: Filter,
    after: After,
    most: int,
    minutes: Sequence[int] = tuple(ASSUMED.values()),
) -> tuple[list[asyncpg.Record], bool]:
    """Return the rows of a page, and whether there are more."""
    rows = await connection.fetch(
        _LISTED,
        chosen.person,
        [queue.value for queue in _QUEUES],
        minutes,
        PATIENCE,
        _CALLED,
        FOR_THE_VULNERABLE,
        FOR_A_JUMP,
        chosen.queue,
        chosen.person if chosen.mine else chosen.assignee,
        after.handed,
        after.later,
        after.begin,
        after.minutes,
        after.case_id,
        most + 1,
    )
    return rows[:most], len(rows) > most


def _shown(row: asyncpg.Record, place: int) -> dict[str, Any]:
    queue = Queue(row["queue"]) if row["queue"] else Queue.REVIEW
    answered = row["state"] == "decided"
    return {
        "case_id": str(row["case_id"]),
        "customer_id": row["customer_id"],
        "place": place,
        "queue": queue,
        "priority": priority_of(queue),
        "reason": row["reason"],
        "why": sentence(queue, row["reason"]),
        "state": row["state"],
        "to_do": "see" if answered and row["reason"] in TOLD else "decide",
        "version": row["version"],
        "assignee": row["holder"],
        "approval_open": row["asked"],
        "referred_at": _text(row["referred_at"]),
        "answer_due_at": _text(row["answer_due_at"]),
        "decide_by": _text(row["decide_by"]),
        "place_why": explained(waiting_of(row), place, row["now"]),
        "summoned": _CALLED[row["called"] - 1] if row["called"] else None,
        "lapsed": bool(row["lapsed"]),
    }


def waiting_of(row: asyncpg.Record) -> Waiting:
    """Return a case of the list as the work order sees it."""
    return Waiting(
        row["case_id"],
        row["decide_by"],
        row["since"],
        timedelta(minutes=row["minutes"]),
        safety=not row["later"],
        vulnerable=row["vulnerable"],
        jumps_queue=row["jumps"],
    )


def _text(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None


def _cursor(
    chosen: Filter, page: Sequence[asyncpg.Record], place: int, minutes: Sequence[int]
) -> str:
    last = page[-1]
    parts = [
        chosen.key(),
        last["handed"],
        last["later"],
        last["begin"].isoformat(),
        last["minutes"],
        str(last["case_id"]),
        place,
        minutes,
    ]
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode()


def place_of(cursor: str, chosen: Filter) -> After | None:
    """Read a cursor; nothing where it is none of this list's."""
    try:
        key, handed, later, begin, minutes, case_id, place, effort = orjson.loads(
            base64.urlsafe_b64decode(cursor.encode())
        )
        if key != chosen.key() or not isinstance(handed, bool) or not isinstance(later, bool):
            return None
        if not isinstance(place, int) or len(effort) != len(_QUEUES):
            return None
        if not all(isinstance(each, int) and each in _MINUTES for each in (minutes, *effort)):
            return None
        begin_by = datetime.fromisoformat(begin)
        return After(handed, later, begin_by, minutes, UUID(case_id), place, tuple(effort))
    except (ValueError, TypeError, AttributeError, binascii.Error):
        return None
