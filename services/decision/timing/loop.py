"""The loop that fires timers: woken when one is armed that is due soon, or when the next is due.

Invariant: a rung fires once and none is missed, whatever dies at whatever moment: what a rung does
commits with the note that it fired, and a lease that nobody ended runs out. The loop imports
nothing that decides, and writes to no table of cases.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID

from services.decision.clock.load import Packs
from services.decision.timing import claims, measures, recording
from services.decision.timing.claims import Claim
from services.decision.timing.firing import Doings, go_through
from services.decision.timing.pace import Pace
from services.decision.timing.store import CHANNEL, HEARTBEAT
from shared import outbox
from shared.errors import describe
from shared.outbox import Pending
from shared.postgres import Connection, is_transient
from shared.publisher import wait
from shared.run import Parts

_log = logging.getLogger(__name__)

AT_ONCE: Final = 500
_AGAIN_AFTER: Final = 1.0
_OTHERS_FIRE: Final = 0.05
"""Seconds to wait where what is due is in another worker's hands at this moment."""
_SAMPLE_EVERY: Final = 15.0
_UNMOVED: Final = timedelta(0)


@dataclass(frozen=True, slots=True)
class Timers:
    """The loop. `time_may_move`: the time of the clocks may be another than the database's own."""

    parts: Parts
    packs: Packs
    pace: Pace
    time_may_move: bool = False
    at_once: int = field(default=AT_ONCE)

    async def run(self, stop: asyncio.Event) -> None:
        """Fire what is due until the stop."""
        while not stop.is_set():
            try:
                async with self.parts.pool.acquire() as connection:
                    await self._watch(connection, stop)
            except Exception as error:
                if not is_transient(error):
                    raise
                _log.warning("no timer fires: %s", type(error).__name__)
                await wait(stop, _AGAIN_AFTER)

    async def _watch(self, connection: Connection, stop: asyncio.Event) -> None:
        async with _woken(connection) as wake:
            sampled = float("-inf")
            while not stop.is_set():
                wake.clear()
                if time.monotonic() - sampled >= _SAMPLE_EVERY:
                    await measures.sample(connection)
                    sampled = time.monotonic()
                ahead = await claims.ahead(connection)
                measures.MOVED.set(ahead.moved.total_seconds())
                if ahead.moved != _UNMOVED and not self.time_may_move:
                    _log.error("no timer fires: clock_now() is not the database's own time")
                    await wait(stop, HEARTBEAT.total_seconds())
                    continue
                left = HEARTBEAT.total_seconds() if ahead.seconds is None else ahead.seconds
                if left > 0:
                    await _either(stop, wake, min(left, HEARTBEAT.total_seconds()))
                    continue
                began = time.monotonic()
                fired = await self.fire(connection)
                pause = self.pace.pause(time.monotonic() - began)
                await wait(stop, pause if fired else _OTHERS_FIRE)

    async def fire(self, connection: Connection) -> int:
        """Fire one batch of what is due; says how many timers were in it, zero: there are none."""
        claim = await claims.claim(connection, self.at_once)
        if not claim.clocks:
            return 0
        return max(await self.do(connection, claim), claim.timers)

    async def do(self, connection: Connection, claim: Claim) -> int:
        """Fire what was claimed; a clock that cannot be handled does not stop the others."""
        try:
            return await self._do(connection, claim.lease, claim.clocks)
        except Exception as error:
            if is_transient(error):
                raise
            if len(claim.clocks) == 1:
                measures.FAILED.inc()
                ((case_id, name),) = claim.clocks
                _log.error("timers of %s (%s) do not fire: %s", case_id, name, describe(error))
                return 0
            alone = [Claim(claim.lease, (each,), 1) for each in claim.clocks]
            return sum([await self.do(connection, each) for each in alone])

    async def _do(
        self, connection: Connection, lease: UUID, clocks: Sequence[tuple[UUID, str]]
    ) -> int:
        parts, doings = self.parts, Doings()
        pending: list[Pending] = []
        async with connection.transaction():
            found = await claims.due(connection, lease, clocks)
            for due in found:
                go_through(due, doings, self.packs)
            if found:
                await recording.write(connection, doings, found[0].now)
                pending = await outbox.add(
                    connection, parts.source, parts.tracer, doings.sayings, parts.publisher.hold
                )
        measures.count(doings.counts, doings.lapses)
        if pending:
            await parts.publisher.publish_soon(pending)
        return len(doings.fired)


@contextlib.asynccontextmanager
async def _woken(connection: Connection) -> AsyncIterator[asyncio.Event]:
    """Listen on a connection; the event is set when a timer is due soon, or the connection ends."""
    wake = asyncio.Event()

    def on_notice(*_: object) -> None:
        wake.set()

    await connection.add_listener(CHANNEL, on_notice)
    connection.add_termination_listener(on_notice)
    try:
        yield wake
    finally:
        connection.remove_termination_listener(on_notice)
        if not connection.is_closed():
            with contextlib.suppress(OSError, TimeoutError):
                await connection.remove_listener(CHANNEL, on_notice)


async def _either(stop: asyncio.Event, wake: asyncio.Event, seconds: float) -> None:
    """Sleep until one of the two is set, but no longer than so many seconds."""
    waiting = [asyncio.create_task(stop.wait()), asyncio.create_task(wake.wait())]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
