"""Which timers a worker may fire: leased in the database, fenced when they are written.

A timer is leased by one worker at a time, and a lease runs out. Whoever fires locks the clock first
and needs the lease still: a worker that lost it writes nothing. Of one clock, all rungs that are
due fire together, in their order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Final
from uuid import UUID, uuid4

import asyncpg

from services.decision.timing.rows import CALLS, DELAYS, Row
from shared.postgres import Connection

LEASE: Final = timedelta(seconds=15)

# By urgency, then by when they are due. A lease that ends later than any can was given before the
# machine's clock was set back. Rows are taken by their places, which nobody moves while they are
# locked: the planner would else read the whole table in a storm.
_CLAIM = """
UPDATE timers SET lease = $2, leased_until = clock_now() + $3::interval
 WHERE ctid = ANY (ARRAY(
    SELECT t.place
      FROM unnest('{0,1,2}'::smallint[]) AS u(urgency)
     CROSS JOIN LATERAL (
        SELECT ctid AS place FROM timers
         WHERE urgency = u.urgency AND fired_at IS NULL AND due_at <= clock_now()
           AND (leased_until IS NULL OR leased_until <= clock_now()
                OR leased_until > clock_now() + $3::interval)
         ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED) AS t
     LIMIT $1))
RETURNING case_id, clock
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
SELECT c.case_id, c.clock, c.customer_id, c.sequence, c.round, c.pack, c.pack_version, c.kind,
       c.role, c.arrived_at, c.decide_by, c.deadline, c.late_arrival, c.summoned, c.jumps_queue,
       c.draft, c.extended_to, c.cancelled_at, c.withdrawn_at, c.lapsed_at, c.cause_id,
       c.traceparent, c.jurisdiction, c.currency, c.expected_by, c.expected_of, k.assignee, k.queue,
       k.state, clock_now() AS now
  FROM clocks c LEFT JOIN cases k USING (case_id)
 WHERE (c.case_id, c.clock) IN (SELECT * FROM unnest($1::uuid[], $2::text[]))
 ORDER BY c.case_id, c.clock FOR UPDATE OF c
"""
# After the locks, so that it sees what others have fired. Of a clock of which no lease is ours any
# more, nothing is taken.
_FIRE = """
UPDATE timers SET fired_at = clock_now(), lease = NULL, leased_until = NULL
 WHERE fired_at IS NULL AND id = ANY (ARRAY(
    SELECT unnest(t.ids)
      FROM unnest($1::uuid[], $2::text[]) AS d(case_id, clock)
     CROSS JOIN LATERAL (
        SELECT array_agg(id) AS ids, bool_or(lease = $3) AS mine FROM timers
         WHERE case_id = d.case_id AND clock = d.clock
           AND fired_at IS NULL AND due_at <= clock_now()) AS t
     WHERE t.mine))
RETURNING id, case_id, clock, rung, due_at, action, summons, jumps_queue
"""
_PLANS = """
SELECT case_id, clock, plan FROM plans
 WHERE (case_id, clock) IN (SELECT * FROM unnest($1::uuid[], $2::text[]))
"""
_IN_ORDER: Final = itemgetter("due_at", "id")


@dataclass(frozen=True, slots=True)
class Due:
    """A clock that is locked, and its rungs that are due, in their order.

    The row has no `plan` where all that its rungs do is to call people.
    """

    clock: Row
    timers: tuple[Row, ...]
    calls_only: bool

    @property
    def may_delay(self) -> bool:
        """Whether a customer may be told that the answer will be late."""
        return any(timer["action"] is None or timer["action"] in DELAYS for timer in self.timers)

    @property
    def now(self) -> datetime:
        """Return the time of the clocks in this transaction."""
        instant: datetime = self.clock["now"]
        return instant


async def due(tx: Connection, lease: UUID, clocks: Sequence[tuple[UUID, str]]) -> list[Due]:
    """Lock clocks and take what is due of them, as fired; those whose lease was lost are left."""
    cases, names = [case for case, _ in clocks], [name for _, name in clocks]
    locked = await tx.fetch(_LOCK, cases, names)
    taken: dict[tuple[UUID, str], list[asyncpg.Record]] = {}
    for timer in await tx.fetch(_FIRE, cases, names, lease):
        taken.setdefault((timer["case_id"], timer["clock"]), []).append(timer)
    rows: list[tuple[asyncpg.Record, tuple[asyncpg.Record, ...]]] = []
    for row in locked:
        timers = taken.get((row["case_id"], row["clock"]))
        if timers is not None:
            rows.append((row, tuple(sorted(timers, key=_IN_ORDER))))
    plans = await _plans(tx, rows)
    return [
        Due(row, timers, calls_only=True)
        if (plan := plans.get((row["case_id"], row["clock"]))) is None
        else Due({**dict(row), "plan": plan}, timers, calls_only=False)
        for row, timers in rows
    ]


async def _plans(
    tx: Connection, rows: Sequence[tuple[asyncpg.Record, Sequence[asyncpg.Record]]]
) -> dict[tuple[UUID, str], str]:
    """Return the plans of clocks that need them: what a call does is known without."""
    wanted = [
        (row["case_id"], row["clock"])
        for row, timers in rows
        if any(timer["action"] not in CALLS for timer in timers)
    ]
    if not wanted:
        return {}
    cases, names = [case for case, _ in wanted], [name for _, name in wanted]
    found = await tx.fetch(_PLANS, cases, names)
    return {(row["case_id"], row["clock"]): row["plan"] for row in found}


_DROPPED = "DELETE FROM timers WHERE id = ANY($1)"


async def drop(tx: Connection, timers: Sequence[int]) -> None:
    """Forget timers that had nothing to do any more."""
    if timers:
        await tx.execute(_DROPPED, timers)


_POSTPONED = """
UPDATE timers t SET fired_at = NULL, due_at = p.until
  FROM unnest($1::bigint[], $2::timestamptz[]) AS p(id, until) WHERE t.id = p.id
"""


async def postpone(tx: Connection, timers: Sequence[tuple[int, datetime]]) -> None:
    """Let timers fire later."""
    if timers:
        ids, until = [timer for timer, _ in timers], [instant for _, instant in timers]
        await tx.execute(_POSTPONED, ids, until)


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
