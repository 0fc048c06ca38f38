"""Clocks and timers in the database: set, set anew, set aside, closed by an answer.

Order of locks: whoever changes clocks locks them here first, in one order, after the case and
before the end of the log. A row of a lapse changes no more in what it says of it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg
import orjson

from services.decision import log
from services.decision.log import Entry
from services.decision.timing import rows
from services.decision.timing.rows import Armed, name_of
from shared.postgres import Connection

CHANNEL: Final = "evenhand_timers"
HEARTBEAT: Final = timedelta(seconds=15)
"""The loop looks at least so often, so only what is due sooner has to wake it."""

_LOCK = """
SELECT c.*, p.plan, clock_now() AS now FROM clocks c JOIN plans p USING (case_id, clock)
 WHERE c.case_id = ANY($1) ORDER BY case_id, clock FOR UPDATE OF c
"""


async def lock(tx: Connection, cases: Sequence[UUID]) -> dict[UUID, list[asyncpg.Record]]:
    """Lock the clocks of cases and return them, with the time of the clocks as `now`.

    A case without any is not in the result.
    """
    found: dict[UUID, list[asyncpg.Record]] = {}
    for row in await tx.fetch(_LOCK, cases):
        found.setdefault(row["case_id"], []).append(row)
    return found


_WAKE = "SELECT pg_notify($1, '') WHERE $2::timestamptz <= clock_now() + $3::interval"


async def begin(tx: Connection, clocks: Sequence[Armed]) -> None:
    """Let clocks run that nobody has set before, with their timers.

    The caller holds their cases and has seen that there are none of these names: nothing can be in
    the way, so they are copied, for half of what `arm` costs.
    """
    if not clocks:
        return
    timers = [timer for each in clocks for timer in rows.timers(each)]
    await tx.copy_records_to_table("clocks", records=map(rows.clock, clocks), columns=rows.CLOCK)
    await tx.copy_records_to_table("plans", records=map(rows.plan, clocks), columns=rows.PLAN)
    await tx.copy_records_to_table("timers", records=timers, columns=rows.TIMER)
    first = min(planned.due for each in clocks for planned in each.clock.rungs)
    await tx.execute(_WAKE, CHANNEL, first, HEARTBEAT)


_SET = """
INSERT INTO clocks (case_id, clock, customer_id, sequence, round, pack, pack_version, calendar,
                    calendar_version, kind, role, received_at, arrived_at, decide_by, deadline,
                    late_arrival, cause_id, traceparent, jurisdiction, currency)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::integer[], $5::integer[], $6::text[],
                     $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
                     $12::timestamptz[], $13::timestamptz[], $14::timestamptz[],
                     $15::timestamptz[], $16::boolean[], $17::uuid[], $18::text[], $19::text[],
                     $20::text[])
ON CONFLICT (case_id, clock) DO NOTHING
"""
_SET_PLAN = """
INSERT INTO plans SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[])
ON CONFLICT (case_id, clock) DO NOTHING
"""


async def arm(tx: Connection, clocks: Sequence[Armed]) -> None:
    """Let clocks run, with their timers; one that is there already stays as it was set."""
    if not clocks:
        return
    await tx.execute(_SET, *_columns(map(rows.clock, clocks)))
    await tx.execute(_SET_PLAN, *_columns(map(rows.plan, clocks)))
    await lay(tx, clocks)


def _columns(table: Iterable[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return list(zip(*table, strict=True))


# A rung that fired stays so; one that waits moves with its clock.
_LAY = """
WITH laid AS (
    INSERT INTO timers AS t (case_id, clock, rung, urgency, due_at, action, summons, jumps_queue)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::smallint[], $5::timestamptz[],
                         $6::text[], $7::text[], $8::boolean[])
    ON CONFLICT (case_id, clock, rung) DO UPDATE
       SET due_at = excluded.due_at, lease = NULL, leased_until = NULL
     WHERE t.fired_at IS NULL
    RETURNING due_at
)
SELECT pg_notify($9, '') WHERE (SELECT min(due_at) FROM laid) <= clock_now() + $10::interval
"""


async def lay(tx: Connection, clocks: Iterable[Armed]) -> None:
    """Set the timers of clocks, and wake the loop where one is due before it looks again."""
    timers = [timer for each in clocks for timer in rows.timers(each)]
    await tx.execute(_LAY, *_columns(timers), CHANNEL, HEARTBEAT)


# A deadline that passed before the answer came is recorded all the same. Timers that have fired are
# kept for as long as they could be set again, and no longer.
_CLOSE = """
WITH closed AS (
    UPDATE clocks SET cancelled_at = clock_now()
     WHERE case_id = ANY($1) AND cancelled_at IS NULL
 RETURNING case_id, clock, deadline
), gone AS (
    DELETE FROM timers t USING closed c
     WHERE t.case_id = c.case_id AND t.clock = c.clock
       AND (t.fired_at IS NOT NULL
            OR NOT (c.deadline <= clock_now() AND t.due_at >= c.deadline))
 RETURNING t.*
)
SELECT c.case_id, c.clock,
       coalesce(json_object_agg(g.rung, g.fired_at ORDER BY g.due_at, g.id)
                FILTER (WHERE g.fired_at IS NOT NULL), '{}') AS fired,
       coalesce(json_agg(g.rung ORDER BY g.due_at, g.id)
                FILTER (WHERE g.rung IS NOT NULL AND g.fired_at IS NULL), '[]') AS cancelled
  FROM closed c LEFT JOIN gone g USING (case_id, clock)
 GROUP BY c.case_id, c.clock ORDER BY c.case_id, c.clock
