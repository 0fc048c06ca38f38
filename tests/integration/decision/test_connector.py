"""The bank is asked over HTTP, and answers at once, later or never; each way enters as an event."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deploy.local.bank import running as sandbox
from deploy.local.web import serve
from services.decision import answering
from services.decision.connector import Connector, pause_after
from services.decision.handlers import Deciding
from services.decision.recording import Recorder
from shared.events.case import Facts
from shared.events.catalogue import Topic, VerificationCompleted
from shared.events.tags import Fault
from shared.http import app as http
from shared.keys import ApiKeys, DeskRole
from shared.postgres import Pool
from shared.settings import ServiceSettings
from tests.integration.decision_parts import PACKS, POLICY, Migrated, classified, key_of
from tests.integration.decision_service import Service

_PATIENCE = timedelta(seconds=2)


@pytest.fixture
def service(pool: Pool) -> Service:
    recorder = Recorder(lambda: POLICY, PACKS, by_http=True)
    return Service(pool, Deciding(lambda: POLICY, recorder))


async def _claim(service: Service, facts: Facts | None = None) -> UUID:
    """Let a small claim be granted on trust; returns its case."""
    case = classified(
        customer=str(uuid4()), fault=Fault.UNCLEAR, facts=facts or Facts(terms_accepted=True)
    )
    await service.take(case)
    return case.case_id


@dataclass
class _Bank:
    """A bank that answers as it is told to, and keeps what it was asked."""

    status: int = 200
    body: str = '{"answer": "verified"}'
    hold: float = 0
    asked: list[Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    url: str = ""
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: Request) -> Response:
        self.asked.append(request)
        self.bodies.append(await request.body())
        self.heard.set()
        await asyncio.sleep(self.hold)
        return Response(self.body, self.status, media_type="application/json")


@pytest.fixture
async def bank() -> AsyncIterator[_Bank]:
    made = _Bank()
    app = Starlette(routes=[Route("/verifications", made.answer, methods=["POST"])])
    server = await serve(app, host="127.0.0.1", port=0)
    made.url = f"http://127.0.0.1:{server.port}"
    yield made
    await server.stop()


@asynccontextmanager
async def _connector(
    service: Service, url: str, patience: timedelta = _PATIENCE
) -> AsyncIterator[Connector]:
    made = Connector(service.parts, url, "token-of-the-bank", patience)
    yield made
    await made.close()


async def _completed(service: Service) -> list[VerificationCompleted]:
    events = await service.said(Topic.VERIFICATION_COMPLETED)
    return [event for event in events if isinstance(event, VerificationCompleted)]


async def _row(service: Service) -> asyncpg.Record:
    row = await service.pool.fetchrow(
        "SELECT *, next_attempt_at > now() AS later FROM verifications"
    )
    assert row is not None
    return row


async def test_an_answer_at_once_becomes_an_event_and_settles_the_grant(
    service: Service, bank: _Bank
) -> None:
    case_id = await _claim(service)
    async with _connector(service, bank.url) as connector:
        assert await connector.ask() == 1
        assert await connector.ask() == 0
    (completed,) = await _completed(service)
    assert (completed.case_id, completed.answer) == (case_id, "verified")
    await service.take(completed)
    assert await service.pool.fetchval("SELECT state FROM ledger") == "verified"
    assert (await _row(service))["next_attempt_at"] is None


async def test_the_bank_is_told_what_the_event_holds_and_knows_us_and_the_question(
    service: Service, bank: _Bank
) -> None:
    await _claim(service)
    async with _connector(service, bank.url) as connector:
        await connector.ask()
    (request,) = bank.asked
    (event,) = await service.said(Topic.VERIFICATION_REQUESTED)
    assert json.loads(bank.bodies[0]) == json.loads(event.model_dump_json())
    assert request.headers["authorization"] == "Bearer token-of-the-bank"
    assert request.headers["idempotency-key"] == str((await _row(service))["verification_id"])
    assert "…" not in bank.bodies[0].decode()  # the customer's words stay here


async def test_a_question_that_was_taken_is_not_asked_again(service: Service, bank: _Bank) -> None:
    bank.status, bank.body = 202, ""
    await _claim(service)
    async with _connector(service, bank.url) as connector:
        await connector.ask()
        assert await connector.ask() == 0
    assert await _completed(service) == []
    row = await _row(service)
    assert (row["next_attempt_at"], row["answer"]) == (None, None)


@pytest.mark.parametrize("status", [500, 503, 429, 408])
async def test_a_bank_that_is_away_is_asked_again_later(
    service: Service, bank: _Bank, status: int
) -> None:
    bank.status = status
    await _claim(service)
    async with _connector(service, bank.url) as connector:
        await connector.ask()
        row = await _row(service)
        assert (row["later"], row["lease"], row["attempts"]) == (True, None, 1)
        await service.pool.execute("UPDATE verifications SET next_attempt_at = now()")
        bank.status = 200
        assert await connector.ask() == 1
    assert [each.answer for each in await _completed(service)] == ["verified"]


@pytest.mark.parametrize("body", ["", "[]", '{"answer": "perhaps"}', '{"answer": "contradicted"}'])
async def test_an_answer_that_cannot_be_used_counts_as_none(
    service: Service, bank: _Bank, body: str
) -> None:
    bank.body = body
    await _claim(service)
    async with _connector(service, bank.url) as connector:
        await connector.ask()
    assert await _completed(service) == []
    assert (await _row(service))["later"]


async def test_a_bank_that_hangs_holds_up_nobody_and_no_transaction(
    service: Service, bank: _Bank
) -> None:
    bank.hold = 5
    await _claim(service)
    async with _connector(service, bank.url, timedelta(seconds=0.3)) as connector:
        asking = asyncio.create_task(connector.ask())
        await bank.heard.wait()
        idle = await service.pool.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
        )
        assert idle == 0
        assert await asking == 1
    assert (await _row(service))["later"]


async def test_a_question_that_the_bank_refuses_is_given_up_and_a_person_is_told(
    service: Service, bank: _Bank
) -> None:
    bank.status = 422
    await _claim(service)
    async with _connector(service, bank.url) as connector:
        await connector.ask()
        assert await connector.ask() == 0
    (completed,) = await _completed(service)
    assert completed.answer == "unknown"
    await service.take(completed)
    (referred,) = await service.said(Topic.REFERRED)
    assert referred.model_dump()["reason"] == "verification_unanswered"


async def test_an_answer_after_the_lease_was_lost_is_said_by_nobody(
    service: Service, bank: _Bank
) -> None:
    bank.hold = 0.3
    await _claim(service)
    async with _connector(service, bank.url) as connector:
        asking = asyncio.create_task(connector.ask())
        await bank.heard.wait()
        await service.pool.execute("UPDATE verifications SET lease = gen_random_uuid()")
        await asking
    assert await _completed(service) == []


async def test_two_connectors_ask_each_question_once(service: Service, bank: _Bank) -> None:
    for _ in range(12):
        await _claim(service)
    async with _connector(service, bank.url) as one, _connector(service, bank.url) as other:
        asked = await asyncio.gather(one.ask(), other.ask())
    assert sum(asked) == len(bank.asked) == 12


def test_pauses_grow_and_end_at_ten_minutes() -> None:
    pauses = [pause_after(attempts) for attempts in range(1, 200)]
    assert pauses == sorted(pauses)
    assert pauses[0] == timedelta(seconds=4)
    assert pauses[-1] == timedelta(minutes=10)


async def test_the_sandbox_bank_answers_by_its_rules(service: Service) -> None:
    await _claim(service)
    bank = await sandbox.start()
    async with _connector(service, bank.url) as connector, httpx.AsyncClient() as client:
        await connector.ask()
        (asked,) = (await client.get(f"{bank.url}/api/asked")).json()
        page = (await client.get(bank.url)).text
    await bank.stop()
    (completed,) = await _completed(service)
    assert completed.answer == asked["answer"] == "verified"
    assert str(completed.case_id) in page


@asynccontextmanager
async def _client(
    service: Service, database: Migrated, *roles: DeskRole
) -> AsyncIterator[httpx.AsyncClient]:
    key = await key_of(database.admin, "core banking", *roles)
    parts = service.parts
    settings = ServiceSettings.model_validate({"database_url": database.url("decision")})
    app, _ = http.build(
        settings,
        parts.probe,
        parts.tracer,
        [answering.routes(parts, [ApiKeys(service.pool)])],
    )
    transport = httpx.ASGITransport(app)
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://decision", headers=headers
    ) as client:
        yield client


async def test_the_bank_s_systems_answer_later_over_http_and_may_repeat_themselves(
    service: Service, database: Migrated
) -> None:
    await _claim(service)
    identity = (await _row(service))["verification_id"]
    body = {"answer": "contradicted", "evidence": "ledger 4711", "facts": {"incident": "INC-1"}}
    async with _client(service, database, "bank") as client:
        for _ in range(2):
            answer = await client.post(f"/v1/verifications/{identity}", json=body)
            assert answer.status_code == 202, answer.text
    first, second = await _completed(service)
    assert first.facts.incident == "INC-1"
    rows = await service.pool.fetch(
        "SELECT DISTINCT event_id FROM outbox WHERE topic = $1", Topic.VERIFICATION_COMPLETED
    )
    assert len(rows) == 1  # the hop hears it once
    await service.take(first, second)
    assert await service.pool.fetchval("SELECT state FROM ledger") == "contradicted"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"answer": "contradicted"}, "evidence"),
        ({"answer": "maybe"}, "answer"),
        ({}, "answer"),
        ({"answer": "verified", "facts": {"paid": True}}, "facts.paid"),
        ({"answer": "verified", "confidence": 2}, "confidence"),
    ],
)
async def test_an_answer_that_cannot_be_understood_is_refused_with_its_field(
    service: Service, database: Migrated, body: dict[str, object], field: str
) -> None:
    await _claim(service)
    identity = (await _row(service))["verification_id"]
    async with _client(service, database, "bank") as client:
        answer = await client.post(f"/v1/verifications/{identity}", json=body)
    assert answer.status_code == 422
    assert field in answer.text
    assert await _completed(service) == []


async def test_only_the_bank_s_systems_may_answer_and_only_what_was_asked(
    service: Service, database: Migrated
) -> None:
    async with _client(service, database, "clerk") as client:
        refused = await client.post(f"/v1/verifications/{uuid4()}", json={"answer": "verified"})
        assert refused.status_code == 403
    async with _client(service, database, "bank") as client:
        for unknown in (str(uuid4()), "7"):
            answer = await client.post(f"/v1/verifications/{unknown}", json={"answer": "verified"})
            assert answer.status_code == 404


async def test_what_was_passed_on_to_a_person_is_not_asked_for_ever(
    service: Service, bank: _Bank
) -> None:
    bank.status = 503
    await _claim(service)
    await service.pool.execute("UPDATE verifications SET overdue_at = now()")
    async with _connector(service, bank.url) as connector:
        assert await connector.ask() == 1
    row = await _row(service)
    assert (row["lease"], row["next_attempt_at"]) == (None, None)
