"""Sends what is queued: claim, hand over, settle.

Invariant: no network call inside a transaction; what was sent is settled in bulk, together with
the events that tell of it, by the holder of the lease alone. Between a receiver's yes and that
commit lie at most some hundredths of a second; a crash in between sends the notice again with the
same Message-ID or webhook id, by which receivers tell the repeat (RFC 5321 4.5.4.2, RFC 1047).

A crash delays what was in hand (at most 512 e-mails, 64 webhooks) until its leases run out: 10
seconds and three times the channel's time-out, with the defaults 6 minutes for an e-mail and 40
seconds for a webhook. Whatever else is queued is not delayed; a graceful stop delays nothing.
"""

import asyncio
import logging
from collections import Counter as Counts
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from prometheus_client import Counter, Gauge, Histogram

from services.notifier import store
from services.notifier.attempts import Settled, after
from services.notifier.domain import Channel
from services.notifier.tray import Job, Result, Tray
from shared import outbox, telemetry
from shared.events.catalogue import CaseNotified, Topic
from shared.outbox import Saying, saying
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
QUEUED: Final = Gauge("evenhand_notices_queued", "Notices without an outcome", ["channel"])

_SETTLE_MOST = 256
_LINGER = 0.05
_LOOK_EVERY = 1.0
_COUNT_EVERY = 5.0
_PAUSE = 0.5


class Way(Protocol):
    """A channel's side of sending."""

    channel: Channel
    workers: int
    most_in_hand: int
    hold: timedelta
    """How long a notice is leased."""
    start_within: timedelta
    """How long after the claim a notice may be begun, so that it ends before the lease."""

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

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop`, then finish what is in hand."""
        async with asyncio.TaskGroup() as group:
            tasks = [
                *(group.create_task(self.way.work(self.tray)) for _ in range(self.way.workers)),
                group.create_task(self._settle_for_ever()),
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
        start_by = asyncio.get_running_loop().time() + self.way.start_within.total_seconds()
        try:
            async with self.parts.pool.acquire() as connection:
                claimed = await store.claim(connection, self.way.channel, room, self.way.hold)
        except Exception as error:
            if not is_transient(error):
                raise
            _log.warning("%s: database is away: %s", self.way.channel, type(error).__name__)
            return False
        await self.tray.put(claimed, start_by)
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
            self.tray.settled(len(results))
            self.wake.set()

    async def _settle(self, results: list[Result]) -> None:
        verdicts = [
            (result.job.outgoing, after(result.attempt, result.job.outgoing.attempts))
            for result in results
        ]
        parts = self.parts
        async with parts.pool.acquire() as connection, connection.transaction():
            closed = await store.settle(connection, verdicts)
            told = [
                (result.job, verdict, closed[outgoing.id])
                for result, (outgoing, verdict) in zip(results, verdicts, strict=True)
                if isinstance(verdict, Settled) and outgoing.id in closed
            ]
            sayings = [_notified(*one) for one in told]
            pending = await outbox.add(
                connection, parts.source, parts.tracer, sayings, parts.publisher.hold
            )
        self._count(results, told)
        if pending:
            await parts.publisher.publish_soon(pending)

    def _count(self, results: list[Result], told: list[tuple[Job, Settled, datetime]]) -> None:
        channel = self.way.channel
        for kind, count in Counts(type(result.attempt) for result in results).items():
            ATTEMPTS.labels(channel, kind.__name__.lower()).inc(count)
        for outcome, count in Counts(verdict.outcome for _, verdict, _ in told).items():
            NOTICES.labels(channel, outcome).inc(count)
        seconds = SECONDS.labels(channel)
        for job, verdict, closed_at in told:
            if verdict.outcome == "sent":
                seconds.observe((closed_at - job.outgoing.queued_at).total_seconds())


def _notified(job: Job, verdict: Settled, closed_at: datetime) -> Saying:
    outgoing = job.outgoing
    plan = outgoing.plan
    return saying(
        CaseNotified(
            case_id=plan.case_id,
            customer_id=plan.customer_id,
            notice=plan.content.notice,
            sequence=plan.sequence,
            channel=outgoing.channel.value,
            outcome=verdict.outcome,
            message_id=str(outgoing.id),
            language=outgoing.language,
            detail=verdict.detail,
            at=closed_at,
        ),
        event_id=outgoing.id,  # one event tells of it
        topic=Topic.NOTIFIED,
        key=plan.customer_id,
        subject=str(plan.case_id),
        said_at=closed_at,
        cause_id=plan.cause_id,
        parent=telemetry.context_of(job.span) if job.span else None,
        passed=None if job.span else plan.traceparent,
    )


@dataclass(frozen=True, slots=True)
class Waking:
    """Hears, at each commit, that something was queued, and wakes the channels' loops.

    Without it (connection lost, pooler in between) they look once a second.
    """

    parts: Parts
    wakes: tuple[asyncio.Event, ...]

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until `stop`."""
        while not stop.is_set():
            try:
                await self._listen(stop)
            except Exception as error:
                if not is_transient(error):
                    raise
                _log.warning("not listening for new notices: %s", type(error).__name__)
            await wait(stop, _LOOK_EVERY)

    async def _listen(self, stop: asyncio.Event) -> None:
        lost = asyncio.Event()
        async with self.parts.pool.acquire() as connection:

            def wake(*_: object) -> None:
                for event in self.wakes:
                    event.set()

            def end(_: object) -> None:
                lost.set()

            connection.add_termination_listener(end)
            await connection.add_listener(store.WAKE, wake)
            try:
                while not (stop.is_set() or lost.is_set()):
                    for channel in Channel:
                        QUEUED.labels(channel).set(await store.queued(connection, channel))
                    await _first(_COUNT_EVERY, stop.wait(), lost.wait())
            finally:
                connection.remove_termination_listener(end)
                if not connection.is_closed():
                    await connection.remove_listener(store.WAKE, wake)


async def _first(seconds: float, *waits: Coroutine[None, None, bool]) -> None:
    tasks = [asyncio.create_task(one) for one in waits]
    await asyncio.wait(tasks, timeout=seconds, return_when="FIRST_COMPLETED")
    for task in tasks:
        task.cancel()
