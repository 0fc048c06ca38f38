"""Sends what is queued: claim, hand over, settle.

Invariant: no network call inside a transaction; what was sent is settled in bulk, together with
the events that tell of it, by the holder of the lease alone. A receiver's yes is written to this
machine's disk at once and to the database some hundredths of a second later: a process that is
killed in between sends nothing twice (journal). Where the disk is lost too, the notice goes again
with the same Message-ID or webhook id, by which receivers tell the repeat (RFC 5321 4.5.4.2,
RFC 1047); an SMS has no such id, and its delivery report settles it if it comes first.

Leases are short and renewed while their notices are in hand: a crash delays what was in hand (at
most 512 e-mails, 64 others) by `HOLD`, however slow the mail server is; a graceful stop by nothing.
"""

import asyncio
import logging
from collections import Counter as Counts
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

from prometheus_client import Counter, Histogram

from services.notifier import claims
from services.notifier.attempts import Said, Sent
from services.notifier.domain import Channel
from services.notifier.journal import Left
from services.notifier.notified import notified
from services.notifier.settling import Closed, Done, Outcome, settle
from services.notifier.tray import Result, Tray
from shared import outbox, telemetry
from shared.postgres import is_transient
from shared.publisher import wait
from shared.run import Parts

_log = logging.getLogger(__name__)

ATTEMPTS: Final = Counter("evenhand_notice_attempts", "Attempts to send", ["channel", "result"])
NOTICES: Final = Counter("evenhand_notices", "Notices by outcome", ["channel", "outcome"])
SECONDS: Final = Histogram(
    "evenhand_notice_seconds",
    "Time from queued to sent",
    ["channel"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600),
)

HOLD: Final = timedelta(seconds=30)
"""How long a notice is leased; renewed while it is in hand."""
_RENEW_EVERY: Final = 10.0
_BEGIN_WITHIN: Final = 15.0
"""Seconds after a claim or renewal within which a notice may be begun."""

_SETTLE_MOST = 256
_LINGER = 0.05
_LOOK_EVERY = 1.0
_PAUSE = 0.5


class Way(Protocol):
    """A channel's side of sending."""

    channel: Channel
    workers: int
    most_in_hand: int

    def closed_for(self) -> float:
        """Return for how many seconds nothing can be sent; zero when it can."""

    async def work(self, tray: Tray) -> None:
        """Take notices, send them and report, until cancelled."""


