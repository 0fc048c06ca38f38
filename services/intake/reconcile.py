"""Finds messages whose journey was lost (a broker without its log) and publishes them again.

An honest backlog is not a loss: a journey counts as lost only when it is old enough and either
younger ones have arrived, or nothing arrives at all. In that second case only a few of the youngest
are tried, as a probe: when they come through, what is older counts as overtaken. Publishing again
is harmless and never given up; the pauses double up to `LONGEST_PAUSE`. A message that the outbox
has forgotten meanwhile is said anew from what was stored of it.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, assert_never

import asyncpg
from opentelemetry.trace import Tracer
from prometheus_client import Counter

from services.intake.resaying import Lost, say_again
from services.intake.settings import IntakeSettings
from shared.postgres import Connection, Pool, is_transient
from shared.publisher import wait

_log = logging.getLogger(__name__)

REDRIVEN: Final = Counter("evenhand_journeys_redriven", "Messages published again")

LONGEST_PAUSE: Final = timedelta(hours=1)
_A_SWEEP = 500
_A_PROBE = 20
_FORGET = 5000


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the read model has come, by the database's clock."""

    now: datetime
    projected_at: datetime
    """When anything was last projected."""
    overtaken_before: datetime | None
    """The youngest acceptance among the journeys that were complete a grace time ago."""


@dataclass(frozen=True, slots=True)
class Overtaken:
    """Journeys accepted before this instant should have arrived: they are lost."""

    before: datetime


@dataclass(frozen=True, slots=True)
class Probe:
    """Nothing arrives at all: the log may be lost; try a few."""


def judge(progress: Progress, after: timedelta) -> Overtaken | Probe | None:
    """Say which of the journeys that are due count as lost; None: none does."""
    if progress.projected_at <= progress.now - after:
        return Probe()
    if progress.overtaken_before is not None:
        return Overtaken(progress.overtaken_before)
    return None


# Of the last thousand arrivals that are old enough, so that neighbours in one batch do not count.
_PROGRESS = """
SELECT now() AS now,
       coalesce((SELECT projected_at FROM progress), now()) AS projected_at,
       (SELECT max(accepted_at) FROM (
            SELECT accepted_at FROM journeys WHERE told_at < now() - $1::interval
             ORDER BY told_at DESC LIMIT 1000) AS arrived) AS overtaken_before
"""

_TAKE_OVERTAKEN = """
SELECT case_id, sequence FROM journeys
 WHERE told_at IS NULL AND next_redrive_at <= now() AND accepted_at < $1
 ORDER BY next_redrive_at LIMIT $2 FOR UPDATE SKIP LOCKED
"""

_TAKE_PROBE = """
SELECT case_id, sequence FROM journeys
 WHERE told_at IS NULL AND next_redrive_at <= now()
 ORDER BY next_redrive_at DESC LIMIT $1 FOR UPDATE SKIP LOCKED
"""

_REDRIVE = """
UPDATE journeys j SET
    redrives = redrives + 1,
    next_redrive_at = now() + least($3::interval * 2 ^ least(redrives + 1, 20), $4::interval)
  FROM unnest($1::uuid[], $2::integer[]) AS lost(case_id, sequence)
 WHERE j.case_id = lost.case_id AND j.sequence = lost.sequence
RETURNING j.case_id, j.sequence, j.submitted_event_id, j.redrives
"""


async def sweep(tx: Connection, after: timedelta, source: str, tracer: Tracer) -> int:
    """Queue what was lost once more, in the caller's transaction; returns how many were queued."""
    row = await tx.fetchrow(_PROGRESS, after / 3)
    if row is None:
        return 0
    verdict = judge(Progress(row["now"], row["projected_at"], row["overtaken_before"]), after)
    lost = await _take(tx, verdict)
    if not lost:
        return 0
    rows = await tx.fetch(
        _REDRIVE,
        [journey["case_id"] for journey in lost],
        [journey["sequence"] for journey in lost],
        after,
        LONGEST_PAUSE,
    )
    again = [
        Lost(row["case_id"], row["sequence"], row["submitted_event_id"], row["redrives"])
        for row in rows
    ]
    queued = await say_again(tx, again, source, tracer)
    if queued < len(again):
        _log.error("%d messages are lost: nothing is stored of them", len(again) - queued)
    return queued


async def _take(tx: Connection, verdict: Overtaken | Probe | None) -> list[asyncpg.Record]:
    match verdict:
        case None:
            return []
        case Overtaken():
            return await tx.fetch(_TAKE_OVERTAKEN, verdict.before, _A_SWEEP)
        case Probe():
            return await tx.fetch(_TAKE_PROBE, _A_PROBE)
        case _:
            assert_never(verdict)


_FORGET_KEYS = """
DELETE FROM idempotency WHERE ctid IN (
    SELECT ctid FROM idempotency WHERE created_at < now() - $1::interval LIMIT $2)
"""


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Sweeps now and then, while the broker is there to publish to."""

    pool: Pool
    settings: IntakeSettings
    source: str
    tracer: Tracer
    broker_is_there: Callable[[], bool]

    async def run(self, stop: asyncio.Event) -> None:
        """Sweep until `stop` is set."""
        while not stop.is_set():
            try:
                await self._sweep()
            except Exception as error:
                if not is_transient(error):
                    raise
                _log.warning("database is away: %s", type(error).__name__)
            await wait(stop, self.settings.reconcile_every.total_seconds())

    async def _sweep(self) -> None:
        async with self.pool.acquire() as connection:
            await connection.execute(_FORGET_KEYS, self.settings.keep_idempotency, _FORGET)
            if not self.broker_is_there():
                return
            async with connection.transaction():
                redriven = await sweep(
                    connection, self.settings.reconcile_after, self.source, self.tracer
                )
        if redriven:
            REDRIVEN.inc(redriven)
            _log.warning("%d messages had not arrived and are published again", redriven)
