"""Runs the review desk for a test: the real application on a real database, keys and all."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import orjson

from services.decision import log, store
from services.decision.desk import mount
from services.decision.merits.decide import decide
from services.decision.merits.known import Known
from services.decision.merits.outcome import Decided
from services.decision.policy.model import Policy
from services.decision.store import Standing
from shared import keys
from shared.events.case import Category, Facts
from shared.events.catalogue import CaseClassified, CaseDecided, CaseReferred, Queue, Topic
from shared.events.tags import Fault, Flag
from shared.keys import Role
from shared.postgres import Pool, connect
from tests.integration.decision_parts import (
    NOW,
    PACKS,
    POLICY,
    Migrated,
    classified,
    key_of,
    log_of,
    parts_of,
    row_of,
    served,
    thought_of,
    told_of,
)


@dataclass(slots=True)
class Running:
    """The desk, and ways to bring cases to it and to look at what came of them."""

    pool: Pool
    policy: Policy
    admin: str
    http: httpx.AsyncClient
    keys: dict[str, str]

    async def key(self, name: str, *roles: Role) -> None:
        """Make a key for somebody."""
        self.keys[name] = await key_of(self.admin, name, *roles)

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

    async def hold(self, who: str, case: CaseClassified) -> UUID:
        """Bring a case to the desk, where somebody takes it at once."""
        case_id = await self.arrive(case)
        await self.take(who, case_id)
        return case_id

    async def version(self, case_id: UUID) -> int:
        return int(
            await self.pool.fetchval("SELECT version FROM cases WHERE case_id = $1", case_id)
        )

    async def row(self, case_id: UUID) -> asyncpg.Record:
        return await row_of(self.pool, case_id)

    async def kinds(self, case_id: UUID) -> list[str]:
        """Return what the log holds of a case, in order."""
        return [kind for kind, _ in await log_of(self.pool, case_id)]

    async def decided(self) -> list[CaseDecided]:
        """Return the decisions that the others are told of."""
        return await told_of(self.pool, Topic.DECIDED, CaseDecided)

    async def referred(self) -> list[CaseReferred]:
        """Return the referrals that the others are told of."""
        return await told_of(self.pool, Topic.REFERRED, CaseReferred)

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
        entry = thought_of(case, self.policy)
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
            (position,) = await log.append(connection, [thought_of(case, self.policy)])
            row = (await store.standing(connection, [case.case_id]))[case.case_id]
            await store.store(connection, [replace(row, thought_position=position)])

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
    parts = parts_of(pool)
    routers = [mount.routes(parts, lambda: chosen, timedelta(hours=8), PACKS)]
    application, observed = served(database, routers)
    application.include_router(mount.documented(parts, application))
    transport = httpx.ASGITransport(app=observed)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        yield Running(pool, chosen, database.admin, client, await _keys(database.admin))
    await parts.publisher.close(1)
    await pool.close()


async def _keys(admin: str) -> dict[str, str]:
    """Make everybody's keys, on one connection: each test waits for them."""
    connection = await asyncpg.connect(admin)
    made = {name: await keys.create(connection, name, [role]) for name, role in _PEOPLE}
    await connection.close()
    return made


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


def broken_promise(
    euros: str = "250",
    customer: str | None = None,
    **more: Any,  # noqa: ANN401 - any field
) -> CaseClassified:
    """Return a case in which the bank's own records show a date that it promised and missed."""
    return classified(
        customer=customer or _somebody(),
        category=Category.PROMISE_BROKEN,
        claim=euros,
        facts=Facts(promised_by=NOW - timedelta(days=4), delivered_at=NOW - timedelta(days=1)),
        fault=Fault.COMPANY,
        **more,
    )


def unauthorised(euros: str) -> CaseClassified:
    """Return a payment that the bank's own records show was not authorised."""
    return classified(
        customer=_somebody(),
        category=Category.FRAUD,
        claim=euros,
        facts=Facts(authorised=False),
        fault=Fault.THIRD_PARTY,
        flags=(Flag.FRAUD,),
    )


def own_slip(
    euros: str = "250",
    customer: str | None = None,
    **more: Any,  # noqa: ANN401 - any field
) -> CaseClassified:
    """Return a payment that came too late by the customer's own fault."""
    return classified(
        customer=customer or _somebody(),
        claim=euros,
        facts=Facts(due_at=NOW - timedelta(days=1), paid_at=NOW - timedelta(hours=20)),
        **more,
    )


def _somebody() -> str:
    return f"C-{uuid4().hex[:8]}"


def errors_of(response: httpx.Response) -> dict[str, str]:
    """Return what a problem says of each field; checks that it is one."""
    assert response.headers["content-type"] == "application/problem+json"
    problem = orjson.loads(response.content)
    assert problem["status"] == response.status_code
    return {error["field"]: error["detail"] for error in problem.get("errors", ())}
