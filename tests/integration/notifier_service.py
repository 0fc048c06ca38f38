"""The notifier as it runs, on a real database, with its events handed to it by the test."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol
from uuid import UUID, uuid4

import asyncpg
import httpx
from aiokafka import ConsumerRecord
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import AnyHttpUrl, SecretStr

from services.notifier.app import builder
from services.notifier.domain import Channel as Way
from services.notifier.handlers import hop
from services.notifier.settings import NotifierSettings
from services.notifier.store import WAKE
from shared.events.answer import Basis, Disposition
from shared.events.case import Channel, Contacts, Customer
from shared.events.catalogue import (
    CaseAsked,
    CaseDecided,
    CaseNotified,
    CaseReferred,
    CaseSubmitted,
    Decision,
    Queue,
    Topic,
)
from shared.events.envelope import Envelope, event_id
from shared.hop import Runner
from shared.ops import Readiness
from shared.postgres import Pool, connect
from shared.publisher import Publisher
from shared.run import Parts
from shared.settings import KafkaSettings
from tests.integration.broker_records import record_of

START = datetime(2026, 11, 20, 10, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - the example of the standard
STATUS_SECRET = "0123456789abcdef0123456789abcdef"  # noqa: S105 - of a test
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class HasDatabase(Protocol):
    def url(self, service: str) -> str: ...


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
    """Wait for a condition; fails the test when it does not come true."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - see below
            await asyncio.sleep(0.01)  # a table has no event to wait for


@dataclass(frozen=True)
class Case:
    """A case and the events that tell of it."""

    id: UUID
    customer: Customer

    def submitted(self, sequence: int = 0) -> CaseSubmitted:
        return CaseSubmitted(
            case_id=self.id,
            customer_id=self.customer.id,
            sequence=sequence,
            customer=self.customer,
            channel=Channel.WEB,
            text="Please look at my fee.",
            received_at=START,
            accepted_at=START,
        )

    def decided(self, sequence: int = 0) -> CaseDecided:
        decision = Decision(
            disposition=Disposition.UPHELD,
            basis=Basis.ENTITLEMENT,
            reasons=("wrong_fee",),
            rule="entitlement.wrong_fee",
            policy="test",
        )
        return CaseDecided(
            case_id=self.id,
            customer_id=self.customer.id,
            sequence=sequence,
            decision=decision,
            language="pl",
            decided_at=START,
        )

    def referred(self) -> CaseReferred:
        return CaseReferred(
            case_id=self.id,
            customer_id=self.customer.id,
            queue=Queue.REVIEW,
            priority=50,
            reason="low_confidence",
            language="pl",
            answer_due_at=START + timedelta(days=10),
            referred_at=START,
        )


def case_of(
    email: str | None = None,
    webhook: str | None = None,
    language: str | None = None,
    *,
    phone: str | None = None,
    preferred: Literal["email", "phone"] | None = None,
) -> Case:
    """Make a case of a customer who can be reached in these ways."""
    contacts = Contacts(email=email, webhook=webhook, phone=phone, preferred=preferred)
    return Case(
        uuid4(),
        Customer(id="C-1", name="Anna Nowak", language=language, contacts=contacts),
    )


_TOPICS = {
    CaseSubmitted: (Topic.SUBMITTED, 0),
    CaseReferred: (Topic.REFERRED, 1),
    CaseDecided: (Topic.DECIDED, 2),
    CaseAsked: (Topic.ASKED, 1),
}


def record(
    event: CaseSubmitted | CaseDecided | CaseReferred | CaseAsked, traceparent: str = TRACEPARENT
) -> "ConsumerRecord[bytes, bytes]":
    """Write an event as it comes from the broker; the same event has the same id."""
    topic, seconds = _TOPICS[type(event)]
    again = f"/{event.revision}" if isinstance(event, CaseDecided) and event.revision else ""
    envelope = Envelope(
        event_id(str(event.case_id), topic, f"{event.sequence}{again}"),
        topic,
        "test",
        str(event.case_id),
        START + timedelta(seconds=seconds),
        traceparent=traceparent,
    )
    return record_of(event, envelope)


