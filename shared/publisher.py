"""Publishes outbox rows: at once after a commit, and by sweeping up what was left.

While the broker is away nothing is published directly; the sweeper drains the backlog in order
first, so that one customer's events do not overtake each other.
"""

import asyncio
import contextlib
import logging
from collections import Counter as Counts
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError
from prometheus_client import Counter, Gauge

from shared import outbox
from shared.errors import describe
from shared.kafka import build_producer
from shared.outbox import Pending
from shared.postgres import Pool, is_transient
from shared.settings import KafkaSettings

_log = logging.getLogger(__name__)

PUBLISHED: Final = Counter(
    "evenhand_events_published", "Events acknowledged by the broker", ["topic"]
)
REFUSED: Final = Counter(
    "evenhand_events_refused", "Events that the broker refuses; tried again every minute", ["topic"]
)
BACKLOG: Final = Gauge("evenhand_outbox_backlog", "Events stored and not yet at the broker")

_SWEEP = 1000
_EVERY = 1.0
_IN_FLIGHT = 32
_PATIENCE = 2.0
_STALL = 5.0


class Publisher:
    """The way out of one service."""

    def __init__(self, pool: Pool, settings: KafkaSettings, source: str) -> None:
        self._pool = pool
        self._settings = settings
        self._source = source
        self._producer: AIOKafkaProducer | None = None
        self._in_flight = asyncio.Semaphore(_IN_FLIGHT)
        self._tasks: set[asyncio.Task[None]] = set()
        self._refused = False  # the broker answered and said no: somebody's row is at fault
        self.behind = True  # until the first sweep has found nothing left over

    @property
    def connected(self) -> bool:
        """Say whether the last word from the broker was good."""
        return self._producer is not None and not self.behind

    @property
    def hold(self) -> timedelta:
        """How long rows written now are kept from the sweeper."""
        return timedelta(0) if self.behind else outbox.LEASE

    async def publish_soon(self, rows: Sequence[Pending]) -> None:
        """Publish in the background; waits a little while too much is under way.

        That wait is the back-pressure of a healthy broker. One that does not take events in time
        counts as away: the rows are left to the sweeper and the caller goes on.
        """
        if self._producer is not None and not self.behind and await self._may_send():
            # Queued here, in the order of the commits; only the wait is in the background.
            futures = await self._send(self._producer, rows)
            work = self._settle_and_release(rows, futures)
        else:
            work = self._leave_to_the_sweeper(rows)
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            # The rows stay pending and are published again: a repeat, never a loss.
            _log.error("outbox rows not settled: %s", describe(error))

    async def _may_send(self) -> bool:
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._in_flight.acquire()
        except TimeoutError as error:
            self._broker_is_away(error)
            return False
        return True

    async def _leave_to_the_sweeper(self, rows: Sequence[Pending]) -> None:
        _end_spans(rows)
        try:
            async with self._pool.acquire() as connection:
                await outbox.give_back(connection, rows)
        except Exception as error:
            if not is_transient(error):
                raise

    async def _send(
        self, producer: AIOKafkaProducer, rows: Sequence[Pending]
    ) -> list["asyncio.Future[object]"]:
        futures: list[asyncio.Future[object]] = []
        try:
            # A broker that stalls (its buffer is full) must not hold up the caller for long.
            async with asyncio.timeout(_STALL):
                for row in rows:
                    futures.append(  # noqa: PERF401 - what was queued counts when a later one fails
                        await producer.send(
                            row.topic,
                            row.body,
                            key=row.key.encode(),
                            headers=row.envelope.headers(),
                        )
                    )
        except (KafkaError, OSError, TimeoutError) as error:
            self._broker_is_away(error)
            self._refused = self._refused or not _is_away(error)
        return futures

    async def _settle_and_release(
        self, rows: Sequence[Pending], futures: Sequence["asyncio.Future[object]"]
    ) -> None:
        try:
            await self._settle(rows, futures)
        except Exception as error:
            # The rows stay pending and are published again: a repeat, never a loss.
            if not is_transient(error):
                raise
            _log.warning("outbox rows not settled: %s", type(error).__name__)
        finally:
            self._in_flight.release()

    async def _settle(
        self, rows: Sequence[Pending], futures: Sequence["asyncio.Future[object]"]
    ) -> bool:
        results = await asyncio.gather(*futures, return_exceptions=True)
        failures = [x for x in results if isinstance(x, BaseException)]
        if failures:
            self._broker_is_away(failures[0])
            self._refused = self._refused or not all(_is_away(error) for error in failures)
        sent = [
            row
            for row, result in zip(rows, results, strict=False)
            if not isinstance(result, BaseException)
        ]
        _end_spans(rows)
        for topic, count in Counts(row.topic for row in sent).items():
            PUBLISHED.labels(topic).inc(count)
        positions = {row.position for row in sent}
        unsent = [row for row in rows if row.position not in positions]
        async with self._pool.acquire() as connection:
            if sent:
                await outbox.mark_sent(connection, sent)
            if unsent:
                await outbox.give_back(connection, unsent)
        return not unsent

    def _broker_is_away(self, error: BaseException) -> None:
        if not self.behind:
            _log.warning("broker does not accept events: %s", type(error).__name__)
        self.behind = True

    async def run(self, stop: asyncio.Event) -> None:
        """Connect, then sweep once a second until `stop` is set."""
        while not stop.is_set():
            try:
                if self._refused:
                    # An idempotent producer is out of step after a refusal; a new one begins anew.
                    await self._disconnect(_PATIENCE)
                if self._producer is None:
                    self._producer = await self._connect()
                await self._sweep(self._producer, stop)
            except (KafkaError, OSError) as error:
                self._broker_is_away(error)
            except Exception as error:
                if not is_transient(error):
                    raise
                _log.warning("database is away: %s", type(error).__name__)
            await self._count_backlog()
            await wait(stop, _EVERY)

    async def _count_backlog(self) -> None:
        try:
            async with self._pool.acquire() as connection:
                BACKLOG.set(await outbox.backlog(connection))
        except Exception as error:
            if not is_transient(error):
                raise

    async def _connect(self) -> AIOKafkaProducer:
        producer = build_producer(self._settings, self._source)
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        return producer

    async def _sweep(self, producer: AIOKafkaProducer, stop: asyncio.Event) -> None:
        while not stop.is_set():
            async with self._pool.acquire() as connection:
                rows = await outbox.take_over(connection, self._source, _SWEEP)
            if not rows:
                self.behind = self._refused = False
                return
            if self._refused:
                await self._one_by_one(producer, rows)
            elif not await self._settle(rows, await self._send(producer, rows)):
                return

    async def _one_by_one(self, producer: AIOKafkaProducer, rows: Sequence[Pending]) -> None:
        """Find the rows that the broker refuses, and postpone them; the others pass."""
        for row in rows:
            try:
                await producer.send_and_wait(
                    row.topic, row.body, key=row.key.encode(), headers=row.envelope.headers()
                )
            except KafkaError as error:
                if _is_away(error):
                    raise
                REFUSED.labels(row.topic).inc()
                _log.error("the broker refuses an event of %s: %s", row.topic, type(error).__name__)
                async with self._pool.acquire() as connection:
                    await outbox.postpone(connection, row)
                continue
            PUBLISHED.labels(row.topic).inc()
            async with self._pool.acquire() as connection:
                await outbox.mark_sent(connection, [row])

    async def _disconnect(self, seconds: float) -> None:
        """Leave the broker, without waiting for one that is away."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with contextlib.suppress(KafkaError, OSError, TimeoutError):
                async with asyncio.timeout(seconds):
                    await producer.stop()

    async def close(self, seconds: float) -> None:
        """Wait so long for what is under way, then leave the broker; the rest stays pending."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        await self._disconnect(seconds)


def _is_away(error: BaseException) -> bool:
    """Say whether an error means that the broker cannot be reached, rather than that it refuses."""
    return isinstance(error, (OSError, TimeoutError, KafkaTimeoutError)) or bool(
        getattr(error, "retriable", False)
    )


def _end_spans(rows: Sequence[Pending]) -> None:
    for row in rows:
        if row.span is not None:
            row.span.end()


async def wait(stop: asyncio.Event, seconds: float) -> None:
    """Sleep, but no longer than until `stop` is set."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
