"""What a customer wrote can be erased case by case; the log stays whole and says so."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from services.decision import erasing
from services.decision.erasing import Erased, Open, Unknown, Verdict
from services.decision.explaining import explain
from services.decision.log import Sound, verify
from shared.events.case import Facts
from shared.events.catalogue import Topic, VerificationRequested
from shared.events.tags import Fault, Flag
from shared.postgres import connect
from tests.integration.decision_parts import Migrated, classified
from tests.integration.decision_service import Service, answer_to

_PRIVATE = "my sister Maria lives in Elm Street"


@pytest.fixture
async def service(database: Migrated) -> AsyncIterator[Service]:
    # As the operator: the service's own role erases nothing by itself.
    pool = await connect(database.admin, schema="decision", connections=4)
    yield Service(pool)
    await pool.close()


async def _erase(service: Service, case_id: UUID) -> Verdict:
    async with service.pool.acquire() as connection, connection.transaction():
        return await erasing.erase(connection, case_id)


async def _trusted(service: Service) -> VerificationRequested:
    case = classified(fault=Fault.UNCLEAR, facts=Facts(terms_accepted=True), text=_PRIVATE * 4)
    await service.take(case)
    (request,) = await service.said(Topic.VERIFICATION_REQUESTED)
    assert isinstance(request, VerificationRequested)
    return request


async def _remains(service: Service, words: str) -> list[str]:
    """Return the tables of the service in which words are left, but for what it says to others."""
    tables = await service.pool.fetch(
        "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
        " WHERE relkind = 'r' AND nspname = 'decision' AND relname <> 'outbox'"
    )
    return [
        row["relname"]
        for row in tables
        if await service.pool.fetchval(
            f"SELECT EXISTS (SELECT FROM {row['relname']} t WHERE t::text LIKE $1)",  # noqa: S608 - a name from the catalogue
            f"%{words}%",
        )
    ]


async def test_what_was_written_and_found_is_erased_and_the_log_stays_whole(
    service: Service,
) -> None:
    request = await _trusted(service)
    found = Facts(rejected_by="Bank of Maria")
    await service.take(answer_to(request, "verified", found, evidence="seen by Maria's branch"))
    assert "decision_log" in await _remains(service, "Maria")
    assert await _erase(service, request.case_id) == Erased(3)
    assert await _remains(service, "Maria") == []
    assert await service.pool.fetchval("SELECT count(*) FROM stories") == 0
    async with service.pool.acquire() as connection:
        verdict = await verify(connection)
        entries = await explain(connection, request.case_id, replay=True)
    assert isinstance(verdict, Sound)
    assert verdict.erased == 3
    assert {each.replayed for each in entries} == {"inputs_erased", None}
    assert entries[-1].row["kind"] == "inputs_erased"
    assert await _erase(service, request.case_id) == Erased(0)


async def test_a_case_that_somebody_still_has_to_do_with_is_not_erased(service: Service) -> None:
    referred = classified(flags=(Flag.LEGAL,))
    asked = classified(customer="C-2", fault=Fault.UNCLEAR, facts=Facts())
    told = classified(customer="C-3", fault=Fault.COMPANY, flags=(Flag.VULNERABLE,))
    await service.take(referred, asked, told)
    assert [await _erase(service, case.case_id) for case in (referred, asked, told)] == [
        Open("waiting for a person"),
        Open("asked"),
        Open("waiting for a person"),
    ]
    assert await _erase(service, uuid4()) == Unknown()


async def test_an_answer_and_a_message_after_the_erasure_do_no_harm(service: Service) -> None:
    request = await _trusted(service)
    await _erase(service, request.case_id)
    await service.take(answer_to(request, "contradicted"))
    assert await service.pool.fetchval("SELECT state FROM ledger") == "contradicted"
    await service.take(classified(request.case_id, sequence=1, text="Hello again"))
    row = await service.case(request.case_id)
    assert (row["waiting"], row["reason"]) == (True, "message_after_the_decision")
    async with service.pool.acquire() as connection:
        assert isinstance(await verify(connection), Sound)
