"""The decision service's hop on a real database: one answer a case, goodwill counted as given."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Protocol
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest
from aiokafka import ConsumerRecord
from opentelemetry.sdk.trace import TracerProvider

from services.decision import handlers
from services.decision.policy import model
from shared.events.answer import Disposition
from shared.events.base import Money
from shared.events.case import Category, Channel, Facts, Status
from shared.events.catalogue import (
    CaseClassified,
    CaseDecided,
    CaseReferred,
    CaseStatusChanged,
    Queue,
    Topic,
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
from shared.postgres import Pool, connect
from shared.publisher import Publisher
from shared.settings import KafkaSettings

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


class _Database(Protocol):
    def url(self, service: str) -> str: ...


@pytest.fixture
async def pool(database: _Database) -> AsyncIterator[Pool]:
    opened = await connect(database.url("decision"), schema="decision", connections=4)
    yield opened
    await opened.close()


@pytest.fixture
def hop(pool: Pool) -> Runner:
    return Runner(
        Hop("evenhand-decision", (Topic.CLASSIFIED,), handlers.build(model.load())),
        pool=pool,
        publisher=Publisher(pool, KafkaSettings(), "test"),
        source="evenhand-decision",
        tracer=TracerProvider().get_tracer("test"),
        stop=asyncio.Event(),
    )


def _slip(
    case_id: UUID | None = None,
    *,
    customer: str = "C-1",
    sequence: int = 0,
    flags: tuple[Flag, ...] = (),
    received_at: datetime = NOW,
) -> CaseClassified:
    """Return a late payment, told politely."""
    return CaseClassified(
        case_id=case_id or uuid4(),
        customer_id=customer,
        sequence=sequence,
        channel=Channel.WEB,
        category=Category.MISSED_DUE_DATE,
        text="…",
        claim=Money(amount=Decimal("12.50"), currency="EUR"),
        facts=Facts(due_at=received_at, paid_at=received_at + timedelta(hours=2)),
        received_at=received_at,
        language="en",
        tags=Tags(
            tone=ToneTag(value=Tone.COURTEOUS, confidence=0.9),
            pressure=PressureTag(value=Pressure.NONE, confidence=0.9),
            fault=FaultTag(value=Fault.CUSTOMER, confidence=0.9),
            flags=tuple(FlagTag(value=flag, confidence=0.9) for flag in flags),
            language="en",
            model="test",
        ),
    )


def _record(case: CaseClassified) -> "ConsumerRecord[bytes, bytes]":
    identity = event_id(str(case.case_id), "classified", str(case.sequence))
    envelope = Envelope(identity, Topic.CLASSIFIED, "test", str(case.case_id), NOW)
    return ConsumerRecord(
        topic=Topic.CLASSIFIED,
        partition=0,
        offset=0,
        timestamp=0,
        timestamp_type=0,
        key=case.customer_id.encode(),
        value=case.model_dump_json().encode(),
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
        headers=envelope.headers(),
    )


async def _decide(hop: Runner, *cases: CaseClassified) -> None:
    await hop([_record(case) for case in cases])


async def _said(pool: Pool, topic: Topic) -> Sequence[asyncpg.Record]:
    return await pool.fetch("SELECT * FROM outbox WHERE topic = $1 ORDER BY position", topic)


async def _dispositions(pool: Pool) -> list[Disposition]:
    return [
        CaseDecided.model_validate_json(row["body"]).decision.disposition
        for row in await _said(pool, Topic.DECIDED)
    ]


async def test_a_decision_is_stored_with_all_that_explains_it(hop: Runner, pool: Pool) -> None:
    case = _slip()
    await _decide(hop, case)
    (row,) = await pool.fetch("SELECT * FROM cases")
    outcome = orjson.loads(row["outcome"])
    assert row["state"] == "decided"
    assert outcome["decision"]["rule"] == "goodwill.own_slip"
    assert outcome["decision"]["row"] == "own_slip.missed_due_date"
    assert CaseClassified.model_validate_json(row["inputs"]) == case
    assert row["policy"] == model.load().hash
    assert row["goodwill_eur"] == Decimal("12.50")


async def test_the_third_own_slip_of_a_year_is_declined_even_within_one_batch(
    hop: Runner, pool: Pool
) -> None:
    await _decide(hop, *(_slip() for _ in range(3)), _slip(customer="C-2"))
    assert await _dispositions(pool) == [
        Disposition.GOODWILL,
        Disposition.GOODWILL,
        Disposition.DECLINED,
        Disposition.GOODWILL,
    ]


async def test_goodwill_of_an_earlier_batch_counts_and_that_of_another_year_does_not(
    hop: Runner, pool: Pool
) -> None:
    await _decide(hop, _slip(received_at=NOW - timedelta(days=366)), _slip())
    await _decide(hop, _slip())
    await _decide(hop, _slip())
    assert await _dispositions(pool) == [Disposition.GOODWILL] * 3 + [Disposition.DECLINED]


async def test_a_message_after_the_decision_reopens_the_case_and_leaves_the_decision(
    hop: Runner, pool: Pool
) -> None:
    case = _slip()
    await _decide(hop, case)
    before = await pool.fetchrow("SELECT outcome, inputs FROM cases")
    await _decide(hop, _slip(case.case_id, sequence=1))
    (referred,) = await _said(pool, Topic.REFERRED)
    assert CaseReferred.model_validate_json(referred["body"]).reason == "message_after_the_decision"
    statuses = [
        CaseStatusChanged.model_validate_json(row["body"]).status
        for row in await _said(pool, Topic.STATUS)
    ]
    assert statuses == [Status.DECIDED, Status.REOPENED]
    assert await pool.fetchrow("SELECT outcome, inputs FROM cases") == before
    assert len(await _said(pool, Topic.DECIDED)) == 1


async def test_a_message_in_the_batch_of_its_case_leaves_the_decision_as_it_was(
    hop: Runner, pool: Pool
) -> None:
    case = _slip()
    await _decide(hop, case, _slip(case.case_id, sequence=1))
    row = await pool.fetchrow("SELECT * FROM cases")
    assert row is not None
    assert orjson.loads(row["outcome"])["decision"]["disposition"] == "goodwill"
    assert CaseClassified.model_validate_json(row["inputs"]) == case
    assert (row["state"], row["sequence"], row["goodwill_eur"]) == ("decided", 1, Decimal("12.50"))


async def test_no_message_makes_a_case_less_urgent(hop: Runner, pool: Pool) -> None:
    case = _slip(flags=(Flag.SAFETY,))
    await _decide(hop, case)
    await _decide(hop, _slip(case.case_id, sequence=1))
    queues = [
        CaseReferred.model_validate_json(row["body"]).queue
        for row in await _said(pool, Topic.REFERRED)
    ]
    assert queues == [Queue.SAFETY, Queue.SAFETY]


async def test_a_threat_to_life_after_the_decision_goes_to_the_safety_queue(
    hop: Runner, pool: Pool
) -> None:
    case = _slip()
    await _decide(hop, case)
    await _decide(hop, _slip(case.case_id, sequence=1, flags=(Flag.SAFETY,)))
    (row,) = await _said(pool, Topic.REFERRED)
    referral = CaseReferred.model_validate_json(row["body"])
    assert (referral.queue, referral.reason, referral.reopened) == (Queue.SAFETY, "safety", True)


async def test_a_message_that_overtakes_its_case_is_not_decided_alone(
    hop: Runner, pool: Pool
) -> None:
    case = _slip()
    await _decide(hop, _slip(case.case_id, sequence=1))
    await _decide(hop, case)
    assert await _said(pool, Topic.DECIDED) == []
    assert len(await _said(pool, Topic.REFERRED)) == 2


async def test_what_was_counted_before_stands_beside_the_decision(hop: Runner, pool: Pool) -> None:
    await _decide(hop, _slip(), _slip())
    rows = await pool.fetch("SELECT outcome FROM cases")
    counted = sorted(orjson.loads(row["outcome"])["goodwill_before"]["times"] for row in rows)
    assert counted == [0, 1]


async def test_a_message_during_review_stays_with_the_person(hop: Runner, pool: Pool) -> None:
    case = _slip(flags=(Flag.LEGAL,))
    await _decide(hop, case)
    await _decide(hop, _slip(case.case_id, sequence=1))
    assert len(await _said(pool, Topic.REFERRED)) == 2
    assert len(await _said(pool, Topic.STATUS)) == 1
    assert await _said(pool, Topic.DECIDED) == []


async def test_a_vulnerable_customer_is_answered_and_a_specialist_is_told(
    hop: Runner, pool: Pool
) -> None:
    await _decide(hop, _slip(flags=(Flag.VULNERABLE,)))
    assert await _dispositions(pool) == [Disposition.GOODWILL]
    (row,) = await _said(pool, Topic.REFERRED)
    referral = CaseReferred.model_validate_json(row["body"])
    assert referral.answered
    assert referral.queue is Queue.SPECIALIST


async def test_a_case_that_waits_for_a_person_has_a_day_for_its_answer(
    hop: Runner, pool: Pool
) -> None:
    await _decide(hop, _slip(flags=(Flag.LEGAL,)))
    (row,) = await _said(pool, Topic.REFERRED)
    due = CaseReferred.model_validate_json(row["body"]).answer_due_at
    assert due == NOW + timedelta(days=7)
