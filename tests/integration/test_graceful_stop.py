"""SIGTERM: the batch in hand is finished and committed, the group is left, the next run goes on."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Protocol
from uuid import uuid4

import asyncpg
import httpx
import pytest
from aiokafka import AIOKafkaProducer

from deploy.local.broker import Broker
from deploy.local.ports import free_port
from shared.events.case import Category, Channel
from shared.events.catalogue import CaseClassified, Topic
from shared.events.envelope import Envelope, event_id
from shared.events.tags import (
    Fault,
    FaultTag,
    Pressure,
    PressureTag,
    Tags,
    Tone,
    ToneTag,
)

pytestmark = pytest.mark.chaos
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
EVENTS = 400


class _Database(Protocol):
    def url(self, service: str) -> str: ...


async def _until(condition: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - another process's state has no event
            await asyncio.sleep(0.02)


async def _publish(broker: Broker) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap)
    await producer.start()
    for _ in range(EVENTS):
        case_id = uuid4()
        event = CaseClassified(
            case_id=case_id,
            customer_id=f"G-{case_id}",
            channel=Channel.WEB,
            category=Category.OTHER,
            text="…",
            received_at=NOW,
            language="en",
            tags=Tags(
                tone=ToneTag(value=Tone.COURTEOUS, confidence=0.9),
                pressure=PressureTag(value=Pressure.NONE, confidence=0.9),
                fault=FaultTag(value=Fault.UNCLEAR, confidence=0.9),
                language="en",
                model="test",
            ),
        )
        envelope = Envelope(event_id(str(case_id)), Topic.CLASSIFIED, "test", str(case_id), NOW)
        await producer.send(
            Topic.CLASSIFIED,
            event.model_dump_json().encode(),
            key=event.customer_id.encode(),
            headers=envelope.headers(),
        )
    await producer.stop()


@asynccontextmanager
async def _service(
    database: _Database, broker: Broker, port: int
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "services.decision"),
        env={
            "EVENHAND_DATABASE_URL": database.url("decision"),
            "EVENHAND_KAFKA_BOOTSTRAP": broker.bootstrap,
            "EVENHAND_KAFKA_IDEMPOTENCE": "false",
            "EVENHAND_KAFKA_SESSION_TIMEOUT": "PT3S",
            "EVENHAND_KAFKA_BATCH": "10",
            "EVENHAND_HTTP_PORT": str(port),
            "EVENHAND_OPEN_METRICS": "true",
            "EVENHAND_LOG_LEVEL": "WARNING",
        },
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_stopped_service_has_committed_what_it_handled_and_nothing_is_handled_twice(
    database: _Database, broker: Broker
) -> None:
    connection = await asyncpg.connect(database.url("decision"))

    async def handled() -> int:
        return int(await connection.fetchval("SELECT count(*) FROM decision.inbox"))

    async def some() -> bool:
        return await handled() > 0

    async def all_() -> bool:
        return await handled() == EVENTS

    await _publish(broker)
    async with _service(database, broker, free_port()) as first:
        await _until(some)
        first.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            assert await first.wait() == 0
    before = await handled()
    assert await connection.fetchval("SELECT count(*) FROM decision.cases") == before
    assert before < EVENTS, "the service was stopped too late to show anything"
    port = free_port()
    async with _service(database, broker, port):
        await _until(all_)
        async with httpx.AsyncClient() as client:
            metrics = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
    assert 'outcome="handled"' in metrics
    assert 'outcome="repeated"' not in metrics
    await connection.close()
