"""A date that a warning told is a promise: it is watched, told anew once, and never decides."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from services.decision import log
from services.decision.timing import claims
from services.decision.timing.arming import Moved
from shared.events.case import Facts
from shared.events.catalogue import CaseClassified, SlaMilestone
from tests.integration.decision_parts import Migrated
from tests.integration.timing_service import DAY, RECEIVED, Clocks, clocks_of, polish

FIRST, SECOND = "promise:1", "promise:2"
WARNED = RECEIVED + 24 * DAY
"""When a Polish customer has been warned, before the letter and long before the last day."""


@pytest.fixture
async def clocks(database: Migrated) -> AsyncIterator[Clocks]:
    async with clocks_of(database) as found:
        yield found


async def _to(clocks: Clocks, instant: datetime) -> None:
    await clocks.at(instant)
    await clocks.drain()


async def _warned(clocks: Clocks) -> list[SlaMilestone]:
    return [each for each in await clocks.milestones() if each.kind == "warned"]


async def _promises(clocks: Clocks, case_id: UUID) -> list[asyncpg.Record]:
    return await clocks.pool.fetch(
        "SELECT * FROM clocks WHERE case_id = $1 AND kind = 'promise' ORDER BY clock", case_id
    )


async def _names(clocks: Clocks, case_id: UUID) -> list[str]:
    return [row["clock"] for row in await _promises(clocks, case_id)]


async def _warn(clocks: Clocks) -> CaseClassified:
    case = polish()
    await clocks.wait_for_people(case)
    await _to(clocks, WARNED)
    return case


async def test_a_date_that_a_warning_told_has_a_ladder_of_its_own_until_then(
    clocks: Clocks,
) -> None:
    case = await _warn(clocks)
    (told,) = await _warned(clocks)
    row = await clocks.row(case.case_id, FIRST)
    assert (row["deadline"], row["role"], row["round"]) == (told.new_due_at, "promise", 0)
    rungs = await clocks.pool.fetch(
        "SELECT rung FROM timers WHERE clock = $1 ORDER BY due_at, id", FIRST
    )
    assert [each["rung"] for each in rungs] == [
        "assignee", "team_lead", "warn_customer", "head_of_desk", "lapse",
    ]  # fmt: skip


async def test_who_is_told_a_date_is_warned_once_more_before_it_and_then_people_are_called(
    clocks: Clocks,
) -> None:
    case = await _warn(clocks)
    for day in range(25, 60):
        await _to(clocks, RECEIVED + day * DAY)
    first, second = await _warned(clocks)
    assert first.new_due_at is not None
    assert (second.clock, second.due_at) == (FIRST, first.new_due_at)
    assert second.at < first.new_due_at
    assert second.new_due_at is not None
    assert second.new_due_at > first.new_due_at
    assert await _names(clocks, case.case_id) == [FIRST, SECOND]
    told = [each for each in await clocks.milestones() if each.clock == SECOND]
    assert [(each.kind, each.summoned) for each in told] == [
        ("escalated", "person"), ("escalated", "person"), ("escalated", "team"),
        ("escalated", "executive"), ("lapsed", None),
    ]  # fmt: skip
    assert (told[-1].legal_effect, told[-1].role) == ("none", "promise")


async def test_a_later_date_replaces_one_that_was_not_missed_yet(clocks: Clocks) -> None:
    case = await _warn(clocks)
    for day in range(25, 60):
        await _to(clocks, RECEIVED + day * DAY)
    first, second = await _promises(clocks, case.case_id)
    assert first["withdrawn_at"] < first["deadline"]
    assert first["lapsed_at"] is None
    assert second["lapsed_at"] == second["deadline"]
    assert not await clocks.pool.fetchval(
        "SELECT count(*) FROM timers WHERE clock = $1 AND fired_at IS NULL", FIRST
    )


async def test_a_promise_that_was_missed_before_the_next_date_was_told_stays_a_lapse(
    clocks: Clocks,
) -> None:
    case = await _warn(clocks)
    first = await clocks.row(case.case_id, FIRST)
    # Nobody fires anything until the told date has passed: warning and lapse come together.
    await _to(clocks, first["deadline"] + DAY)
    first, second = await _promises(clocks, case.case_id)
    assert (first["lapsed_at"], first["withdrawn_at"]) == (first["deadline"], None)
    assert second["deadline"] > first["deadline"] + DAY
    await _to(clocks, WARNED)  # a clock that jumps back
    again = await clocks.row(case.case_id, FIRST)
    assert again["lapsed_at"] == first["deadline"]


async def test_a_case_that_is_decided_has_no_promise_to_watch(clocks: Clocks) -> None:
    case = await _warn(clocks)
    await clocks.answer(case)
    before = len(await clocks.milestones())
    await _to(clocks, RECEIVED + 90 * DAY)
    assert len(await clocks.milestones()) == before
    assert (await clocks.row(case.case_id, FIRST))["cancelled_at"] is not None
    assert not await clocks.pool.fetchval("SELECT count(*) FROM timers")


async def test_a_date_that_was_told_stays_told_when_the_case_is_filed_anew(clocks: Clocks) -> None:
    case = await _warn(clocks)
    british = case.model_copy(update={"jurisdiction": "GB"})
    for sequence in (1, 2):
        later = british.model_copy(update={"sequence": sequence})
        await clocks.move(Moved(case.case_id, later, waits=True, known=True))
        row = await clocks.row(case.case_id, FIRST)
        assert row["withdrawn_at"] is None
    assert (await clocks.row(case.case_id))["withdrawn_at"] is not None
    assert await _names(clocks, case.case_id) == [FIRST]


async def test_an_answer_and_a_new_round_begin_with_no_told_date(clocks: Clocks) -> None:
    case = await _warn(clocks)
    await clocks.answer(case)
    again = RECEIVED + 26 * DAY
    later = case.model_copy(update={"sequence": 1, "received_at": again})
    await clocks.move(Moved(case.case_id, later, waits=True, known=True, round=1, since=again))
    await _to(clocks, again + 24 * DAY)
    row = await clocks.row(case.case_id, f"{FIRST}#1")
    assert (row["round"], row["withdrawn_at"]) == (1, None)


async def test_every_date_of_a_case_with_two_clocks_is_watched_and_the_chain_ends(
    clocks: Clocks,
) -> None:
    promised = Facts(promised_by=RECEIVED + 6 * DAY)
    case = polish().model_copy(update={"facts": promised})
    await clocks.wait_for_people(case)
    for hours in range(0, 24 * 80, 7):
        await _to(clocks, RECEIVED + timedelta(hours=hours))
    told = await _warned(clocks)
    dates = {each.new_due_at for each in told}
    rows = await _promises(clocks, case.case_id)
    assert dates <= {row["deadline"] for row in rows}
    # The promise and the law's clock warn once each, and so does the first told date.
    assert len(told) == 3
    assert len({(each.clock, each.rung) for each in told}) == 3


async def test_money_for_a_delay_is_not_given_again_with_the_second_warning(
    clocks: Clocks,
) -> None:
    await _warn(clocks)
    for day in range(25, 60):
        await _to(clocks, RECEIVED + day * DAY)
    first, second = await _warned(clocks)
    assert (len(first.granted), second.granted) == (1, ())
    assert await clocks.pool.fetchval("SELECT count(*) FROM amends") == 1
    assert await clocks.pool.fetchval("SELECT sum(times) FROM certificate_use") == 1


async def test_what_watches_a_promise_writes_nothing_of_cases(clocks: Clocks) -> None:
    await clocks.wait_for_people(polish())
    before = await clocks.pool.fetchrow("SELECT * FROM cases")
    for day in range(60):
        await _to(clocks, RECEIVED + day * DAY)
    assert await clocks.pool.fetchrow("SELECT * FROM cases") == before
    topics = await clocks.pool.fetch("SELECT DISTINCT topic FROM outbox")
    assert {row["topic"].split(".")[2] for row in topics} == {"sla", "status"}
    async with clocks.pool.acquire() as connection:
        assert isinstance(await log.verify(connection), log.Sound)


async def test_workers_that_warn_of_two_clocks_at_once_watch_each_date_once(
    clocks: Clocks,
) -> None:
    promised = Facts(promised_by=RECEIVED + 6 * DAY)
    cases = [polish(f"C-{n}").model_copy(update={"facts": promised}) for n in range(6)]
    await clocks.wait_for_people(*cases)
    await clocks.at(RECEIVED + 29 * DAY)

    async def work() -> None:
        # One timer at a time, so that several hands are on the same case.
        loop = clocks.loop()
        async with clocks.pool.acquire() as connection:
            while (claim := await claims.claim(connection, 1)).clocks:
                await loop.do(connection, claim)

    await asyncio.gather(*(work() for _ in range(3)))
    for case in cases:
        told = [
            each
            for each in await clocks.milestones(case.case_id)
            if each.kind == "warned" and each.clock in {"promise:0", "pl_complaints:0"}
        ]
        assert len(told) == 2
        rows = await _promises(clocks, case.case_id)
        watched = [row["deadline"] for row in rows if row["clock"] != "promise:0"]
        assert sorted(watched) == sorted({each.new_due_at for each in told if each.new_due_at})
    assert not await clocks.pool.fetchval(
        "SELECT count(*) FROM timers WHERE fired_at IS NULL AND due_at <= clock_now()"
    )


async def test_a_date_that_two_warnings_tell_is_watched_once(clocks: Clocks) -> None:
    promised = Facts(promised_by=RECEIVED + 6 * DAY)
    case = polish().model_copy(update={"facts": promised})
    await clocks.wait_for_people(case)
    expected = RECEIVED + 45 * DAY
    await clocks.pool.execute("UPDATE clocks SET expected_by = $1", expected)
    for day in (5, 24):
        await _to(clocks, RECEIVED + day * DAY)
    assert [each.new_due_at for each in await _warned(clocks)] == [expected, expected]
    assert await _names(clocks, case.case_id) == ["promise:0", FIRST]
    assert (await clocks.row(case.case_id, FIRST))["deadline"] == expected


async def test_no_rung_of_the_last_told_date_tells_another(clocks: Clocks) -> None:
    case = await _warn(clocks)
    for day in range(25, 35):
        await _to(clocks, RECEIVED + day * DAY)
    actions = await clocks.pool.fetch(
        "SELECT DISTINCT action FROM timers WHERE case_id = $1 AND clock = $2", case.case_id, SECOND
    )
    assert {row["action"] for row in actions} == {"escalate", "lapse"}
