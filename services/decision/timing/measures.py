"""The figures of the clock. The one that matters is how many answers a deadline gave: none."""

from collections import Counter as Counts
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from services.decision.clock.model import Pack
from services.decision.timing.doings import Fired, Lapsing
from shared.postgres import Connection

RUNGS: Final = Counter("evenhand_rungs", "Rungs that fired", ["kind", "clock"])
LATENESS: Final = Histogram(
    "evenhand_timer_lateness_seconds",
    "Time from when a rung was due to when it fired",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600, 86400),
)
LAPSES: Final = Counter(
    "evenhand_lapses", "Deadlines that passed without an answer", ["pack", "kind", "effect"]
)
FAILED: Final = Counter("evenhand_timers_failed", "Timers that could not be fired; tried again")
ANSWERED: Final = Histogram(
    "evenhand_decision_seconds",
    "Time from the receipt of a case to its first answer",
    ["queue"],
    buckets=(1, 10, 60, 600, 3600, 14400, 86400, 259200, 604800, 1209600, 2592000, 5184000),
)
NEAR: Final = Gauge(
    "evenhand_cases_near_deadline",
    "Cases without an answer whose deadline is so near",
    ["queue", "within"],
)
PENDING: Final = Gauge("evenhand_timers_pending", "Timers that are to fire (100,000: or more)")
OVERDUE: Final = Gauge(
    "evenhand_timers_overdue_seconds", "How long the oldest timer that is due has waited"
)
MOVED: Final = Gauge(
    "evenhand_clock_moved_seconds", "How far the time of the clocks is from the database's own"
)

_WITHIN: Final = ("overdue", "4h", "1d", "3d")

# An option that closes presses nobody.
_NEAR = """
SELECT coalesce(k.queue, '') AS queue,
       count(*) FILTER (WHERE c.deadline <= clock_now()) AS overdue,
       count(*) FILTER (WHERE c.deadline <= clock_now() + interval '4 hours') AS "4h",
       count(*) FILTER (WHERE c.deadline <= clock_now() + interval '1 day') AS "1d",
       count(*) FILTER (WHERE c.deadline <= clock_now() + interval '3 days') AS "3d"
  FROM (
    SELECT case_id, min(deadline) AS deadline FROM clocks
     WHERE cancelled_at IS NULL AND extended_to IS NULL AND withdrawn_at IS NULL
       AND (kind IN ('statutory', 'promise') OR role = 'answer')
       AND deadline <= clock_now() + interval '3 days'
     GROUP BY case_id) AS c
  JOIN cases k USING (case_id)
 GROUP BY 1
"""
_PENDING = """
SELECT (SELECT count(*) FROM (SELECT FROM timers WHERE fired_at IS NULL LIMIT 100000) p) AS pending,
       coalesce(extract(epoch FROM clock_now() - min(t.due_at)), 0)::float8 AS waited
  FROM unnest('{0,1,2}'::smallint[]) AS u(urgency)
  LEFT JOIN LATERAL (
    SELECT due_at FROM timers WHERE urgency = u.urgency AND fired_at IS NULL
     ORDER BY due_at LIMIT 1) AS t ON true
"""


def expect(packs: Iterable[Pack]) -> None:
    """Publish a zero for the lapses of each pack: the first one shows as an increase."""
    for pack in packs:
        LAPSES.labels(pack.id, pack.kind, pack.lateness.effect)


def count(fired: Iterable[Fired], lapses: Iterable[Lapsing]) -> None:
    """Count what a batch of timers did, once it is committed."""
    rungs: Counts[tuple[str, str]] = Counts()
    for each in fired:
        rungs[each.kind, each.clock] += 1
        LATENESS.observe(each.seconds)
    for names, number in rungs.items():
        RUNGS.labels(*names).inc(number)
    for lapse in lapses:
        clock, effect = lapse.clock, lapse.effect.lateness.effect
        LAPSES.labels(clock.pack, clock.kind, effect).inc()


def answered(queue: str | None, received_at: datetime, decided_at: datetime) -> None:
    """Count a case's first answer; `queue` is where a person saw it."""
    seconds = max((decided_at - received_at).total_seconds(), 0.0)
    ANSWERED.labels(queue or "none").observe(seconds)


async def sample(connection: Connection) -> None:
    """Take the figures that are read off the tables."""
    NEAR.clear()
    for row in await connection.fetch(_NEAR):
        for within in _WITHIN:
            NEAR.labels(row["queue"], within).set(row[within])
    timers = await connection.fetchrow(_PENDING)
    if timers is not None:
        PENDING.set(timers["pending"])
        OVERDUE.set(max(timers["waited"], 0.0))
