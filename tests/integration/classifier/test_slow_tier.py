"""A tier that reads slowly: the rest of the service does not wait, no transaction is open."""

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

import asyncpg
import httpx
from aiokafka import AIOKafkaProducer

from deploy.local.broker import Broker
from deploy.local.ports import free_port
from services.classifier import app, drift
from services.classifier.tagging import load
from shared.events.catalogue import Topic
from shared.postgres import Pool
from tests.integration.classifier.slow_classifier import held
from tests.integration.classifier_service import record, runner_of, said, submitted
from tests.integration.conftest import Database

ROOT: Final = Path(__file__).parents[3]
EVENTS: Final = 40
"""More than one slice of what a thread tags at a time."""
SESSION: Final = 1.0
"""Seconds after which the broker gives the partitions of a silent consumer to others."""
OPEN: Final = """
SELECT count(*) FROM pg_stat_activity
 WHERE usename = 'evenhand_classifier' AND datname = current_database() AND xact_start < $1
"""


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - another process's state has no event
            await asyncio.sleep(0.02)


def window() -> drift.Window:
    return drift.Window(drift.read(drift.SHIPPED), "shipped")


def test_words_alone_are_tagged_in_the_transaction_and_a_slow_tier_before_it() -> None:
    fast, slow = (app.hops(tagger, None, window())[0] for tagger in (load(), held(str)))
    assert (fast.prepare is None, slow.prepare is None) == (True, False)


async def test_while_a_slow_tier_reads_the_loop_is_free_and_no_transaction_is_open(
    pool: Pool, database: Database
) -> None:
    reading, go_on = threading.Event(), threading.Event()
    let: list[bool] = []

    def wait() -> None:
        reading.set()
        let.append(go_on.wait(5))

    events = [submitted(f"The card was charged twice, {n}.") for n in range(EVENTS)]
    runner = runner_of(app.hops(held(wait), None, window())[0], pool)
    running = asyncio.create_task(runner([record(Topic.SUBMITTED, event) for event in events]))
    assert await asyncio.to_thread(reading.wait, 10)
    admin = await asyncpg.connect(database.admin)
    assert await admin.fetchval(OPEN, await admin.fetchval("SELECT clock_timestamp()")) == 0
    assert not running.done()
    go_on.set()
    await running
    await admin.close()
    assert all(let), "the reader held up whom it waited for"
    assert [answer.text for answer in await said(pool)] == [event.text for event in events]


async def publish(broker: Broker) -> set[str]:
    """Publish messages; return the ids of their cases."""
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap)
    await producer.start()
    cases = set()
    for n in range(EVENTS):
        sent = record(Topic.SUBMITTED, submitted(f"The card was charged twice, {n}."), uuid4())
        await producer.send(
            Topic.SUBMITTED, sent.value, key=str(n).encode(), headers=[*sent.headers]
        )
        cases.add(dict(sent.headers)["ce_subject"].decode())
    await producer.stop()
    return cases


@asynccontextmanager
async def service(database: Database, broker: Broker, port: int, pipe: Path) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.integration.classifier.slow_classifier", str(pipe)),
        cwd=ROOT,
        env={
            "EVENHAND_DATABASE_URL": database.url("classifier"),
            "EVENHAND_KAFKA_BOOTSTRAP": broker.bootstrap,
            "EVENHAND_KAFKA_IDEMPOTENCE": "false",
            "EVENHAND_KAFKA_SESSION_TIMEOUT": f"PT{SESSION}S",
            "EVENHAND_HTTP_PORT": str(port),
            "EVENHAND_OPEN_METRICS": "true",
            "EVENHAND_LOG_LEVEL": "WARNING",
        },
    )
    try:
        yield
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_service_that_reads_slowly_stays_alive_in_its_group_and_answers_each_once(
    database: Database, broker: Broker, pool: Pool, tmp_path: Path
) -> None:
    cases, port, pipe = await publish(broker), free_port(), tmp_path / "pipe"
    os.mkfifo(pipe)
    writing: list[int] = []

    async def is_reading() -> bool:
        try:
            writing.append(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:  # nobody has opened it to read
            return False
        return True

    async def is_answered() -> bool:
        rows = await pool.fetch("SELECT subject FROM outbox")
        return cases <= {row["subject"] for row in rows}

    async with service(database, broker, port, pipe), httpx.AsyncClient() as client:
        address = f"http://127.0.0.1:{port}"
        await until(is_reading)
        began = await pool.fetchval("SELECT clock_timestamp()")
        clock = asyncio.get_running_loop().time
        silent = clock() + 2 * SESSION
        while clock() < silent:
            assert (await client.get(f"{address}/healthz", timeout=SESSION)).is_success
        assert await pool.fetchval(OPEN, began) == 0
        pipe.unlink()
        pipe.touch()  # from here on nothing holds the reader up
        os.close(writing.pop())
        await until(is_answered)
        metrics = (await client.get(f"{address}/metrics")).text
    assert 'outcome="handled"' in metrics
    assert 'outcome="repeated"' not in metrics
    rows = await pool.fetch("SELECT subject FROM outbox")
    assert len(rows) == len({row["subject"] for row in rows})
