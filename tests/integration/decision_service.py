"""The decision service's hop on a real database, and cases to put into it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Protocol
from uuid import UUID, uuid4

import asyncpg
import orjson
from aiokafka import ConsumerRecord
from hypothesis.vendor.pretty import RepresentationPrinter
from opentelemetry.sdk.trace import TracerProvider

from services.decision.clock.load import load as load_packs
from services.decision.handlers import TOPICS, Deciding
from services.decision.policy.loading import load
from services.decision.policy.model import Policy
from services.decision.recording import Recorder
from shared.events.base import Money
from shared.events.case import Category, Channel, Facts
from shared.events.catalogue import (
    MODELS,
    CaseClassified,
    Event,
    Topic,
    VerificationCompleted,
    VerificationRequested,
)
from shared.events.envelope import Envelope, event_id
from shared.events.tags import (
    Fault,
    FaultTag,
    Flag,
    FlagTag,
    Pressure,
    PressureTag,
    Tags,
    Tone,
    ToneTag,
)
from shared.hop import Hop, Runner
from shared.ops import Readiness
from shared.postgres import Pool
from shared.publisher import Publisher
from shared.run import Parts
from shared.settings import KafkaSettings

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
POLICY = load()
PACKS = load_packs()


class Migrated(Protocol):
    """A database of one test."""

    @property
    def admin(self) -> str: ...

    def url(self, service: str) -> str: ...


def deciding_by(policy: Policy) -> Deciding:
    """Return what decides by this policy."""
    return Deciding(lambda: policy, Recorder(lambda: policy, PACKS))


@dataclass
class Service:
    """The decision service without its broker; what it says stays in its outbox."""

    pool: Pool
    deciding: Deciding = field(default_factory=lambda: deciding_by(POLICY))
    offset: int = 0

    def _repr_pretty_(self, printer: RepresentationPrinter, cycle: bool) -> None:  # noqa: FBT001 - as Hypothesis calls it
        """Let a failing example name its inputs, and not the calendars of all countries."""
        printer.text("(cycle)" if cycle else "service")

    @property
    def parts(self) -> Parts:
        """What a loop of the service is built from."""

        async def probe() -> Readiness:
            return Readiness(database=True, broker=False)

        return Parts(
            "decision",
            self.pool,
            Publisher(self.pool, KafkaSettings(), "test"),
            TracerProvider().get_tracer("test"),
            "evenhand-decision",
            probe,
            asyncio.Event(),
        )

    async def take(self, *events: Event) -> None:
        """Hand these events to the hop, in one batch."""
        parts = self.parts
        runner = Runner(
            Hop("evenhand-decision", TOPICS, self.deciding.handle),
            pool=self.pool,
            publisher=parts.publisher,
            source=parts.source,
            tracer=parts.tracer,
            stop=parts.stop,
        )
        await runner([self._record(event) for event in events])
        parked = await self.pool.fetchval("SELECT min(error) FROM dead_letters")
        assert parked is None, parked

    def _record(self, event: Event) -> "ConsumerRecord[bytes, bytes]":
        self.offset += 1
        topic = next(topic for topic, model in MODELS.items() if type(event) is model)
        name = str(event.sequence) if isinstance(event, CaseClassified) else f"bank {self.offset}"
        envelope = Envelope(
            event_id(str(event.case_id), topic, name), topic, "test", str(event.case_id), NOW
        )
        return ConsumerRecord(
            topic=topic,
            partition=0,
            offset=self.offset,
            timestamp=0,
            timestamp_type=0,
            key=event.customer_id.encode(),
            value=event.model_dump_json().encode(),
            checksum=None,
            serialized_key_size=0,
            serialized_value_size=0,
            headers=envelope.headers(),
        )

    async def said(self, topic: Topic) -> list[Event]:
        """Return the events of a topic, in the order in which they were said."""
        rows = await self.pool.fetch(
            "SELECT body FROM outbox WHERE topic = $1 ORDER BY position", topic
        )
        found = [MODELS[topic].model_validate_json(row["body"]) for row in rows]
        return [event for event in found if isinstance(event, Event)]

    async def told(self) -> list[str]:
        """Return the last words of the topics that were said, in order."""
        rows = await self.pool.fetch("SELECT topic FROM outbox ORDER BY position")
        return [row["topic"].split(".")[2] for row in rows]

    async def case(self, case_id: UUID) -> asyncpg.Record:
        """Return the row of a case."""
        row = await self.pool.fetchrow("SELECT * FROM cases WHERE case_id = $1", case_id)
        assert row is not None
        return row

    async def log(self, case_id: UUID) -> Sequence[tuple[str, dict[str, object]]]:
        """Return the log of a case: kinds and bodies."""
        rows = await self.pool.fetch(
            "SELECT kind, body FROM decision_log WHERE case_id = $1 ORDER BY position", case_id
        )
        return [(row["kind"], orjson.loads(row["body"])) for row in rows]


def classified(  # noqa: PLR0913 - what a case is made of
    case_id: UUID | None = None,
    *,
    customer: str = "C-1",
    sequence: int = 0,
    fault: Fault = Fault.CUSTOMER,
    tone: Tone = Tone.COURTEOUS,
    flags: tuple[Flag, ...] = (),
    category: Category = Category.MISSED_DUE_DATE,
    claim: str | None = "12.50",
    facts: Facts | None = None,
    text: str = "…",
    received_at: datetime = NOW,
) -> CaseClassified:
    """Return a case: a late payment, told politely, where nothing else is said."""
    late = Facts(due_at=received_at - timedelta(hours=4), paid_at=received_at - timedelta(hours=2))
    return CaseClassified(
        case_id=case_id or uuid4(),
        customer_id=customer,
        sequence=sequence,
        channel=Channel.WEB,
        category=category,
        text=text,
        claim=None if claim is None else Money(amount=Decimal(claim), currency="EUR"),
        facts=late if facts is None else facts,
        received_at=received_at,
        language="en",
        tags=Tags(
            tone=ToneTag(value=tone, confidence=0.9),
            pressure=PressureTag(value=Pressure.NONE, confidence=0.9),
            fault=FaultTag(value=fault, confidence=0.9),
            flags=tuple(FlagTag(value=flag, confidence=0.9) for flag in flags),
            language="en",
            model="test",
        ),
    )


def answer_to(
    request: VerificationRequested, answer: str, facts: Facts | None = None, **more: object
) -> VerificationCompleted:
    """Return what the bank's systems say to a request."""
    return VerificationCompleted.model_validate(
        {
            "case_id": request.case_id,
            "customer_id": request.customer_id,
            "verification_id": request.verification_id,
            "answer": answer,
            "evidence": "ledger entry 4711" if answer == "contradicted" else None,
            "facts": facts or Facts(),
            "completed_at": NOW,
            **more,
        }
    )