@dataclass(frozen=True, slots=True)
class Sending:
    """The loop of one channel."""

    way: Way
    tray: Tray
    parts: Parts
    wake: asyncio.Event
    offered: Collection[Channel]
    journals: Path | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop`, then finish what is in hand."""
        await self._settle_what_was_left(stop)
        try:
            await self._send_until(stop)
        finally:
            self.tray.close()

    async def _send_until(self, stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            tasks = [
                *(group.create_task(self.way.work(self.tray)) for _ in range(self.way.workers)),
                group.create_task(self._settle_for_ever()),
                group.create_task(self._renew_for_ever()),
            ]
            ending = group.create_task(stop.wait())
            while not stop.is_set():
                if not await self._claim():
                    await self._until_woken(ending)
            await self.tray.empty()
            for task in tasks:
                task.cancel()

    async def _claim(self) -> bool:
        """Claim what there is room for; says whether there may be more to claim at once."""
        self.wake.clear()
        room = self.way.most_in_hand - self.tray.in_hand
        if room < self.way.most_in_hand // 2 or self.way.closed_for() > 0:
            return False
        begin_by = asyncio.get_running_loop().time() + _BEGIN_WITHIN
        try:
            async with self.parts.pool.acquire() as connection:
                claimed = await claims.claim(connection, self.way.channel, room, HOLD)
        except Exception as error:
            if not is_transient(error):
                raise
            _log.warning("%s: database is away: %s", self.way.channel, type(error).__name__)
            return False
        await self.tray.put(claimed, begin_by)
        return len(claimed) == room

    async def _until_woken(self, ending: "asyncio.Task[bool]") -> None:
        """Wait for new notices, for room, or a second: then retries may be due."""
        waking = asyncio.create_task(self.wake.wait())
        timeout = max(self.way.closed_for(), _LOOK_EVERY)
        await asyncio.wait({waking, ending}, timeout=timeout, return_when="FIRST_COMPLETED")
        waking.cancel()

    async def _settle_for_ever(self) -> None:
        while True:
            results = await self.tray.results(_SETTLE_MOST, _LINGER)
            while True:
                try:
                    await self._settle(results)
                except Exception as error:
                    if not is_transient(error):
                        raise
                    _log.warning("%s: not settled yet: %s", self.way.channel, type(error).__name__)
                    await asyncio.sleep(_PAUSE)
                else:
                    break
            self.tray.settled(results)
            self.wake.set()

    async def _settle(self, results: list[Result]) -> None:
        done = [
            Done(
                result.job.outgoing,
                result.attempt,
                telemetry.context_of(result.job.span) if result.job.span else None,
            )
            for result in results
        ]
        self._count(results, await self._write(done))

    async def _write(self, done: list[Done]) -> Outcome:
        parts = self.parts
        async with parts.pool.acquire() as connection, connection.transaction():
            outcome = await settle(connection, done, self.offered)
            sayings = [
                notified(one.done.outgoing, one.verdict, one.at, one.done.parent)
                for one in outcome.closed
            ]
            pending = await outbox.add(
                connection, parts.source, parts.tracer, sayings, parts.publisher.hold
            )
        if pending:
            await parts.publisher.publish_soon(pending)
        return outcome

    def _count(self, results: list[Result], outcome: Outcome) -> None:
        channel = self.way.channel
        for kind, count in Counts(type(result.attempt) for result in results).items():
            ATTEMPTS.labels(channel, kind.__name__.lower()).inc(count)
        _count_closed(channel, outcome.closed)
        if outcome.disabled:
            _log.error("%d receivers of webhooks are disabled", outcome.disabled)

    async def _renew_for_ever(self) -> None:
        while True:
            await asyncio.sleep(_RENEW_EVERY)
            held = self.tray.held()
            if not held:
                continue
            begin_by = asyncio.get_running_loop().time() + _BEGIN_WITHIN
            try:
                async with self.parts.pool.acquire() as connection:
                    still_held = await claims.renew(connection, held, HOLD)
            except Exception as error:
                if not is_transient(error):
                    raise
                _log.warning("%s: leases not renewed: %s", self.way.channel, type(error).__name__)
            else:
                self.tray.renewed(held, still_held, begin_by)

    async def _settle_what_was_left(self, stop: asyncio.Event) -> None:
        """Settle what a killed process had sent, before anything is claimed."""
        left = Left(self.journals, self.way.channel) if self.journals else None
        entries = left.read() if left else []
        while entries and not stop.is_set():
            try:
                await self._settle_entries(entries)
            except Exception as error:
                if not is_transient(error):
                    raise
                _log.warning("%s: nothing settled yet: %s", self.way.channel, type(error).__name__)
                await wait(stop, _PAUSE)
            else:
                _log.info("%s: settled what a killed process had sent", self.way.channel)
                entries = []
        if left is not None and not entries:
            left.remove()

    async def _settle_entries(self, entries: list[tuple[UUID, UUID, Said | None]]) -> None:
        proofs = {(notice, lease): said for notice, lease, said in entries}
        async with self.parts.pool.acquire() as connection:
            held = await claims.held(connection, list(proofs))
        done = [Done(o, Sent(proofs[o.id, o.lease])) for o in held]
        _count_closed(self.way.channel, (await self._write(done)).closed)


def _count_closed(channel: Channel, closed: list[Closed]) -> None:
    for outcome, count in Counts(one.verdict.outcome for one in closed).items():
        NOTICES.labels(channel, outcome).inc(count)
    seconds = SECONDS.labels(channel)
    for one in closed:
        if one.verdict.outcome == "sent":
            seconds.observe((one.at - one.done.outgoing.queued_at).total_seconds())
