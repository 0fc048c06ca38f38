"""Faults of the timers: whatever dies, and wherever, nothing fires twice and nothing is missed."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.local import postgres as postgreses
from services.decision.timing import claims, recording
from services.decision.timing.arming import Moved
from services.decision.timing.claims import LEASE
from services.decision.timing.doings import Doings
from services.decision.timing.firing import go_through
from services.decision.timing.loop import Timers
from services.decision.timing.pace import Pace
from shared.events.case import Category
from shared.events.catalogue import CaseClassified
from shared.migrate import migrate, role_of
from shared.postgres import connect
from tests.integration.decision_parts import PACKS, Migrated
from tests.integration.timing_service import DAY, RECEIVED, Clocks, clocks_of, polish

AFTER_THE_END = RECEIVED + 40 * DAY
A_LEASE = LEASE + timedelta(seconds=1)
_NOT_FIRED = "SELECT count(*) FROM timers WHERE fired_at IS NULL AND due_at <= clock_now()"


@pytest.fixture
async def clocks(database: Migrated) -> AsyncIterator[Clocks]:
    async with clocks_of(database) as found:
        yield found


async def _assert_each_rung_once(clocks: Clocks, cases: int) -> None:
    told = Counter((e.case_id, e.clock, e.rung) for e in await clocks.milestones())
    assert set(told.values()) == {1}
    assert await clocks.pool.fetchval(_NOT_FIRED) == 0
    fired = await clocks.pool.fetchval("SELECT count(*) FROM timers WHERE fired_at IS NOT NULL")
    assert len(told) == fired
    assert len({case for case, _, rung in told if rung == "lapse"}) == cases


async def _wait_until_all_fired(clocks: Clocks) -> None:
    async with asyncio.timeout(60):
        while await clocks.pool.fetchval(_NOT_FIRED):  # noqa: ASYNC110 - a table has no event
            await asyncio.sleep(0.02)


async def test_a_worker_killed_between_claim_and_effect_is_replaced_when_its_lease_ends(
    clocks: Clocks,
) -> None:
    await clocks.wait_for_people(polish())
    await clocks.at(AFTER_THE_END)
    async with clocks.pool.acquire() as connection:
        killed = await claims.claim(connection, 500)
    assert killed.timers > 0
    assert await clocks.drain() == 0
    assert await clocks.milestones() == []
    await clocks.at(AFTER_THE_END + A_LEASE)
    assert await clocks.drain() >= killed.timers
    await _assert_each_rung_once(clocks, 1)


async def test_a_worker_killed_between_effect_and_commit_leaves_nothing_behind(
    clocks: Clocks,
) -> None:
    await clocks.wait_for_people(polish())
    await clocks.at(AFTER_THE_END)
    connection = await clocks.pool.acquire()
    claim = await claims.claim(connection, 500)
    await connection.execute("BEGIN")
    doings = Doings()
    for due in await claims.due(connection, claim.lease, claim.clocks):
        go_through(due, doings, PACKS)
        await recording.write(connection, doings, due.now)
    connection.terminate()  # as when its process is killed
    await clocks.pool.release(connection)
    await clocks.at(AFTER_THE_END + A_LEASE)
    await clocks.drain()
    await _assert_each_rung_once(clocks, 1)
    assert await clocks.pool.fetchval("SELECT count(*) FROM incidents") == 2


async def test_a_worker_that_lost_its_lease_writes_nothing(clocks: Clocks) -> None:
    await clocks.wait_for_people(polish())
    await clocks.at(AFTER_THE_END)
    async with clocks.pool.acquire() as connection:
        slow = await claims.claim(connection, 500)
        await clocks.at(AFTER_THE_END + A_LEASE)
        other = await claims.claim(connection, 500)
        await clocks.loop().do(connection, slow)
        assert await clocks.milestones() == []
        await clocks.loop().do(connection, other)
        told = await clocks.milestones()
        assert told
        await clocks.loop().do(connection, slow)
    assert await clocks.milestones() == told


async def test_workers_that_are_killed_at_any_moment_fire_each_rung_once(clocks: Clocks) -> None:
    cases = [polish(f"C-{number}") for number in range(40)]
    await clocks.wait_for_people(*cases)
    chance = random.Random(4)
    for kill in range(25):
        await clocks.at(AFTER_THE_END + kill * A_LEASE)
        worker = asyncio.create_task(_few_at_once(clocks))
        await asyncio.wait([worker], timeout=chance.uniform(0.001, 0.03))
        worker.cancel()
        await asyncio.wait([worker])
    await clocks.at(AFTER_THE_END + 30 * A_LEASE)
    await clocks.drain()
    await _assert_each_rung_once(clocks, len(cases))


async def _few_at_once(clocks: Clocks) -> None:
    loop = Timers(clocks.parts, PACKS, Pace(), time_may_move=True, at_once=7)
    async with clocks.pool.acquire() as connection:
        while await loop.fire(connection):
            pass


async def test_two_workers_share_the_work_and_fire_each_rung_once(clocks: Clocks) -> None:
    cases = [polish(f"C-{number}") for number in range(300)]
    await clocks.wait_for_people(*cases)
    async with clocks.running(workers=3):
        await clocks.at(AFTER_THE_END)
        await _wait_until_all_fired(clocks)
    await _assert_each_rung_once(clocks, len(cases))


async def test_timers_go_on_when_the_database_comes_back(tmp_path: Path) -> None:
    folder, log = tmp_path / "pg", tmp_path / "log"
    server = postgreses.start(folder, log=log)

    class Mortal:
        admin = server.dsn("evenhand_admin")

        def url(self, service: str) -> str:
            return server.dsn(role_of(service))

    await migrate(Mortal.admin, ["decision"])
    try:
        async with clocks_of(Mortal()) as clocks:
            cases = [polish(f"C-{number}") for number in range(50)]
            await clocks.wait_for_people(*cases)
            async with clocks.running():
                await clocks.at(RECEIVED + 20 * DAY)
                await _wait_until_all_fired(clocks)
                await asyncio.to_thread(server.kill)
                server = await asyncio.to_thread(postgreses.start, folder, log=log)
                await clocks.at(AFTER_THE_END)
                await _wait_until_all_fired(clocks)
            await _assert_each_rung_once(clocks, len(cases))
    finally:
        server.stop()


async def test_a_machine_whose_clock_jumps_a_day_either_way_fires_each_rung_once(
    clocks: Clocks,
) -> None:
    cases = [polish(f"C-{number}") for number in range(10)]
    await clocks.wait_for_people(*cases)
    for days in (0, 1, 0, 15, 14, 16, 28, 27, 30, 29, 31, 30, 32):
        await clocks.at(RECEIVED + days * DAY)
        await clocks.drain()
    await _assert_each_rung_once(clocks, len(cases))


async def test_a_lease_from_before_the_clock_was_set_back_holds_nobody_up(clocks: Clocks) -> None:
    await clocks.wait_for_people(polish())
    await clocks.at(RECEIVED + 30 * DAY)
    async with clocks.pool.acquire() as connection:
        killed = await claims.claim(connection, 500)
    await clocks.at(RECEIVED + 29 * DAY)
    assert await clocks.drain() == killed.timers


async def test_time_that_was_moved_by_accident_fires_nothing(clocks: Clocks) -> None:
    await clocks.wait_for_people(polish())
    await clocks.at(AFTER_THE_END)
    stop = asyncio.Event()
    loop = asyncio.create_task(Timers(clocks.parts, PACKS, Pace()).run(stop))
    async with clocks.running() as (allowed,):
        assert not allowed.done()
        await _wait_until_all_fired(clocks)
    before = len(await clocks.milestones())
    await clocks.wait_for_people(polish("C-2"))
    done, _ = await asyncio.wait([loop], timeout=0.5)
    assert not done
    assert len(await clocks.milestones()) == before
    stop.set()
    await loop


async def test_the_service_itself_cannot_move_the_time(clocks: Clocks) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await clocks.pool.execute(
            "CREATE OR REPLACE FUNCTION clock_now() RETURNS timestamptz LANGUAGE sql STABLE "
            "AS 'SELECT now()'"
        )


async def test_a_clock_that_cannot_be_read_does_not_stop_its_neighbours(clocks: Clocks) -> None:
    broken, sound = polish("C-1"), polish("C-2")
    await clocks.wait_for_people(broken, sound)
    await clocks.pool.execute("UPDATE plans SET plan = '{}' WHERE case_id = $1", broken.case_id)
    await clocks.at(AFTER_THE_END)
    await clocks.drain()
    assert {each.case_id for each in await clocks.milestones()} == {sound.case_id}
    waiting = await clocks.pool.fetchval("SELECT count(*) FROM timers WHERE fired_at IS NULL")
    assert waiting > 0  # tried again when the lease ends, and told of by a metric


async def test_a_rung_fires_within_a_second_of_when_it_is_due(clocks: Clocks) -> None:
    case = polish()
    async with clocks.running():
        await clocks.wait_for_people(case)
        first = (await clocks.row(case.case_id))["received_at"]
        half = first + ((await clocks.row(case.case_id))["decide_by"] - first) / 2
        await clocks.at(half - timedelta(seconds=1))
        async with asyncio.timeout(20):
            while "assignee" not in await clocks.climbed(case.case_id):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.02)
    (nudge,) = [
        each
        for each in await clocks.milestones()
        if (each.clock, each.rung) == ("pl_complaints:0", "assignee")
    ]
    assert nudge.rung_due_at is not None
    assert timedelta(0) <= nudge.at - nudge.rung_due_at < timedelta(seconds=1)
    assert not nudge.late


@pytest.mark.chaos
async def test_a_storm_of_20_000_timers_fires_each_once(clocks: Clocks) -> None:
    cases = [polish(f"C-{number}") for number in range(2_500)]
    await clocks.wait_for_people(*cases)
    await clocks.at(AFTER_THE_END)
    async with clocks.running(workers=2):
        await _wait_until_all_fired(clocks)
    fired = await clocks.pool.fetchval("SELECT count(*) FROM timers WHERE fired_at IS NOT NULL")
    assert fired > 20_000
    await _assert_each_rung_once(clocks, len(cases))


def _moved(case: CaseClassified, answers: int, now: datetime) -> Moved:
    return Moved(case.case_id, case, waits=True, known=True, round=answers, since=now)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["fire", "answer", "file", "file back", "reopen"]),
            st.integers(min_value=-20, max_value=40),
        ),
        min_size=1,
        max_size=8,
    )
)
async def test_no_trace_of_timers_ever_changes_a_case_or_forgets_a_lapse(
    clocks: Clocks, steps: list[tuple[str, int]]
) -> None:
    case = polish()
    anew = case.model_copy(update={"category": Category.CARD_PROBLEM})
    await clocks.wait_for_people(case)
    before = await clocks.pool.fetchrow("SELECT * FROM cases WHERE case_id = $1", case.case_id)
    now, answers = RECEIVED, 0
    lapsed: set[tuple[str, object]] = set()
    for what, days in steps:
        now += timedelta(days=days)
        await clocks.at(now)
        match what:
            case "answer":
                await clocks.answer(case)
                answers += 1
            case "file" | "file back":
                filed = anew if what == "file" else case
                await clocks.move(_moved(filed, answers, now))
            case "reopen":
                await clocks.move(_moved(case, answers, now))
            case _:
                await clocks.drain()
        rows = await clocks.pool.fetch(
            "SELECT clock, lapsed_at FROM clocks WHERE case_id = $1 AND lapsed_at IS NOT NULL",
            case.case_id,
        )
        found = {(row["clock"], row["lapsed_at"]) for row in rows}
        assert lapsed <= found
        lapsed = found
    after = await clocks.pool.fetchrow("SELECT * FROM cases WHERE case_id = $1", case.case_id)
    assert after == before
    told = Counter((e.clock, e.rung) for e in await clocks.milestones(case.case_id))
    assert set(told.values()) <= {1}
    topics = await clocks.pool.fetch("SELECT DISTINCT topic FROM outbox")
    assert {row["topic"].split(".")[2] for row in topics} <= {"sla", "status"}


async def test_where_many_are_due_lapses_and_calls_to_executives_go_first(clocks: Clocks) -> None:
    waiting, late = polish("C-1"), polish("C-2", RECEIVED - 28 * DAY)
    await clocks.wait_for_people(*(polish(f"C-{number}") for number in range(3, 9)), waiting, late)
    await clocks.at(RECEIVED + 16 * DAY)
    async with clocks.pool.acquire() as connection:
        first = await claims.claim(connection, 1)
    assert {case for case, _ in first.clocks} == {late.case_id}


async def test_a_storm_leaves_new_cases_a_connection_where_there_are_few(
    database: Migrated,
) -> None:
    pool = await connect(database.url("decision"), schema="decision", connections=3)
    look = await asyncpg.connect(
        database.url("decision"), server_settings={"search_path": "decision"}
    )
    stop, storm = asyncio.Event(), Clocks(pool, database.admin)
    try:
        await storm.wait_for_people(*(polish(f"C-{number}") for number in range(150)))
        await storm.at(RECEIVED + 32 * DAY)
        firing = asyncio.create_task(replace(storm.loop(), at_once=2).run(stop))
        async with asyncio.timeout(30):
            while await look.fetchval("SELECT count(*) FROM timers WHERE fired_at IS NOT NULL") < 9:
                assert not firing.done()
            async with pool.acquire() as of_a_new_case:
                assert await of_a_new_case.fetchval(
                    "SELECT EXISTS (SELECT FROM timers WHERE fired_at IS NULL)"
                ), "the storm was over before a new case had its turn"
        stop.set()
        await firing
    finally:
        await look.close()
        pool.terminate()
