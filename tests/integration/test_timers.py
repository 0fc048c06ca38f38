"""Timers on a real database whose time jumps: people are called, and nothing is ever decided."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from services.decision.timing.arming import Moved
from shared.events.case import Category, Facts
from tests.integration.decision_parts import Migrated
from tests.integration.timing_service import DAY, RECEIVED, Clocks, clocks_of, polish

LADDER = [
    "received",
    "assignee",
    "team_lead",
    "warn_customer",
    "head_of_desk",
    "letter",
    "executive",
    "lapse",
]


@pytest.fixture
async def clocks(database: Migrated) -> AsyncIterator[Clocks]:
    async with clocks_of(database) as found:
        yield found


async def test_a_polish_case_that_nobody_answers_climbs_every_rung_and_is_not_decided(
    clocks: Clocks,
) -> None:
    case = polish()
    await clocks.wait_for_people(case)
    for day in range(32):
        await clocks.at(RECEIVED + day * DAY)
        await clocks.drain()
    assert await clocks.climbed(case.case_id) == LADDER
    told = {each.rung: each for each in await clocks.milestones(case.case_id)}
    assert told["head_of_desk"].summoned == "team"
    assert told["executive"].summoned == "executive"
    warned = told["warn_customer"]
    assert warned.new_due_at is not None
    assert (warned.kind, warned.in_return) == ("warned", "priority")
    assert warned.new_due_at > warned.due_at > warned.at
    lapse = told["lapse"]
    assert (lapse.kind, lapse.legal_effect) == ("lapsed", "deemed_accepted")
    assert (lapse.legal_text or "").startswith("Art. 8")
    row = await clocks.row(case.case_id)
    assert row["lapsed_at"] == row["deadline"] == lapse.due_at
    assert (row["summoned"], row["jumps_queue"]) == ("executive", True)
    (incident,) = [
        each
        for each in await clocks.pool.fetch("SELECT * FROM incidents")
        if each["clock"] == "pl_complaints:0"
    ]
    assert (incident["legal_effect"], incident["root_cause"]) == ("deemed_accepted", None)
    stands = await clocks.pool.fetchrow("SELECT * FROM cases")
    assert stands is not None
    assert (stands["state"], stands["decided_at"], stands["decided_by"]) == ("referred", None, None)


async def test_a_case_that_is_answered_on_day_two_fires_nothing_more(clocks: Clocks) -> None:
    case = polish()
    await clocks.wait_for_people(case)
    await clocks.at(RECEIVED + 2 * DAY)
    await clocks.drain()
    before = await clocks.milestones()
    await clocks.answer(case)
    await clocks.at(RECEIVED + 60 * DAY)
    assert await clocks.drain() == 0
    assert await clocks.milestones() == before
    assert (await clocks.row(case.case_id))["lapsed_at"] is None


async def test_the_log_says_which_rungs_an_answer_has_stopped_and_no_timer_is_kept(
    clocks: Clocks,
) -> None:
    case = polish()
    await clocks.wait_for_people(case, polish("C-2"))
    await clocks.at(RECEIVED + 2 * DAY)
    await clocks.drain()
    await clocks.answer(case)
    ((actor, body),) = await clocks.log("clocks_stopped")
    stopped = body["clocks"]["pl_complaints:0"]
    assert actor == "policy"
    assert list(stopped["fired"]) == ["received"]
    assert stopped["cancelled"] == LADDER[1:]
    assert set(body["clocks"]) == {"internal:0", "pl_complaints:0"}
    left = await clocks.pool.fetch("SELECT DISTINCT case_id FROM timers")
    assert case.case_id not in {row["case_id"] for row in left}
    assert len(left) == 1


async def test_who_was_called_is_known_after_the_clock_is_set_anew(clocks: Clocks) -> None:
    case = polish()
    await clocks.wait_for_people(case)
    await clocks.at(RECEIVED + 16 * DAY)
    await clocks.drain()
    anew = case.model_copy(update={"category": Category.CARD_PROBLEM})
    for filed in (anew, case):
        await clocks.move(Moved(case.case_id, filed, waits=True, known=True))
    rows = await clocks.pool.fetch(
        "SELECT rung FROM timers WHERE clock = 'pl_complaints:0' AND fired_at IS NOT NULL"
    )
    assert {row["rung"] for row in rows} == {"received", "assignee"}


async def test_what_is_overdue_fires_in_order_and_is_told_of_as_late(clocks: Clocks) -> None:
    case = polish()
    await clocks.wait_for_people(case)
    await clocks.at(RECEIVED + 29 * DAY)
    await clocks.drain()
    told = [each for each in await clocks.milestones() if each.clock == "pl_complaints:0"]
    assert [each.rung for each in told] == LADDER[:-1]
    assert all(each.late for each in told)
    late = await clocks.pool.fetchval("SELECT bool_and(late) FROM timers WHERE late IS NOT NULL")
    assert late


async def test_an_answer_after_the_deadline_does_not_undo_the_lapse(clocks: Clocks) -> None:
    case = polish()
    await clocks.wait_for_people(case)
    await clocks.at(RECEIVED + 40 * DAY)
    await clocks.answer(case)  # the loop has not seen the deadline pass
    await clocks.drain()
    told = [each for each in await clocks.milestones() if each.clock == "pl_complaints:0"]
    assert [(each.kind, each.reason) for each in told] == [("lapsed", "answered_late")]
    assert await clocks.pool.fetchval("SELECT count(*) FROM timers") == 0
    with pytest.raises(asyncpg.RaiseError, match="a lapse is permanent"):
        await clocks.pool.execute("UPDATE clocks SET lapsed_at = NULL WHERE lapsed_at IS NOT NULL")
    with pytest.raises(asyncpg.RaiseError, match="a lapse is permanent"):
        await clocks.pool.execute("DELETE FROM clocks")


async def test_a_lapse_stays_when_the_case_is_filed_anew_or_time_runs_back(clocks: Clocks) -> None:
    case = polish()
    await clocks.wait_for_people(case)
    await clocks.at(RECEIVED + 40 * DAY)
    await clocks.drain()
    anew = case.model_copy(update={"category": Category.CARD_PROBLEM})
    await clocks.at(RECEIVED)
    await clocks.move(Moved(case.case_id, anew, waits=True, known=True))
    row = await clocks.row(case.case_id)
    assert (row["lapsed_at"], row["withdrawn_at"]) == (row["deadline"], None)
    assert (await clocks.row(case.case_id, "pl_payment_services:0"))["lapsed_at"] is None


async def test_a_case_filed_anew_after_the_deadline_does_not_undo_the_lapse(
    clocks: Clocks,
) -> None:
    case = polish()
    await clocks.wait_for_people(case)
    await clocks.at(RECEIVED + 40 * DAY)
    anew = case.model_copy(update={"category": Category.CARD_PROBLEM})
    await clocks.move(Moved(case.case_id, anew, waits=True, known=True))  # nothing has fired yet
    await clocks.drain()
    row = await clocks.row(case.case_id)
    assert (row["lapsed_at"], row["withdrawn_at"]) == (row["deadline"], None)


async def test_a_case_filed_anew_has_the_clock_of_its_new_pack_and_the_old_one_rests(
    clocks: Clocks,
) -> None:
    case = polish()
    await clocks.wait_for_people(case)
    await clocks.at(RECEIVED + 16 * DAY)
    await clocks.drain()
    anew = case.model_copy(update={"category": Category.CARD_PROBLEM})
    await clocks.move(Moved(case.case_id, anew, waits=True, known=True))
    assert (await clocks.row(case.case_id))["withdrawn_at"] is not None
    await clocks.move(Moved(case.case_id, case, waits=True, known=True))
    assert (await clocks.row(case.case_id))["withdrawn_at"] is None
    assert (await clocks.row(case.case_id, "pl_payment_services:0"))["withdrawn_at"] is not None
    await clocks.at(RECEIVED + 40 * DAY)
    await clocks.drain()
    climbed = await clocks.climbed(case.case_id)
    assert climbed == LADDER  # what had fired before did not fire again


async def test_a_clock_that_a_person_adds_is_said_again_with_the_message_of_the_others(
    clocks: Clocks,
) -> None:
    case, cause = polish(), (uuid4(), f"00-{7:032x}-{1:016x}-00")
    await clocks.move(Moved(case.case_id, case, waits=True, known=False, cause=cause))
    fraud = case.model_copy(update={"category": Category.FRAUD, "facts": Facts(authorised=False)})
    before = await clocks.pool.fetchval("SELECT count(*) FROM clocks")
    await clocks.move(Moved(case.case_id, fraud, waits=True, known=True))
    rows = await clocks.pool.fetch("SELECT cause_id, traceparent FROM clocks")
    assert len(rows) > before
    assert {tuple(row) for row in rows} == {cause}


@pytest.mark.parametrize(("days", "late"), [(40, False), (0, True)])
async def test_what_ran_out_while_the_case_lay_with_us_did_not_arrive_late(
    clocks: Clocks, days: int, *, late: bool
) -> None:
    case = polish(received_at=RECEIVED - 40 * DAY)
    accepted = case.model_copy(update={"accepted_at": RECEIVED - days * DAY})
    await clocks.wait_for_people(accepted)
    # What a later message adds is judged by when the first was accepted.
    update = {"category": Category.CARD_PROBLEM, "accepted_at": RECEIVED + DAY}
    anew = accepted.model_copy(update=update)
    await clocks.move(Moved(case.case_id, anew, waits=True, known=True))
    for clock in ("pl_complaints:0", "pl_payment_services:0"):
        assert (await clocks.row(case.case_id, clock))["late_arrival"] is late


async def test_a_promise_that_is_still_ahead_has_a_ladder_of_its_own(clocks: Clocks) -> None:
    promised = Facts(promised_by=RECEIVED + 3 * DAY)
    case = polish().model_copy(update={"facts": promised})
    await clocks.wait_for_people(case)
    await clocks.at(RECEIVED + 3 * DAY)
    await clocks.drain()
    assert (await clocks.climbed(case.case_id, "promise"))[-2:] == ["head_of_desk", "lapse"]


async def test_a_reopened_case_has_clocks_of_its_own_that_start_then(clocks: Clocks) -> None:
    case = polish()
    await clocks.wait_for_people(case)
    await clocks.answer(case)
    since = RECEIVED + 10 * DAY
    await clocks.at(since)
    again = Moved(case.case_id, case, waits=True, known=True, round=1, since=since)
    await clocks.move(again)
    row = await clocks.row(case.case_id, "pl_complaints:0#1")
    assert row["deadline"] - (await clocks.row(case.case_id))["deadline"] == timedelta(days=10)
    await clocks.drain()
    assert (await clocks.milestones())[-1].clock == "pl_complaints:0#1"


async def test_timers_that_an_earlier_version_has_set_climb_the_same_ladder(
    clocks: Clocks,
) -> None:
    case = polish()
    await clocks.wait_for_people(case)
    await clocks.pool.execute(
        "UPDATE timers SET action = NULL, summons = NULL, jumps_queue = false"
    )
    for days in (0, 16, 24, 32):
        await clocks.at(RECEIVED + days * DAY)
        await clocks.drain()
    assert await clocks.climbed(case.case_id) == LADDER
    row = await clocks.row(case.case_id)
    assert (row["summoned"], row["jumps_queue"]) == ("executive", True)
    told = [each for each in await clocks.milestones(case.case_id) if each.kind == "warned"]
    warned = [each for each in told if each.clock == "pl_complaints:0"]
    assert [len(each.granted) for each in warned] == [1]
