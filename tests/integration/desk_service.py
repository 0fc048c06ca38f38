"""Runs the review desk for a test: the real application on a real database, keys and all."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID, uuid4

import asyncpg
import httpx
import orjson
from opentelemetry.sdk.trace import TracerProvider
from pydantic import SecretStr

from services.decision import deliberation, log, store
from services.decision.clock import load as packs_of
from services.decision.desk import mount
from services.decision.log import Entry
from services.decision.merits.decide import decide
from services.decision.merits.known import Known
from services.decision.merits.outcome import Decided
from services.decision.policy.loading import load
from services.decision.policy.model import Policy
from services.decision.settings import DecisionSettings
from services.decision.store import Standing
from shared import keys, ops
from shared.events.base import Money
from shared.events.case import Category, Channel, Facts
from shared.events.catalogue import CaseClassified, CaseDecided, CaseReferred, Queue, Topic
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
from shared.postgres import Pool, connect
from shared.publisher import Publisher
from shared.run import Parts
from shared.settings import KafkaSettings

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
POLICY = load(None)
PACKS = packs_of.load()


class Migrated(Protocol):
    @property
    def admin(self) -> str: ...

    def url(self, service: str) -> str: ...


@dataclass(slots=True)
class Running:
    """The desk, and ways to bring cases to it and to look at what came of them."""

    pool: Pool
    policy: Policy
    admin: str
    http: httpx.AsyncClient
    keys: dict[str, str] = field(default_factory=dict)

    async def key(self, name: str, *roles: Role) -> None:
        """Make a key for somebody."""
        connection = await asyncpg.connect(self.admin)
        try:
            self.keys[name] = await keys.create(connection, name, roles)
        finally:
            await connection.close()

    async def get(self, who: str, path: str) -> httpx.Response:
        return await self.http.get(f"/v1/desk{path}", headers=self._headers(who))

    async def post(self, who: str, path: str, **body: object) -> httpx.Response:
        return await self.http.post(f"/v1/desk{path}", headers=self._headers(who), json=body)

    async def act(self, who: str, case_id: UUID, act: str, **body: object) -> httpx.Response:
        """Act on the present version of a case."""
        version = await self.version(case_id)
        return await self.post(who, f"/cases/{case_id}/{act}", **{"version": version, **body})

    async def take(self, who: str, case_id: UUID) -> None:
        taken = await self.act(who, case_id, "take")
        assert taken.status_code == 200, taken.text

    async def version(self, case_id: UUID) -> int:
        return int(
            await self.pool.fetchval("SELECT version FROM cases WHERE case_id = $1", case_id)
        )

    async def row(self, case_id: UUID) -> asyncpg.Record:
        row = await self.pool.fetchrow("SELECT * FROM cases WHERE case_id = $1", case_id)
        assert row is not None
        return row

    async def kinds(self, case_id: UUID) -> list[str]:
        """Return what the log holds of a case, in order."""
        rows = await self.pool.fetch(
            "SELECT kind FROM decision_log WHERE case_id = $1 ORDER BY position", case_id
        )
        return [row["kind"] for row in rows]

    async def decided(self) -> list[CaseDecided]:
        """Return the decisions that the others are told of."""
        rows = await self.pool.fetch(
            "SELECT body FROM outbox WHERE topic = $1 ORDER BY position", Topic.DECIDED
        )
        return [CaseDecided.model_validate_json(row["body"]) for row in rows]

    async def referred(self) -> list[CaseReferred]:
        """Return the referrals that the others are told of."""
        rows = await self.pool.fetch(
            "SELECT body FROM outbox WHERE topic = $1 ORDER BY position", Topic.REFERRED
        )
        return [CaseReferred.model_validate_json(row["body"]) for row in rows]

    async def arrive(
        self,
        case: CaseClassified,
        *,
        queue: Queue = Queue.REVIEW,
        reason: str = "above_the_automatic_certificate",
        due: timedelta = timedelta(days=7),
        told: bool = False,
    ) -> UUID:
        """Bring a case to the desk as the hop does: waiting, or decided and told to a person."""
        if told:
            assert isinstance(decide(case, Known(), self.policy), Decided)
        entry = self._thought(case)
        async with self.pool.acquire() as connection, connection.transaction():
            (position,) = await log.append(connection, [entry])
            row = Standing(
                case.case_id,
                case.customer_id,
                "decided" if told else "referred",
                case.sequence,
                case.received_at,
                waiting=True,
                queue=queue,
                reason=reason,
                referred_at=NOW,
                answer_due_at=NOW + due,
                decided_by="policy" if told else None,
                decided_at=NOW if told else None,
                decided_position=position if told else None,
                thought_position=position,
            )
            await store.store(connection, [row])
        return case.case_id

    async def think_again(self, case: CaseClassified) -> None:
        """Let the policy think of a later message, as the hop does."""
        async with self.pool.acquire() as connection, connection.transaction():
            (position,) = await log.append(connection, [self._thought(case)])
            row = (await store.standing(connection, [case.case_id]))[case.case_id]
            await store.store(connection, [replace(row, thought_position=position)])

    def _thought(self, case: CaseClassified) -> Entry:
        outcome = decide(case, Known(), self.policy)
        return Entry(
            case.case_id,
            "deliberated",
            "policy",
            NOW,
            deliberation.body_of(outcome, Known(), self.policy.hash),
            case.model_dump_json(),
        )

    async def spent(self, who: str) -> Decimal:
        spent = await self.pool.fetchval(
            "SELECT sum(euros) FROM certificate_use WHERE holder = $1", who
        )
        return spent or Decimal(0)

    def _headers(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys.get(who, who)}"}


@contextlib.asynccontextmanager
async def running(database: Migrated, policy: Policy | None = None) -> AsyncIterator[Running]:
    """Run the desk by a policy (default: the shipped one); nothing leaves the outbox."""
    chosen = policy or POLICY
    pool = await connect(database.url("decision"), schema="decision", connections=8)
    publisher = Publisher(pool, KafkaSettings(), "evenhand-decision")

    async def probe() -> ops.Readiness:
        return ops.Readiness(database=True, broker=True)

    parts = Parts(
        "decision",
        pool,
        publisher,
        TracerProvider().get_tracer("test"),
        "evenhand-decision",
        probe,
        asyncio.Event(),
    )
    settings = DecisionSettings.model_validate(
        {"database_url": SecretStr(database.url("decision"))}
    )
    routers = [mount.routes(parts, lambda: chosen, timedelta(hours=8), PACKS)]
    application, served = http.build(settings, probe, parts.tracer, routers)
    application.include_router(mount.documented(parts, application))
    transport = httpx.ASGITransport(app=served)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        desk = Running(pool, chosen, database.admin, client)
        for name, role in _PEOPLE:
            await desk.key(name, role)
        yield desk
    await publisher.close(1)
    await pool.close()


_PEOPLE: list[tuple[str, Role]] = [
    ("clerk", "clerk"),
    ("clerk-2", "clerk"),
    ("senior", "senior"),
    ("head", "head"),
    ("executive", "executive"),
    ("executive-2", "executive"),
    ("auditor", "auditor"),
    ("bank-system", "bank"),
    ("operator", "admin"),
]


def broken_promise(euros: str = "250", **parts: Any) -> CaseClassified:  # noqa: ANN401 - any field
    """Return a case in which the bank's own records show a date that it promised and missed."""
    facts = Facts(promised_by=NOW - timedelta(days=4), delivered_at=NOW - timedelta(days=1))
    return case(
        category=Category.PROMISE_BROKEN,
        claim=Money(amount=Decimal(euros), currency="EUR"),
        facts=facts,
        fault=Fault.COMPANY,
        **parts,
    )


