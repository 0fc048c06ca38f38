"""From the outbox over a real broker into a hop: nothing is lost when either side goes away."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from opentelemetry.sdk.trace import TracerProvider

from deploy.local import broker as brokers
from deploy.local.broker import Broker
from deploy.local.ports import free_port
from shared import outbox
from shared.events.case import Status
from shared.events.catalogue import CaseStatusChanged, Topic
from shared.events.envelope import Envelope, event_id
from shared.hop import Hop, Received, Runner
from shared.kafka import build_broker, subscribe
from shared.outbox import Saying, saying
from shared.postgres import Connection, Pool, connect
from shared.publisher import Publisher
from shared.settings import KafkaSettings

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
TRACER = TracerProvider().get_tracer("test")


class _Database(Protocol):
    def url(self, service: str) -> str: ...


async def _until(condition: Callable[[], Awaitable[bool]], seconds: float = 40) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - another process's state has no event
            await asyncio.sleep(0.05)


@pytest.fixture
async def pool(database: _Database) -> AsyncIterator[Pool]:
    opened = await connect(database.url("decision"), schema="decision", connections=6)
    yield opened
    await opened.close()


def _kafka(broker: Broker) -> KafkaSettings:
    return KafkaSettings(
        bootstrap=broker.bootstrap, idempotence=False, request_timeout=timedelta(seconds=9)
    )


def _said(case: UUID, customer: str = "C-1") -> Saying:
    return saying(
        CaseStatusChanged(
            case_id=case, customer_id=customer, status=Status.RECEIVED, changed_at=NOW
        ),
        event_id=event_id(str(case)),
        topic=Topic.STATUS,
        key=customer,
        subject=str(case),
        said_at=NOW,
    )


async def _say(pool: Pool, publisher: Publisher, cases: Sequence[UUID]) -> None:
    async with pool.acquire() as connection, connection.transaction():
        pending = await outbox.add(
            connection, "test", TRACER, [_said(case) for case in cases], publisher.hold
        )
    await publisher.publish_soon(pending)


class _Running:
    """A publisher with its sweeper, stopped at the end of the test."""

    def __init__(self, publisher: Publisher) -> None:
        self.publisher = publisher
        self.stop = asyncio.Event()
        self.task = asyncio.create_task(publisher.run(self.stop))

    async def close(self) -> None:
        self.stop.set()
        await self.task
        await self.publisher.close(5)


async def _nothing_pending(pool: Pool) -> bool:
    async with pool.acquire() as connection:
        return await outbox.backlog(connection) == 0


async def _read(broker: Broker, wanted: set[UUID]) -> list[tuple[UUID, bytes | None]]:
    """Read the status topic from its beginning until all wanted events were seen."""
    consumer = AIOKafkaConsumer(
        Topic.STATUS, bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest"
    )
    await consumer.start()
    seen: list[tuple[UUID, bytes | None]] = []
    names = {str(identity): identity for identity in wanted}
    try:
        async with asyncio.timeout(80):
            while not wanted <= {identity for identity, _ in seen}:
                record = await consumer.getone()
                identity = dict(record.headers).get("ce_id", b"").decode(errors="replace")
                if identity in names:
                    seen.append((names[identity], record.key))
    finally:
        await consumer.stop()
    return seen


async def test_what_was_committed_before_a_crash_is_published_by_the_sweeper(
    pool: Pool, broker: Broker
) -> None:
    cases = [uuid4() for _ in range(30)]
    crashed = Publisher(pool, _kafka(broker), "test")
    await _say(pool, crashed, cases)  # it never connected: as after a kill between commit and send
    running = _Running(Publisher(pool, _kafka(broker), "test"))
    await _until(lambda: _nothing_pending(pool))
    await running.close()
    events = [event_id(str(case)) for case in cases]
    seen = await _read(broker, set(events))
    assert [identity for identity, _ in seen] == events
    assert {key for _, key in seen} == {b"C-1"}


async def test_events_wait_for_a_broker_that_is_away_and_keep_their_order(
    pool: Pool, tmp_path: Path
) -> None:
    port = free_port()
    first = await brokers.start(port, tmp_path / "first.log")
    await brokers.create_topics(first.bootstrap, {Topic.STATUS: 1})
    running = _Running(Publisher(pool, _kafka(first), "test"))
    await _until(lambda: _is(running.publisher, connected=True))
    await first.kill()
    cases = [uuid4() for _ in range(10)]
    for case in cases:
        await _say(pool, running.publisher, [case])
    await _until(lambda: _is(running.publisher, connected=False))
    assert not await _nothing_pending(pool)
    second = await brokers.start(port, tmp_path / "second.log")
    await brokers.create_topics(second.bootstrap, {Topic.STATUS: 1})
    await _until(lambda: _nothing_pending(pool))
    events = [event_id(str(case)) for case in cases]
    seen = [identity for identity, _ in await _read(second, set(events))]
    await running.close()
    await second.stop()
    assert list(dict.fromkeys(seen)) == events


async def _is(publisher: Publisher, *, connected: bool) -> bool:
    return publisher.connected is connected


async def test_a_malformed_message_does_not_stop_its_partition(pool: Pool, broker: Broker) -> None:
    group = f"test-{uuid4()}"
    handled: list[UUID] = []

    async def handle(_: Connection, batch: Sequence[Received]) -> list[Saying]:
        handled.extend(received.event.case_id for received in batch)
        return []

    settings = _kafka(broker)
    consumers = build_broker(settings, "test", 5)
    runner = Runner(
        Hop(group, (Topic.STATUS,), handle),
        pool=pool,
        publisher=Publisher(pool, settings, "test"),
        source="test",
        tracer=TRACER,
        stop=asyncio.Event(),
    )
    subscribe(consumers, settings, group, [Topic.STATUS], runner)
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap)
    await producer.start()
    last = _said(uuid4())
    envelope = Envelope(last.event_id, Topic.STATUS, "test", last.subject, NOW)
    strange: list[tuple[bytes | None, list[tuple[str, bytes]]]] = [
        (b"no event", []),
        (b"{}", [("x", b"\xff")]),
        (None, envelope.headers()),
    ]
    for body, headers in strange:
        await producer.send_and_wait(Topic.STATUS, body, key=b"C-1", headers=headers)
    await producer.send_and_wait(Topic.STATUS, last.body, key=b"C-1", headers=envelope.headers())
    await producer.stop()
    await consumers.start()

    async def is_through() -> bool:
        return UUID(last.subject) in handled

    await _until(is_through)
    await consumers.stop()
    assert await pool.fetchval("SELECT count(*) FROM dead_letters WHERE consumer = $1", group) == 3


async def test_an_event_that_the_broker_refuses_holds_up_nobody(pool: Pool, broker: Broker) -> None:
    cases = [uuid4() for _ in range(6)]
    sayings = [_said(case) for case in cases]
    sayings[2] = replace(sayings[2], body=b"x" * (5 * 1024 * 1024))
    async with pool.acquire() as connection, connection.transaction():
        await outbox.add(connection, "test", TRACER, sayings, timedelta(0))
    running = _Running(Publisher(pool, _kafka(broker), "test"))

    async def only_it_is_left() -> bool:
        rows = await pool.fetch("SELECT postponed FROM outbox_pending")
        return [row["postponed"] for row in rows] == [True]

    await _until(only_it_is_left)
    later = uuid4()
    async with pool.acquire() as connection, connection.transaction():
        await outbox.add(connection, "test", TRACER, [_said(later)], timedelta(0))
    await _until(only_it_is_left, 20)
    await _until(lambda: _is(running.publisher, connected=True))
    events = [event_id(str(case)) for case in [*cases[:2], *cases[3:], later]]
    seen = [identity for identity, _ in await _read(broker, set(events))]
    await running.close()
    assert list(dict.fromkeys(seen)) == events
