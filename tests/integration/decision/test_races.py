"""Instances, people and restarts at once on one database: nothing twice, nothing lost, no block."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TypeAlias

import asyncpg
import pytest

from services.decision.log import Sound, verify
from services.decision.overdue import Overdue
from shared.events.case import Facts
from shared.events.catalogue import CaseClassified, Topic
from shared.events.tags import Fault
from tests.integration.decision_parts import POLICY, Migrated, classified
from tests.integration.decision_service import Service
from tests.integration.desk_service import broken_promise, running

_Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


@pytest.fixture
async def owner(database: Migrated) -> AsyncIterator[_Connection]:
    connection = await asyncpg.connect(database.admin)
    yield connection
    await connection.close()


def _mixed(number: int) -> CaseClassified:
    """Return cases of few customers: slips, claims on trust, questions."""
    customer = f"C-{number % 5}"
    match number % 3:
        case 0:
            return classified(customer=customer)
        case 1:
            facts = Facts(terms_accepted=True)
            return classified(customer=customer, fault=Fault.UNCLEAR, facts=facts)
        case _:
            return classified(customer=customer, fault=Fault.UNCLEAR, facts=Facts())


async def _expect_each_once(service: Service, cases: list[CaseClassified]) -> None:
    rows = await service.pool.fetch("SELECT case_id, version FROM cases")
    assert {row["case_id"] for row in rows} == {case.case_id for case in cases}
    assert {row["version"] for row in rows} == {1}
    thoughts = "SELECT count(*) FROM decision_log WHERE kind = 'deliberated'"
    assert await service.pool.fetchval(thoughts) == len(cases)
    twice = "SELECT count(*) - count(DISTINCT event_id) FROM outbox"
    assert await service.pool.fetchval(twice) == 0
    async with service.pool.acquire() as connection:
        assert isinstance(await verify(connection), Sound)


async def test_a_batch_that_two_instances_have_is_decided_once(service: Service) -> None:
    cases = [_mixed(number) for number in range(60)]
    await asyncio.gather(*(replace(service).take(*cases) for _ in range(4)))
    await _expect_each_once(service, cases)


async def test_a_batch_whose_connection_is_killed_is_decided_whole_and_once(
    service: Service, owner: _Connection
) -> None:
    cases = [_mixed(number) for number in range(200)]
    deciding = asyncio.create_task(service.take(*cases))
    killed = 0
    while killed < 3 and not deciding.done():
        killed += len(
            await owner.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'evenhand-decision' AND xact_start IS NOT NULL"
            )
        )
    await deciding
    assert killed
    await _expect_each_once(service, cases)


async def test_five_hundred_messages_of_one_customer_count_one_after_the_other(
    service: Service,
) -> None:
    cases = [classified() for _ in range(500)]
    await service.take(*cases)
    forgiven = "SELECT count(*) FROM cases WHERE goodwill_eur IS NOT NULL"
    assert await service.pool.fetchval(forgiven) == POLICY.goodwill.times
    await _expect_each_once(service, cases)


async def test_people_and_instances_that_name_one_new_cause_never_wait_for_each_other(
    database: Migrated, owner: _Connection
) -> None:
    async with running(database) as desk:
        hop = Service(desk.pool)
        open_cases = [await desk.arrive(broken_promise()) for _ in range(4)]
        for round_ in range(6):
            key = f"incident:INC-{round_}"
            outage = Facts(incident=f"INC-{round_}")
            batch = [
                classified(customer=f"C-{number}", fault=Fault.COMPANY, facts=outage)
                for number in range(20)
            ]
            naming = asyncio.gather(
                *(desk.act("clerk", case_id, "cause", cause=key) for case_id in open_cases)
            )
            await replace(hop, offset=round_ * 1000).take(*batch)
            assert [each.status_code for each in await naming] == [200] * len(open_cases)
    assert await owner.fetchval(_DEADLOCKS) == 0


async def test_batches_and_the_look_for_silence_never_wait_for_each_other(
    service: Service, owner: _Connection
) -> None:
    overdue = Overdue(service.parts, service.deciding.recorder)
    cases = [_mixed(number) for number in range(60)]
    await service.take(*cases)
    await service.pool.execute("UPDATE verifications SET answer_by = now() - interval '1 s'")
    again = [case.model_copy(update={"sequence": 1, "text": "And?"}) for case in cases]
    await asyncio.gather(
        *(replace(service, offset=n * 100).take(*again[n::4]) for n in range(4)),
        *(overdue.look() for _ in range(4)),
    )
    assert await owner.fetchval(_DEADLOCKS) == 0
    told = "SELECT count(*) FROM decision_log WHERE kind = 'verification_overdue'"
    silent = "SELECT count(*) FROM verifications WHERE overdue_at IS NOT NULL"
    assert await service.pool.fetchval(told) == await service.pool.fetchval(silent)
    assert await service.said(Topic.VERIFICATION_REQUESTED)
