"""The hop: the one pattern that every consumer is made of.

consume a batch → decode → handle it in one transaction with inbox and outbox → publish → commit
offsets. A crash anywhere repeats a prefix; the inbox makes the repeat a no-op. A message that
cannot be handled is parked inside the transaction and never stops its neighbours; trouble of the
database is retried and never parks anything. Nothing else in the project reads Kafka.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Protocol
from uuid import UUID

from aiokafka import ConsumerRecord
from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN, Span, Status, StatusCode, Tracer, use_span
from prometheus_client import Counter, Histogram
from pydantic import ValidationError

from shared import dead_letters, outbox, telemetry
from shared.errors import Retryable, describe
from shared.events.catalogue import MODELS, Event, Topic
from shared.events.envelope import Envelope, Malformed, event_id
from shared.outbox import Pending, Saying
from shared.postgres import Connection, Pool, is_transient
from shared.publisher import Publisher, wait

_log = logging.getLogger(__name__)

HANDLED: Final = Counter("evenhand_events_handled", "Events by outcome", ["consumer", "outcome"])
RETRIED: Final = Counter("evenhand_batches_retried", "Batches tried again", ["consumer"])
BATCH_SECONDS: Final = Histogram(
    "evenhand_batch_seconds", "Time from a batch's arrival to its commit", ["consumer"]
)

_ATTEMPTS_ALONE = 3
# A batch full of poison must be through before the group thinks that we are dead.
_PATIENT_WITH = 3
_ATTEMPTS_OF_A_BATCH = 8
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 10.0


@dataclass(frozen=True, slots=True)
class Received:
    """One event in a consumer's hands."""

    event: Event
    envelope: Envelope
    record: "ConsumerRecord[bytes, bytes]"
    span: Span
    context: Context
    passed: str | None = None
    """The header to send on where nobody records the trace; `span` and `context` are empty then."""

    @property
    def traceparent(self) -> str:
        """The header that makes others children of this step."""
        return self.passed or telemetry.traceparent_of(self.span)

    def say(self, topic: Topic, event: Event, name: str = "") -> Saying:
        """Answer with an event of the same case; the same cause and name repeat the same id."""
        return outbox.saying(
            event,
            event_id=event_id(str(self.envelope.id), topic, name),
            topic=topic,
            key=event.customer_id,
            subject=str(event.case_id),
            said_at=self.envelope.time,
            cause_id=self.envelope.id,
            redrive=self.envelope.redrive,
            parent=self.context,
            passed=self.passed,
        )


class Handler(Protocol):
    """What a service does with a batch, inside the hop's transaction.

    Loads, calls pure functions, stores with bulk statements, and returns the events to say. It
    sees each event once, may be called again after a rollback, and does no other input or output.
    """

    async def __call__(self, tx: Connection, batch: Sequence[Received], /) -> Sequence[Saying]: ...


class Prepare(Protocol):
    """What a service does with a batch before the transaction: all that waits for somebody else.

    Returns the handler for exactly these events or some of them. It stores nothing, is called once
    for a batch unless it fails, and also sees events that turn out to be repeated.
    """

    async def __call__(self, batch: Sequence[Received], /) -> Handler: ...


@dataclass(frozen=True, slots=True)
class Hop:
    """A consumer group, the topics it reads, and what it does with them.

    With `prepare`, what that returns handles a batch, and `handle` is not called.
    """

    consumer: str
    topics: tuple[Topic, ...]
    handle: Handler
    prepare: Prepare | None = None


_SEEN = """
INSERT INTO inbox AS i (event_id, redrive)
SELECT e.event_id, e.redrive FROM unnest($1::uuid[], $2::integer[]) AS e(event_id, redrive)
ON CONFLICT (event_id) DO UPDATE SET redrive = excluded.redrive
  WHERE i.redrive < excluded.redrive
RETURNING i.event_id, (xmax = 0) AS fresh
"""
_NO_CONTEXT: Final = Context()


