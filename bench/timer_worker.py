"""A process of the decision service as it is deployed, without its HTTP side and its consumer.

Where cases are wanted, batches of classified ones are handed to its hop directly, as fast as it
takes them or at a rate: the broker's part of the work is the same before a storm and during it.
"""

import asyncio
import gc
import math
import multiprocessing
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from typing import TYPE_CHECKING, Final
from uuid import UUID

import uvloop
from aiokafka import ConsumerRecord
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from pydantic import SecretStr

from bench.waiting import until
from services.decision.app import assemble
from services.decision.settings import DecisionSettings
from shared import clock
from shared.events.base import Money
from shared.events.case import Category, Channel, Facts
from shared.events.catalogue import CaseClassified, Topic
from shared.events.envelope import Envelope, event_id
from shared.events.tags import Fault, FaultTag, Pressure, PressureTag, Tags, Tone, ToneTag
from shared.hop import Runner
from shared.ops import Readiness
from shared.postgres import connect
from shared.publisher import Publisher
from shared.run import Parts
from shared.settings import KafkaSettings

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized

_SOURCE: Final = "evenhand-decision"
_BATCH: Final = 500
_CONNECTIONS: Final = 10
_WITHIN: Final = 60.0
_LOOK_EVERY: Final = 0.01
_WAITED: Final = timedelta(minutes=1)
"""Cases of which more always wait are as old as those of a backlog."""
_SECOND: Final = timedelta(seconds=1)
_REFERRED: Final = (0, 2)
"""Of five cases these ask for more than the automatic certificate allows, and wait for people."""


@dataclass(frozen=True, slots=True)
class Where:
    """How a worker reaches the database and the broker."""

    database_url: str
    bootstrap: str
    idempotence: bool


@dataclass(frozen=True, slots=True)
class Worker:
    """A running process, and how many cases its hop has decided or handed to people."""

    process: BaseProcess
    cases: "Synchronized[int]"


@asynccontextmanager
async def running(where: Where, cases: float | None = None) -> AsyncIterator[Worker]:
    """Run a worker; so many cases come in a second (infinite: more always wait; None: no case).

    Raises:
        TimeoutError: it was not ready within a minute.

    """
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Value("q", 0)
    process = context.Process(target=_work, args=(where, ready, done, cases))
    process.start()
    try:
        if not await asyncio.to_thread(ready.wait, _WITHIN):
            raise TimeoutError("a worker did not start")
        yield Worker(process, done)
    finally:
        process.kill()
        await asyncio.to_thread(process.join)


def _work(where: Where, ready: Event, done: "Synchronized[int]", cases: float | None) -> None:
    uvloop.run(_serve(where, ready, done, cases))


async def _serve(
    where: Where, ready: Event, done: "Synchronized[int]", cases: float | None
) -> None:
    pool = await connect(where.database_url, schema="decision", connections=_CONNECTIONS)
    kafka = KafkaSettings(bootstrap=where.bootstrap, idempotence=where.idempotence)
    publisher, stop = Publisher(pool, kafka, _SOURCE), asyncio.Event()
    # As in a service: `shared.run` does it once all is loaded.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    tracer = TracerProvider(sampler=ALWAYS_OFF).get_tracer("bench")

    async def probe() -> Readiness:
        return Readiness(database=True, broker=True)

    parts = Parts("decision", pool, publisher, tracer, _SOURCE, probe, stop)
    settings = DecisionSettings.model_validate({"database_url": SecretStr(where.database_url)})
    service = await assemble(parts, settings)
    tasks = [
        asyncio.create_task(publisher.run(stop)),
        *(asyncio.create_task(run(stop)) for run in service.loops),
    ]
    await until(_connected(publisher), within=_WITHIN, every=_LOOK_EVERY)
    ready.set()
    if cases is not None:
        runner = Runner(
            service.hops[0],
            pool=pool,
            publisher=publisher,
            source=_SOURCE,
            tracer=tracer,
            stop=stop,
        )
        tasks.append(asyncio.create_task(_decide(runner, done, cases)))
    await asyncio.gather(*tasks)


def _connected(publisher: Publisher) -> Callable[[], Awaitable[bool]]:
    async def connected() -> bool:
        return publisher.connected

    return connected


async def _decide(runner: Runner, done: "Synchronized[int]", rate: float) -> None:
    usual, high = (_body(claim).model_dump_json().encode() for claim in (_LITTLE, "450.00"))
    began, number = clock.now(), 0
    while True:
        passed = clock.now() - began
        come = number + _BATCH if math.isinf(rate) else int(passed.total_seconds() * rate)
        batch: list[ConsumerRecord[bytes, bytes]] = []
        while number < come and len(batch) < _BATCH:
            number += 1
            at = clock.now() - _WAITED if math.isinf(rate) else began + number / rate * _SECOND
            batch.append(_record(high if number % 5 in _REFERRED else usual, number, at))
        if not batch:
            await asyncio.sleep(_LOOK_EVERY)
            continue
        await runner(batch)
        done.value += len(batch)


_NUMBER: Final = UUID(int=0xA << 124)
_CUSTOMER: Final = "customer-of-the-bench"
_TEXT: Final = b"what-happened"
_WORDS: Final = 20
_LITTLE: Final = "0.05"
"""EUR: so many are given in a minute that more would be beyond a day's certificate."""


def _record(body: bytes, number: int, at: datetime) -> "ConsumerRecord[bytes, bytes]":
    case_id = str(UUID(int=_NUMBER.int + number))
    customer = f"N-{number:019}"
    identity = event_id(case_id, Topic.CLASSIFIED)
    envelope = Envelope(identity, Topic.CLASSIFIED, _SOURCE, case_id, at)
    # One story told by many customers would raise doubt, so each has words of its own.
    words = " ".join(f"{random.getrandbits(20):05x}" for _ in range(_WORDS))
    value = body.replace(str(_NUMBER).encode(), case_id.encode()).replace(_TEXT, words.encode())
    return ConsumerRecord(
        topic=Topic.CLASSIFIED,
        partition=0,
        offset=number,
        timestamp=0,
        timestamp_type=0,
        key=customer.encode(),
        value=value.replace(_CUSTOMER.encode(), customer.encode()),
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
        headers=envelope.headers(),
    )


def _body(claim: str) -> CaseClassified:
    """Return a late payment, told politely."""
    at = clock.now()
    due = at - timedelta(days=1)
    return CaseClassified(
        case_id=_NUMBER,
        customer_id=_CUSTOMER,
        channel=Channel.WEB,
        category=Category.MISSED_DUE_DATE,
        text=_TEXT.decode(),
        claim=Money(amount=Decimal(claim), currency="EUR"),
        facts=Facts(due_at=due, paid_at=due + timedelta(hours=2)),
        received_at=at,
        language="en",
        jurisdiction="PL",
        tags=Tags(
            tone=ToneTag(value=Tone.COURTEOUS, confidence=0.9),
            pressure=PressureTag(value=Pressure.NONE, confidence=0.9),
            fault=FaultTag(value=Fault.CUSTOMER, confidence=0.9),
            flags=(),
            language="en",
            model="bench",
        ),
    )
