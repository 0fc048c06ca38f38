"""What the tests of the decision service share: its parts, cases, and what it wrote."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Protocol, TypeVar
from uuid import UUID, uuid4

import asyncpg
import orjson
from fastapi import APIRouter, FastAPI
from opentelemetry.sdk.trace import TracerProvider
from starlette.types import ASGIApp

from services.decision import deliberation, log, store
from services.decision.clock import load as packs
from services.decision.log import Entry
from services.decision.merits.decide import decide
from services.decision.merits.known import Known
from services.decision.policy import loading
from services.decision.policy.model import Policy
from services.decision.settings import DecisionSettings
from services.decision.store import Standing
from shared import keys
from shared.events.base import Model, Money
from shared.events.case import Category, Channel, Facts
from shared.events.catalogue import CaseClassified, Topic
from shared.events.tags import (
    Evidence,
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
from shared.http import app as http
from shared.keys import Role
from shared.ops import Readiness
from shared.postgres import Pool
from shared.publisher import Publisher
from shared.run import Parts
from shared.settings import KafkaSettings

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
POLICY = loading.load()
PACKS = packs.load()

Told = TypeVar("Told", bound=Model)


class Migrated(Protocol):
    """A database of one test."""

    @property
    def admin(self) -> str: ...

    def url(self, service: str) -> str: ...


async def _probe() -> Readiness:
    return Readiness(database=True, broker=False)


def parts_of(pool: Pool) -> Parts:
    """Return what the service is built from, without a broker: what it says stays in the outbox."""
    return Parts(
        "decision",
        pool,
        Publisher(pool, KafkaSettings(), "test"),
        TracerProvider().get_tracer("test"),
        "evenhand-decision",
        _probe,
        asyncio.Event(),
    )


def served(database: Migrated, routers: Iterable[APIRouter]) -> tuple[FastAPI, ASGIApp]:
    """Build the service's HTTP application; the second of the two is what to serve."""
    settings = DecisionSettings.model_validate({"database_url": database.url("decision")})
    return http.build(settings, _probe, TracerProvider().get_tracer("test"), routers)


async def key_of(admin: str, owner: str, *roles: Role) -> str:
    """Make a key for somebody, at the address for the owner of a database."""
    connection = await asyncpg.connect(admin)
    try:
        return await keys.create(connection, owner, roles)
    finally:
        await connection.close()


async def row_of(pool: Pool, case_id: UUID) -> asyncpg.Record:
    """Return the row of a case."""
    row = await pool.fetchrow("SELECT * FROM cases WHERE case_id = $1", case_id)
    assert row is not None
    return row


async def log_of(pool: Pool, case_id: UUID) -> Sequence[tuple[str, dict[str, object]]]:
    """Return the log of a case: kinds and bodies, in order."""
    rows = await pool.fetch(
        "SELECT kind, body FROM decision_log WHERE case_id = $1 ORDER BY position", case_id
    )
    return [(row["kind"], orjson.loads(row["body"])) for row in rows]


async def told_of(pool: Pool, topic: Topic, model: type[Told]) -> list[Told]:
    """Return what the others are told on a topic, in order."""
    rows = await pool.fetch("SELECT body FROM outbox WHERE topic = $1 ORDER BY position", topic)
    return [model.model_validate_json(row["body"]) for row in rows]


def classified(  # noqa: PLR0913 - what a case is made of
    case_id: UUID | None = None,
    *,
    customer: str = "C-1",
    sequence: int = 0,
    fault: Fault = Fault.CUSTOMER,
    tone: Tone = Tone.COURTEOUS,
    pressure: Pressure = Pressure.NONE,
    flags: tuple[Flag, ...] = (),
    evidence: tuple[Evidence, ...] = (),
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
            pressure=PressureTag(value=pressure, confidence=0.9),
            fault=FaultTag(value=fault, confidence=0.9),
            flags=tuple(FlagTag(value=flag, confidence=0.9) for flag in flags),
            evidence=evidence,
            language="en",
            model="test",
        ),
    )


def thought_of(case: CaseClassified, policy: Policy = POLICY, known: Known | None = None) -> Entry:
    """Return what the log holds of a case that the policy thought of."""
    known = known or Known()
    body = deliberation.body_of(decide(case, known, policy), known, policy.hash)
    return Entry(case.case_id, "deliberated", "policy", NOW, body, case.model_dump_json())


async def answer(
    pool: Pool, case: CaseClassified, thought: Entry, forgiven: Decimal | None = None
) -> int:
    """Store a case as the policy answers it; returns the position of the thought."""
    async with pool.acquire() as connection, connection.transaction():
        (position,) = await log.append(connection, [thought])
        standing = Standing(
            case.case_id,
            case.customer_id,
            "decided",
            case.sequence,
            case.received_at,
            goodwill_eur=forgiven,
            decided_by="policy",
            decided_at=NOW,
            decided_position=position,
            thought_position=position,
        )
        await store.store(connection, [standing])
    return int(position)
