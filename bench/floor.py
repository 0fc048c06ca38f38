"""The floor: the same four durable hops with bare aiokafka and asyncpg, and nothing in them.

The first hop stores cases; each of the others reads up to 500 events. Inbox and outbox are written
in one transaction, the outbox rows published and deleted, the offsets committed. Nothing is
decoded, decided, traced or sent: what the real system loses against it, it spends on its work.
"""

import asyncio
import logging
import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from typing import Final
from uuid import UUID, uuid4

import asyncpg
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from bench import cpu
from bench.figures import Floor
from bench.servers import Servers
from bench.waiting import until
from deploy.local.broker import create_topics
from deploy.local.stack import PARTITIONS
from shared.postgres import Connection

TOPICS: Final = ("floor.submitted", "floor.classified", "floor.decided", "floor.notified")
BATCH: Final = 500

_HOPS: Final = len(TOPICS)
_POLL_MS: Final = 25
_FETCH_WAIT_MS: Final = 250
_REQUEST_TIMEOUT_MS: Final = 15_000
_WITHIN: Final = 300.0
_LOOK_EVERY: Final = 0.005


@dataclass(frozen=True, slots=True)
class Spec:
    """What the hops' processes are told."""

    database_url: str
    bootstrap: str
    idempotence: bool
    sizes: tuple[int, ...]
    """Bytes of one event of each topic, headers included."""


_TABLES = """
CREATE SCHEMA hop{n};
SET search_path TO hop{n};
CREATE TABLE cases (case_id uuid PRIMARY KEY, body bytea NOT NULL);
CREATE TABLE inbox (event_id uuid PRIMARY KEY);
CREATE TABLE outbox (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL, key text NOT NULL, body bytea NOT NULL
);
"""
_RECEIVE = """
INSERT INTO inbox SELECT * FROM unnest($1::uuid[]) ON CONFLICT DO NOTHING RETURNING event_id
"""
_STORE = "INSERT INTO cases SELECT * FROM unnest($1::uuid[], $2::bytea[])"
_SAY = """
INSERT INTO outbox (event_id, key, body)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[]) RETURNING position
"""
_SAID = "DELETE FROM outbox WHERE position = ANY($1)"


async def measure(
    servers: Servers, sizes: Sequence[int], cases: int, *, warm_up: int, processes: int
) -> Floor:
    """Send cases through the four hops and time them, after a warm-up.

    Raises:
        TimeoutError: they did not get through within five minutes.

    """
    await create_topics(servers.broker.bootstrap, dict.fromkeys(TOPICS, PARTITIONS))
    connection = await asyncpg.connect(servers.admin_url)
    for hop in range(_HOPS):
        await connection.execute(_TABLES.format(n=hop))
    await connection.close()
    spec = Spec(servers.admin_url, servers.broker.bootstrap, servers.idempotence, tuple(sizes))
    context = multiprocessing.get_context("spawn")
    wanted, done = context.Value("q", 0), context.Value("q", 0)
    ready = [context.Event() for _ in range(processes)]
    workers = [
        context.Process(
            target=_work, args=(spec, range(n, _HOPS, processes), ready[n], wanted, done)
        )
        for n in range(processes)
    ]
    for worker in workers:
        worker.start()
    try:
        for event in ready:
            await asyncio.to_thread(event.wait, _WITHIN)
        await _send(warm_up, wanted, done)
        roots = {f"hops {n + 1}": worker.pid or 0 for n, worker in enumerate(workers)}
        roots |= {"database": servers.database.pid, "broker": servers.broker.pid}
        before, began = cpu.seconds(roots), time.monotonic()
        await _send(cases, wanted, done)
        took = time.monotonic() - began
        spent = cpu.since(before, cpu.seconds(roots))
        return Floor(cases=cases, seconds=took, processes=processes, cpu=spent)
    finally:
        for worker in workers:
            worker.kill()
            worker.join()


