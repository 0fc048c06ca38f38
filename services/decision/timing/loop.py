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
from services.decision.timing import amends, claims, measures, promising, recording
from services.decision.timing.claims import Claim
from services.decision.timing.doings import Doings
from services.decision.timing.firing import go_through
from services.decision.timing.pace import Pace
from services.decision.timing.rows import Offers
from services.decision.timing.store import CHANNEL, HEARTBEAT
from services.decision.timing.telling import say
from shared import outbox
from shared.errors import describe
from shared.outbox import Pending
from shared.postgres import Connection, is_transient
from shared.publisher import wait
from shared.run import Parts

_log = logging.getLogger(__name__)

AT_ONCE: Final = 500
"""Timers in one transaction."""
_CLAIMED_IN_A_STORM: Final = 4
"""So many transactions to a claim: each passes by all that has fired since the last vacuum."""
_HANDS: Final = 2
"""Batches at a time in a storm: one waits for the database while the other is worked out."""
_AGAIN_AFTER: Final = 1.0
_OTHERS_FIRE: Final = 0.05
"""Seconds to wait where what is due is in another worker's hands at this moment."""
_SAMPLE_EVERY: Final = 15.0
_UNMOVED: Final = timedelta(0)


class _CustomersAreTold(Exception):  # noqa: N818 - no error: the batch begins anew
    """Customers of a batch are told of a delay, and may get something in return."""


@dataclass(frozen=True, slots=True)
class Timers:
    """The loop. `time_may_move`: the time of the clocks may be another than the database's own.

    `offers` says what customers get in return for a delay.
    """

    parts: Parts
    packs: Packs
    pace: Pace
    time_may_move: bool = False
    offers: Offers = amends.nothing
    at_once: int = field(default=AT_ONCE)

    async def run(self, stop: asyncio.Event) -> None:
        """Fire what is due until the stop."""
        measures.expect(self.packs.packs)
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
                if fired >= self.at_once and not self.pace.is_behind():
                    fired += await self._drain(stop)
                    began = time.monotonic()
                pause = self.pace.pause(time.monotonic() - began)
                await wait(stop, pause if fired else _OTHERS_FIRE)

    async def _drain(self, stop: asyncio.Event) -> int:
        """Fire batch after batch with several hands, until one is not full or cases wait."""
        most = self.at_once * _CLAIMED_IN_A_STORM

        async def hand() -> int:
            total = 0
            while not stop.is_set() and not self.pace.is_behind():
                # Given back each time: a new case that waits for a connection has it first.
                async with self.parts.pool.acquire() as connection:
                    fired = await self.fire(connection, most)
                total += fired
                if fired < most:
                    break
            return total

        # All hands are done before an error of one is seen.
        done = await asyncio.gather(*(hand() for _ in range(_HANDS)), return_exceptions=True)
        for each in done:
            if isinstance(each, BaseException):
                raise each
        return sum(each for each in done if isinstance(each, int))

    async def fire(self, connection: Connection, most: int | None = None) -> int:
        """Fire what is due, but no more; says how many timers that were, zero: there are none."""
        claim = await claims.claim(connection, most or self.at_once)
        fired = 0
        for first in range(0, len(claim.clocks), self.at_once):
            part = claim.clocks[first : first + self.at_once]
            fired += await self.do(connection, Claim(claim.lease, part, len(part)))
        return max(fired, claim.timers)

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
        try:
            return await self._commit(connection, lease, clocks)
        except _CustomersAreTold:
            return await self._commit(connection, lease, clocks, tells=True)

    async def _commit(
        self,
        connection: Connection,
        lease: UUID,
        clocks: Sequence[tuple[UUID, str]],
        *,
        tells: bool = False,
    ) -> int:
        """Fire in one transaction; what is given to those who are told is held before the clocks.

        Raises:
            _CustomersAreTold: it has to be held, and was not; nothing has fired.

        """
        parts, doings = self.parts, Doings()
        pending: list[Pending] = []
        async with connection.transaction():
            if tells:
                await amends.hold(connection)
                await promising.hold(connection, [case_id for case_id, _ in clocks])
            found = await claims.due(connection, lease, clocks)
            if not tells and any(due.may_delay for due in found):
                raise _CustomersAreTold
            for due in found:
                go_through(due, doings, self.packs)
            if found:
                now = found[0].now
                await promising.tell(connection, doings.told, now, self.packs)
                await recording.write(connection, doings, now, self.offers)
                sayings = [
                    saying for row, what in doings.happened for saying in say(row, what, now)
                ]
                pending = await outbox.add(
                    connection, parts.source, parts.tracer, sayings, parts.publisher.hold
                )
        measures.count(doings.counts, doings.lapses)
        if pending:
            await parts.publisher.publish_soon(pending)
        return doings.fired


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