def settings_of(
    database: HasDatabase, smtp_port: int, *, allow_private: bool, more: Mapping[str, object]
) -> NotifierSettings:
    """Return settings whose mail goes to a port of this machine."""
    settings = NotifierSettings(
        database_url=SecretStr(database.url("notifier")),
        smtp_host="127.0.0.1",
        smtp_port=smtp_port,
        smtp_tls="none",
        smtp_timeout=timedelta(seconds=5),
        mail_from="Evenhand Bank <cases@bank.example>",
        webhook_secret=SecretStr(SECRET),
        webhook_timeout=timedelta(seconds=5),
        webhook_allow_private=allow_private,
        status_url=AnyHttpUrl("http://status.example"),
        status_secret=SecretStr(STATUS_SECRET),
    )
    return NotifierSettings.model_validate({**settings.model_dump(), **more})


@dataclass(frozen=True)
class Notifier:
    """A notifier, its database and what it says."""

    pool: Pool
    parts: Parts
    runner: Runner
    spans: InMemorySpanExporter
    settings: NotifierSettings

    async def consume(
        self, *events: CaseSubmitted | CaseDecided | CaseReferred | CaseAsked
    ) -> None:
        """Hand over events as one batch from the broker."""
        await self.runner([record(event) for event in events])

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[asyncio.Task[None]]:
        """Run the loops; leaving stops them gracefully, cancelling the task kills them."""
        stop = asyncio.Event()
        service = await builder(self.settings)(self.parts)

        async def loops() -> None:
            async with asyncio.TaskGroup() as group:
                for loop in service.loops:
                    group.create_task(loop(stop))

        task = asyncio.create_task(loops())
        try:
            yield task
        finally:
            stop.set()
            await asyncio.wait({task}, timeout=30)
            for close in service.close:
                await close()
        if not task.cancelled():
            task.result()

    @asynccontextmanager
    async def http(self, key: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
        """Call the notifier's HTTP interface with a key."""
        service = await builder(self.settings)(self.parts)
        assert service.http is not None
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        transport = httpx.ASGITransport(app=service.http)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://notifier", headers=headers
        ) as client:
            yield client
        for close in service.close:
            await close()

    async def make_due(self) -> None:
        """Let time pass: everything in the queue is due, every lease has run out."""
        await self.pool.execute("UPDATE queue SET due_at = now(), leased_until = now()")
        await self.pool.execute(f"NOTIFY {WAKE}")

    async def rows(self) -> list[asyncpg.Record]:
        """Return the notices in the order in which they were planned."""
        return await self.pool.fetch("SELECT * FROM notices ORDER BY planned_at, channel")

    async def outcomes(self) -> list[str | None]:
        return [row["outcome"] for row in await self.rows()]

    async def settled(self, count: int) -> None:
        """Wait until so many notices have an outcome."""

        async def are_settled() -> bool:
            return sum(outcome is not None for outcome in await self.outcomes()) >= count

        await until(are_settled)

    async def tried(self, times: int) -> None:
        """Wait until the one queued notice was tried in vain so often."""

        async def was_tried() -> bool:
            row = await self.pool.fetchrow("SELECT attempts, lease FROM queue")
            return row is not None and row["attempts"] >= times and row["lease"] is None

        await until(was_tried)

    async def said(self) -> list[CaseNotified]:
        """Return what the notifier has told the system."""
        rows = await self.pool.fetch("SELECT body FROM outbox ORDER BY position")
        return [CaseNotified.model_validate_json(row["body"]) for row in rows]


@asynccontextmanager
async def notifier(
    database: HasDatabase,
    smtp_port: int,
    *,
    allow_private: bool = True,
    more: Mapping[str, object] | None = None,
) -> AsyncIterator[Notifier]:
    """Make a notifier that is not yet sending; `more` are further settings."""
    pool = await connect(database.url("notifier"), schema="notifier", connections=6)
    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    tracer = provider.get_tracer("test")
    stop = asyncio.Event()
    publisher = Publisher(pool, KafkaSettings(), "test")  # never connected: all stays pending

    async def probe() -> Readiness:
        return Readiness(database=True, broker=False)

    parts = Parts("notifier", pool, publisher, tracer, "test", probe, stop)
    runner = Runner(
        hop(frozenset(Way)),
        pool=pool,
        publisher=publisher,
        source="test",
        tracer=tracer,
        stop=stop,
    )
    settings = settings_of(database, smtp_port, allow_private=allow_private, more=more or {})
    try:
        yield Notifier(pool, parts, runner, spans, settings)
    finally:
        await pool.close()