def unauthorised(euros: str) -> CaseClassified:
    """Return a payment that the bank's own records show was not authorised."""
    return case(
        category=Category.FRAUD,
        claim=Money(amount=Decimal(euros), currency="EUR"),
        facts=Facts(authorised=False),
        fault=Fault.THIRD_PARTY,
        flags=(Flag.FRAUD,),
    )


def own_slip(euros: str = "250", **parts: Any) -> CaseClassified:  # noqa: ANN401 - any field
    """Return a payment that came too late by the customer's own fault."""
    facts = Facts(due_at=NOW - timedelta(days=1), paid_at=NOW - timedelta(hours=20))
    return case(
        category=Category.MISSED_DUE_DATE,
        claim=Money(amount=Decimal(euros), currency="EUR"),
        facts=facts,
        fault=Fault.CUSTOMER,
        **parts,
    )


def case(  # noqa: PLR0913 - what cases differ in
    *,
    category: Category,
    claim: Money | None,
    facts: Facts,
    fault: Fault,
    tone: Tone = Tone.COURTEOUS,
    pressure: Pressure = Pressure.NONE,
    flags: tuple[Flag, ...] = (),
    text: str = "…",
    evidence: tuple[Evidence, ...] = (),
    customer: str | None = None,
) -> CaseClassified:
    return CaseClassified(
        case_id=uuid4(),
        customer_id=customer or f"C-{uuid4().hex[:8]}",
        channel=Channel.WEB,
        category=category,
        text=text,
        claim=claim,
        facts=facts,
        received_at=NOW,
        language="en",
        tags=Tags(
            tone=ToneTag(value=tone, confidence=0.9),
            pressure=PressureTag(value=pressure, confidence=0.9),
            fault=FaultTag(value=fault, confidence=0.9),
            flags=tuple(FlagTag(value=flag, confidence=0.9) for flag in flags),
            language="en",
            evidence=evidence,
            model="test",
        ),
    )


def errors_of(response: httpx.Response) -> dict[str, str]:
    """Return what a problem says of each field; checks that it is one."""
    assert response.headers["content-type"] == "application/problem+json"
    problem = orjson.loads(response.content)
    assert problem["status"] == response.status_code
    return {error["field"]: error["detail"] for error in problem.get("errors", ())}