class Runner:
    """Runs one hop on the batches that arrive."""

    def __init__(  # noqa: PLR0913 - the parts a hop is made of
        self,
        hop: Hop,
        *,
        pool: Pool,
        publisher: Publisher,
        source: str,
        tracer: Tracer,
        stop: asyncio.Event,
    ) -> None:
        self._hop = hop
        self._pool = pool
        self._publisher = publisher
        self._source = source
        self._tracer = tracer
        self._stop = stop
        self._parked = 0

    async def __call__(self, records: Sequence["ConsumerRecord[bytes, bytes]"]) -> None:
        """Handle one batch to its commit.

        Raises:
            Retryable: the batch must be read again: the database stayed away, or parking failed.

        """
        self._parked = 0
        try:
            await self._run(records)
        except Retryable:
            raise
        except Exception as error:
            # Not even parking worked. Read it again, but neither at once nor in silence.
            _log.error("%s: a batch cannot be handled: %s", self._hop.consumer, describe(error))
            await wait(self._stop, _LONGEST_PAUSE)
            raise Retryable(f"{self._hop.consumer}: {describe(error)}") from error

    async def _run(self, records: Sequence["ConsumerRecord[bytes, bytes]"]) -> None:
        with BATCH_SECONDS.labels(self._hop.consumer).time():
            batch: list[Received] = []
            for record in records:
                try:
                    batch.append(self._decode(record))
                except Malformed as error:
                    await self._persist(partial(self._park, record, str(error), 1))
            span = telemetry.start_batch(
                self._tracer, self._hop.consumer, [received.span for received in batch]
            )
            with use_span(
                span, end_on_exit=True, record_exception=False, set_status_on_exception=False
            ):
                try:
                    await self._handle(_without_repeats(batch))
                finally:
                    for received in batch:
                        received.span.end()

    def _decode(self, record: "ConsumerRecord[bytes, bytes]") -> Received:
        envelope = Envelope.parse(record.headers)
        try:
            topic = Topic(envelope.type)
        except ValueError as error:
            raise Malformed(f"ce_type: {envelope.type[:100]!r} is not known") from error
        if topic not in self._hop.topics:
            raise Malformed(f"ce_type: {topic} does not belong on {record.topic}")
        try:
            event = MODELS[topic].model_validate_json(record.value or b"")
        except ValidationError as error:
            raise Malformed(_explain(error)) from error
        if not isinstance(event, Event):
            raise Malformed(f"ce_type: {topic} is not an event of a case")
        if telemetry.is_unrecorded(envelope.traceparent):
            return Received(
                event, envelope, record, INVALID_SPAN, _NO_CONTEXT, envelope.traceparent
            )
        span = telemetry.start_process(
            self._tracer,
            topic,
            str(event.case_id),
            telemetry.remote_context(envelope.traceparent, envelope.tracestate),
            {
                "messaging.consumer.group.name": self._hop.consumer,
                "messaging.destination.partition.id": str(record.partition),
                "messaging.kafka.offset": record.offset,
            },
        )
        return Received(event, envelope, record, span, telemetry.context_of(span))

    async def _handle(self, batch: Sequence[Received], prepared: Handler | None = None) -> None:
        """Commit the batch; where it cannot be committed whole, by halves down to the one."""
        if not batch:
            return
        try:
            prepared = handle = prepared or await self._prepare(batch)
            await self._persist(lambda: self._commit(batch, handle))
        except Retryable:
            raise
        except Exception as error:  # noqa: BLE001 - any error of a handler parks its message
            if len(batch) > 1:
                _log.warning(
                    "%s: a batch of %d failed with %s and is split",
                    self._hop.consumer,
                    len(batch),
                    type(error).__name__,
                )
                middle = len(batch) // 2
                await self._handle(batch[:middle], prepared)
                await self._handle(batch[middle:], prepared)
            else:
                await self._handle_alone(batch[0], error, prepared)

    async def _prepare(self, batch: Sequence[Received]) -> Handler:
        return self._hop.handle if self._hop.prepare is None else await self._hop.prepare(batch)

    async def _handle_alone(
        self, received: Received, error: Exception, prepared: Handler | None
    ) -> None:
        for attempt in range(2, _ATTEMPTS_ALONE + 1):
            if self._parked < _PATIENT_WITH:
                await wait(self._stop, _pause(attempt))
            try:
                prepared = handle = prepared or await self._prepare([received])
                await self._persist(partial(self._commit, [received], handle))
            except Retryable:
                raise
            except Exception as again:  # noqa: BLE001 - the last error is the one that is told
                error = again
            else:
                return
        self._parked += 1
        name = type(error).__name__
        # Not record_exception: message and stack trace of an error may hold personal data.
        received.span.add_event("exception", {"exception.type": name})
        received.span.set_status(Status(StatusCode.ERROR, name))
        await self._persist(
            lambda: self._park(received.record, describe(error), _ATTEMPTS_ALONE, received)
        )

    async def _commit(self, batch: Sequence[Received], handle: Handler) -> list[Pending]:
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(
                _SEEN,
                [r.envelope.id for r in batch],
                [r.envelope.redrive for r in batch],
            )
            fresh = {row["event_id"] for row in rows if row["fresh"]}
            redriven = {row["event_id"] for row in rows if not row["fresh"]}
            again = [
                (r.envelope.id, r.envelope.redrive) for r in batch if r.envelope.id in redriven
            ]
            if again:
                await outbox.say_again(connection, again)
            new = [r for r in batch if r.envelope.id in fresh]
            sayings = await handle(connection, new) if new else ()
            pending = await outbox.add(
                connection, self._source, self._tracer, sayings, self._publisher.hold
            )
        self._count("handled", len(new))
        self._count("repeated", len(batch) - len(new))
        return pending

    async def _park(
        self,
        record: "ConsumerRecord[bytes, bytes]",
        error: str,
        attempts: int,
        received: Received | None = None,
    ) -> list[Pending]:
        letter = dead_letters.letter_of(record, self._hop.consumer, error, attempts)
        async with self._pool.acquire() as connection, connection.transaction():
            said = await dead_letters.park(connection, letter)
            if said is None:
                return []
            if received is not None:
                said = replace(said, parent=received.context, passed=received.passed)
            pending = await outbox.add(
                connection, self._source, self._tracer, [said], self._publisher.hold
            )
        self._count("parked", 1)
        _log.error("%s: a message of %s was parked: %s", self._hop.consumer, record.topic, error)
        return pending

    async def _persist(self, commit: Callable[[], Awaitable[list[Pending]]]) -> None:
        """Run a transaction until it commits, then publish; bounded, and given up on a stop."""
        for attempt in range(1, _ATTEMPTS_OF_A_BATCH + 1):
            try:
                pending = await commit()
            except Exception as error:
                if not is_transient(error):
                    raise
                RETRIED.labels(self._hop.consumer).inc()
                _log.warning(
                    "%s: attempt %d: %s", self._hop.consumer, attempt, type(error).__name__
                )
                await wait(self._stop, _pause(attempt))
                if self._stop.is_set():
                    break
            else:
                if pending:
                    await self._publisher.publish_soon(pending)
                return
        raise Retryable(f"{self._hop.consumer}: the database stayed away; the batch is read again")

    def _count(self, outcome: str, events: int) -> None:
        if events:
            HANDLED.labels(self._hop.consumer, outcome).inc(events)


def _without_repeats(batch: Sequence[Received]) -> list[Received]:
    """Keep one of each event id, the most redriven: one statement cannot insert a row twice."""
    latest: dict[UUID, Received] = {}
    for received in batch:
        held = latest.get(received.envelope.id)
        if held is None or held.envelope.redrive < received.envelope.redrive:
            latest[received.envelope.id] = received
    return list(latest.values())


def _explain(error: ValidationError) -> str:
    """Name the fields that are wrong, never their values (personal data)."""
    return "; ".join(
        f"{'.'.join(str(part) for part in item['loc']) or 'body'}: {item['type']}"
        for item in error.errors(include_input=False, include_url=False, include_context=False)[:5]
    )


def _pause(attempt: int) -> float:
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0**attempt)
    return random.uniform(longest / 2, longest)  # noqa: S311 - jitter, not a secret