async def _send(cases: int, wanted: "Synchronized[int]", done: "Synchronized[int]") -> None:
    target = done.value + cases

    async def through() -> bool:
        return done.value >= target

    wanted.value += cases
    await until(through, within=_WITHIN, every=_LOOK_EVERY)


def _work(
    spec: Spec,
    hops: Sequence[int],
    ready: Event,
    wanted: "Synchronized[int]",
    done: "Synchronized[int]",
) -> None:
    # A broker that has just started has no coordinator yet; the client asks again by itself.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    uvloop.run(_run(spec, hops, ready, wanted, done))


async def _run(
    spec: Spec,
    hops: Sequence[int],
    ready: Event,
    wanted: "Synchronized[int]",
    done: "Synchronized[int]",
) -> None:
    sides = [await _Side.open(spec, hop) for hop in hops]
    consumers = [await _consumer(spec, hop) if hop else None for hop in hops]
    ready.set()
    async with asyncio.TaskGroup() as group:
        for side, consumer in zip(sides, consumers, strict=True):
            if consumer is None:
                group.create_task(_take_in(side, wanted))
            else:
                group.create_task(_hop(side, consumer, done if side.hop == _HOPS - 1 else None))


async def _consumer(spec: Spec, hop: int) -> AIOKafkaConsumer:
    consumer = AIOKafkaConsumer(
        TOPICS[hop - 1],
        bootstrap_servers=spec.bootstrap,
        group_id=f"hop{hop}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=_FETCH_WAIT_MS,
        max_partition_fetch_bytes=4 * 1024 * 1024,
        request_timeout_ms=_REQUEST_TIMEOUT_MS,
    )
    await consumer.start()
    return consumer


@dataclass(frozen=True, slots=True)
class _Side:
    """The way out of one hop: its tables and its topic."""

    hop: int
    connection: Connection
    producer: AIOKafkaProducer
    body: bytes

    @classmethod
    async def open(cls, spec: Spec, hop: int) -> "_Side":
        producer = AIOKafkaProducer(
            bootstrap_servers=spec.bootstrap,
            acks="all",
            enable_idempotence=spec.idempotence,
            max_batch_size=512 * 1024,
            max_request_size=4 * 1024 * 1024,
            request_timeout_ms=_REQUEST_TIMEOUT_MS,
        )
        await producer.start()
        connection = await asyncpg.connect(
            spec.database_url, server_settings={"search_path": f"hop{hop}"}
        )
        return cls(hop, connection, producer, b"x" * spec.sizes[hop])

    async def handle(self, received: Sequence[UUID], said: Sequence[UUID]) -> None:
        """Commit a batch and publish it; nothing was `received` where cases come in."""
        keys = [str(event) for event in said]
        bodies = [self.body] * len(said)
        async with self.connection.transaction():
            if received:
                await self.connection.fetch(_RECEIVE, received)
            else:
                await self.connection.execute(_STORE, said, bodies)
            rows = await self.connection.fetch(_SAY, said, keys, bodies)
        futures = [
            await self.producer.send(
                TOPICS[self.hop], self.body, key=key.encode(), headers=[("ce_id", event.bytes)]
            )
            for event, key in zip(said, keys, strict=True)
        ]
        await asyncio.gather(*futures)
        await self.connection.execute(_SAID, [row["position"] for row in rows])


async def _take_in(side: _Side, wanted: "Synchronized[int]") -> None:
    taken = 0
    while True:
        due = min(BATCH, wanted.value - taken)
        if due:
            await side.handle([], [uuid4() for _ in range(due)])
            taken += due
        else:
            await asyncio.sleep(_LOOK_EVERY)


async def _hop(side: _Side, consumer: AIOKafkaConsumer, done: "Synchronized[int] | None") -> None:
    while True:
        polled = await consumer.getmany(timeout_ms=_POLL_MS, max_records=BATCH)
        records = [record for part in polled.values() for record in part]
        if not records:
            continue
        received = [UUID(bytes=record.headers[0][1]) for record in records]
        await side.handle(received, [uuid4() for _ in records])
        await consumer.commit()
        if done is not None:
            done.value += len(records)
