"""Which timers a worker may fire: leased in the database, fenced when they are written.

A timer is leased by one worker at a time, and a lease runs out. Whoever fires locks the clock first
and needs the lease still: a worker that lost it writes nothing. Of one clock, all rungs that are
due fire together, in their order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import asyncpg

from shared.postgres import Connection

LEASE: Final = timedelta(seconds=15)

# By urgency, then by when they are due. A lease that ends later than any can was given before the
# machine's clock was set back.
_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT t.id
      FROM unnest('{0,1,2}'::smallint[]) AS u(urgency)
     CROSS JOIN LATERAL (
        SELECT id FROM timers
         WHERE urgency = u.urgency AND fired_at IS NULL AND due_at <= clock_now()
           AND (leased_until IS NULL OR leased_until <= clock_now()
                OR leased_until > clock_now() + $3::interval)
         ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED) AS t
     LIMIT $1
)
UPDATE timers t SET lease = $2, leased_until = clock_now() + $3::interval
  FROM due WHERE t.id = due.id
RETURNING t.case_id, t.clock
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """Clocks of which something is due, and the lease on it; in the order of locks."""

    lease: UUID
    clocks: tuple[tuple[UUID, str], ...]
    timers: int


async def claim(connection: Connection, most: int) -> Claim:
    """Lease timers that are due, the most urgent first."""
    lease = uuid4()
    rows = await connection.fetch(_CLAIM, most, lease, LEASE)
    clocks = sorted({(row["case_id"], row["clock"]) for row in rows})
    return Claim(lease, tuple(clocks), len(rows))


_LOCK = """
SELECT c.*, k.assignee, k.queue, k.state, clock_now() AS now
  FROM clocks c LEFT JOIN cases k USING (case_id)
 WHERE (c.case_id, c.clock) IN (SELECT * FROM unnest($1::uuid[], $2::text[]))
 ORDER BY c.case_id, c.clock FOR UPDATE OF c
"""
_DUE = """
SELECT t.id, t.case_id, t.clock, t.rung, t.due_at, coalesce(t.lease = $3, false) AS mine
  FROM unnest($1::uuid[], $2::text[]) AS d(case_id, clock)
  JOIN timers t USING (case_id, clock)
 WHERE t.fired_at IS NULL AND t.due_at <= clock_now()
 ORDER BY t.due_at, t.id
"""


@dataclass(frozen=True, slots=True)
class Due:
    """A clock that is locked, and its rungs that are due, in their order."""

    clock: asyncpg.Record
    timers: tuple[asyncpg.Record, ...]

    @property
    def now(self) -> datetime:
        """Return the time of the clocks in this transaction."""
        instant: datetime = self.clock["now"]
        return instant


async def due(tx: Connection, lease: UUID, clocks: Sequence[tuple[UUID, str]]) -> list[Due]:
    """Lock clocks and return what is due of them; those whose lease was lost are not in it."""
    cases, names = [case for case, _ in clocks], [name for _, name in clocks]
    locked = await tx.fetch(_LOCK, cases, names)
    found: dict[tuple[UUID, str], list[asyncpg.Record]] = {}
    mine = set()
    for timer in await tx.fetch(_DUE, cases, names, lease):
        key = (timer["case_id"], timer["clock"])
        found.setdefault(key, []).append(timer)
        if timer["mine"]:
            mine.add(key)
    return [
        Due(row, tuple(found[key]))
        for row in locked
        if (key := (row["case_id"], row["clock"])) in mine
    ]


_FIRED = """
UPDATE timers SET fired_at = clock_now(), lease = NULL, leased_until = NULL
 WHERE id = ANY($1) AND fired_at IS NULL
"""
_DROPPED = "DELETE FROM timers WHERE id = ANY($1) AND fired_at IS NULL"


async def note(tx: Connection, fired: Sequence[int], dropped: Sequence[int]) -> None:
    """Note which timers have fired, and forget those that have nothing to do any more."""
    if fired:
        await tx.execute(_FIRED, fired)
    if dropped:
        await tx.execute(_DROPPED, dropped)


# `moved` is how far the time of the clocks is from the database's own.
_NEXT = """
SELECT extract(epoch FROM min(t.due_at) - clock_now())::float8 AS seconds,
       clock_now() - now() AS moved
  FROM unnest('{0,1,2}'::smallint[]) AS u(urgency)
  LEFT JOIN LATERAL (
    SELECT due_at FROM timers
     WHERE urgency = u.urgency AND fired_at IS NULL
       AND (leased_until IS NULL OR leased_until <= clock_now()
            OR leased_until > clock_now() + $1::interval)
     ORDER BY due_at LIMIT 1) AS t ON true
"""


@dataclass(frozen=True, slots=True)
class Ahead:
    """Seconds until the next timer is due (None: there is none), and whether time was moved."""

    seconds: float | None
    moved: timedelta


async def ahead(connection: Connection) -> Ahead:
    """Look when the next timer is due."""
    row = await connection.fetchrow(_NEXT, LEASE)
    if row is None:
        raise RuntimeError("an aggregate has a row")
    return Ahead(row["seconds"], row["moved"])