"""


async def close(tx: Connection, cases: Sequence[UUID], actor: str, now: datetime) -> list[Entry]:
    """Stop the clocks of cases that were answered: nothing fires for them any more.

    Returns what goes into the log of each: the rungs that have fired, and those that never will.
    """
    if not cases:
        return []
    stopped: dict[UUID, dict[str, object]] = {}
    for row in await tx.fetch(_CLOSE, cases):
        stopped.setdefault(row["case_id"], {})[row["clock"]] = {
            "fired": orjson.loads(row["fired"]),
            "cancelled": orjson.loads(row["cancelled"]),
        }
    return [
        Entry(case_id, "clocks_stopped", actor, now, log.canonical({"clocks": clocks}))
        for case_id, clocks in stopped.items()
    ]


_WITHDRAW = """
WITH aside AS (
    UPDATE clocks c SET withdrawn_at = clock_now()
      FROM unnest($1::uuid[], $2::text[]) AS w(case_id, clock)
     WHERE c.case_id = w.case_id AND c.clock = w.clock
 RETURNING c.case_id, c.clock
)
DELETE FROM timers t USING aside a
 WHERE t.case_id = a.case_id AND t.clock = a.clock AND t.fired_at IS NULL
"""
_REVIVE = """
UPDATE clocks c SET withdrawn_at = NULL
  FROM unnest($1::uuid[], $2::text[]) AS w(case_id, clock)
 WHERE c.case_id = w.case_id AND c.clock = w.clock
"""


async def withdraw(tx: Connection, clocks: Sequence[tuple[UUID, str]]) -> None:
    """Set clocks aside that no longer hold for their cases."""
    if clocks:
        await tx.execute(_WITHDRAW, [case for case, _ in clocks], [name for _, name in clocks])


async def revive(tx: Connection, clocks: Sequence[Armed]) -> None:
    """Let clocks run on that were set aside; what has fired stays so."""
    if clocks:
        await tx.execute(_REVIVE, [each.case_id for each in clocks], [each.name for each in clocks])
        await lay(tx, clocks)


_RELAY = "UPDATE clocks SET decide_by = $3, deadline = $4 WHERE case_id = $1 AND clock = $2"
_REPLAN = "UPDATE plans SET plan = $3 WHERE case_id = $1 AND clock = $2"
_DROP = "DELETE FROM timers WHERE case_id = $1 AND clock = $2 AND fired_at IS NULL"
_EXTENDED = """
UPDATE clocks SET extended_to = $3, draft = NULL WHERE case_id = $1 AND clock = $2
"""


async def move(tx: Connection, moved: Armed) -> None:
    """Store a clock that was stopped or runs again: the same term, other instants."""
    clock = moved.clock
    await tx.execute(_RELAY, moved.case_id, moved.name, clock.decide_by, clock.deadline)
    await tx.execute(_REPLAN, moved.case_id, moved.name, clock.model_dump_json())
    await lay(tx, [moved])


async def extend(tx: Connection, before: Armed, after: Armed) -> None:
    """Let the next term of a clock run; the one before fires no more."""
    await tx.execute(_DROP, before.case_id, name_of(before.clock, before.round))
    await tx.execute(_EXTENDED, before.case_id, before.name, after.clock.deadline)
    await arm(tx, [after])
