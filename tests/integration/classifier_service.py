"""The classifier's hops on a real database, and events to put into them."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

from aiokafka import ConsumerRecord
from opentelemetry.sdk.trace import TracerProvider

from shared.events.base import Money
from shared.events.case import Category, Channel, Contacts, Customer, Facts
from shared.events.catalogue import (
    CaseClassified,
    CaseSubmitted,
    ClassificationCorrected,
    Event,
    Topic,
)
from shared.events.envelope import Envelope
from shared.events.tags import Fault, Flag, Labels, Pressure, Tone
from shared.hop import Hop, Runner
from shared.postgres import Pool
from shared.publisher import Publisher
from shared.settings import KafkaSettings
from tests.integration.broker_records import record_of

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
BEFORE = Labels(tone=Tone.RUDE, pressure=Pressure.NONE, fault=Fault.UNCLEAR, flags=())
AFTER = Labels(
    tone=Tone.UPSET, pressure=Pressure.NONE, fault=Fault.UNCLEAR, flags=(Flag.VULNERABLE,)
)


def runner_of(hop: Hop, pool: Pool) -> Runner:
    """Run a hop on a pool; nothing leaves the outbox."""
    publisher = Publisher(pool, KafkaSettings(), "evenhand-classifier")
    tracer = TracerProvider().get_tracer("test")
    return Runner(
        hop,
        pool=pool,
        publisher=publisher,
        source="evenhand-classifier",
        tracer=tracer,
        stop=asyncio.Event(),
    )


def record(
    topic: Topic, event: Event, identity: UUID | None = None, redrive: int = 0
) -> "ConsumerRecord[bytes, bytes]":
    """Return an event as it comes from the broker."""
    envelope = Envelope(identity or uuid4(), topic, "test", str(event.case_id), NOW, redrive, None)
    return record_of(event, envelope)


def submitted(text: str, case_id: UUID | None = None, name: str | None = None) -> CaseSubmitted:
    """Return a customer's message."""
    return CaseSubmitted(
        case_id=case_id or uuid4(),
        customer_id="C-1029",
        customer=Customer(id="C-1029", name=name, contacts=Contacts(email="anna@example.com")),
        channel=Channel.WEB,
        category=Category.FEE_DISPUTE,
        text=text,
        received_at=NOW,
        accepted_at=NOW,
    )


def corrected(  # noqa: PLR0913 - what a test may want to say
    *,
    case_id: UUID | None = None,
    customer: str = "C-1029",
    text: str = "My name is Anna Nowak. You charged 12 EUR twice.",
    named: Sequence[str] = ("tone", "flags"),
    labels: Labels = AFTER,
    language: str = "en",
    at: datetime = NOW,
    sequence: int = 0,
) -> ClassificationCorrected:
    """Return what a person said of a message."""
    return ClassificationCorrected.model_validate(
        {
            "case_id": case_id or uuid4(),
            "customer_id": customer,
            "sequence": sequence,
            "category": Category.FEE_DISPUTE,
            "text": text,
            "claim": Money.model_validate({"amount": "12", "currency": "EUR"}),
            "facts": Facts(due_at=NOW, rejected_by="jan@example.com", other={"branch": "Elm"}),
            "language": language,
            "before": BEFORE,
            "corrected": labels,
            "named": named,
            "model": "local",
            "corrected_by": "clerk",
            "corrected_at": at,
        }
    )


async def said(pool: Pool) -> list[CaseClassified]:
    """Return what the classifier has said, in order."""
    rows = await pool.fetch("SELECT body FROM outbox ORDER BY position")
    return [CaseClassified.model_validate_json(row["body"]) for row in rows]
