"""A date that a person expects spares the warning until then, while they hold the case."""

from datetime import datetime, timedelta
from uuid import UUID

import httpx
import pytest

from services.notifier.domain import Delayed
from services.notifier.telling import content_of
from tests.integration.decision_parts import NOW
from tests.integration.desk.deadlines import (
    clocks_at,
    go_to,
    let_pass,
    milestones_of,
    taken,
    waiting,
)
from tests.integration.desk_service import Running
from tests.integration.timing_service import DAY


async def _expect(desk: Running, case_id: UUID, by: datetime, reason: str) -> httpx.Response:
    """Let the clerk say when the answer is expected."""
    return await desk.act("clerk", case_id, "expect", by=by.isoformat(), reason=reason)


async def _promised(desk: Running) -> UUID:
    """Let a person say on day 15 when they answer, and the warning of day 21 wait for that."""
    case_id = await taken(desk)
    await go_to(desk, 15)
    await _expect(desk, case_id, NOW + 26 * DAY, "other_party")
    await let_pass(desk, 22)
    assert await milestones_of(desk, case_id, "warned") == []
    return case_id


async def test_a_date_that_a_person_expects_spares_the_warning_until_it_has_passed(
    desk: Running,
) -> None:
    case_id = await taken(desk)
    await go_to(desk, 15)
    expected = NOW + 26 * DAY
    said = await _expect(desk, case_id, expected, "other_party")
    assert said.status_code == 200, said.text
    clocks = clocks_at(desk)
    for day in (21, 25):
        await let_pass(desk, day)
        assert "warned" not in {each.kind for each in await clocks.milestones(case_id)}
    await clocks.at(expected + timedelta(minutes=2))
    await clocks.drain()
    (warned,) = await milestones_of(desk, case_id, "warned")
    assert (warned.rung_due_at, warned.reason) == (expected, "other_party")
    assert warned.new_due_at is not None
    assert warned.new_due_at > warned.due_at


async def test_a_warning_after_an_outage_names_a_day_that_is_ahead_also_after_the_deadline(
    desk: Running,
) -> None:
    case_id = await waiting(desk)
    await let_pass(desk, 80)
    (warned,) = await milestones_of(desk, case_id, "warned")
    assert warned.new_due_at is not None
    assert warned.due_at < warned.at < warned.new_due_at
    assert warned.new_due_at - warned.at <= 5 * DAY
    told = content_of(warned)
    assert isinstance(told, Delayed)
    assert (told.promised, told.due_at) == (None, warned.new_due_at)


@pytest.mark.parametrize("left", ["release", "hand-over", "lapsed"])
async def test_what_a_person_expected_spares_no_warning_once_others_may_have_the_case(
    desk: Running, left: str
) -> None:
    case_id = await _promised(desk)
    if left == "lapsed":
        await desk.pool.execute("UPDATE cases SET taken_until = now() WHERE case_id = $1", case_id)
        await desk.take("senior", case_id)
    else:
        done = await desk.act("clerk", case_id, left)
        assert done.status_code == 200, done.text
    row = await clocks_at(desk).row(case_id)
    assert (row["expected_by"], row["expected_of"]) == (None, None)
    await clocks_at(desk).drain()
    (warned,) = await milestones_of(desk, case_id, "warned")
    assert (warned.new_due_at or NOW) > warned.due_at
    assert warned.reason == ("checking" if left == "lapsed" else "high_demand")
    assert not warned.late  # it waited as it was told to


async def test_whoever_takes_their_own_case_again_is_held_to_what_they_expected(
    desk: Running,
) -> None:
    case_id = await _promised(desk)
    await desk.pool.execute("UPDATE cases SET taken_until = now() WHERE case_id = $1", case_id)
    await desk.take("clerk", case_id)
    await clocks_at(desk).drain()
    assert await milestones_of(desk, case_id, "warned") == []


async def test_a_warning_that_waits_for_one_date_hears_of_the_next(desk: Running) -> None:
    case_id = await _promised(desk)
    later = NOW + 40 * DAY
    await _expect(desk, case_id, later, "checking")
    await clocks_at(desk).drain()
    (warned,) = await milestones_of(desk, case_id, "warned")
    assert (warned.new_due_at, warned.reason) == (later, "checking")


async def test_a_clock_that_was_set_aside_waits_for_the_last_date_when_it_runs_again(
    desk: Running,
) -> None:
    case_id = await _promised(desk)
    aside = "UPDATE clocks SET withdrawn_at = {} WHERE case_id = $1 AND clock = 'pl_complaints:0'"
    await desk.pool.execute(aside.format("clock_now()"), case_id)
    later = NOW + 24 * DAY
    said = await _expect(desk, case_id, later, "checking")
    assert said.status_code == 200, said.text
    await desk.pool.execute(aside.format("NULL"), case_id)
    row = await clocks_at(desk).row(case_id)
    assert (row["expected_by"], row["expected_of"]) == (later, "checking")


async def test_a_date_that_holds_a_warning_back_moves_no_timer_before_its_time(
    desk: Running,
) -> None:
    case_id = await taken(desk)
    due = "SELECT rung, due_at FROM timers WHERE case_id = $1 AND fired_at IS NULL ORDER BY id"
    before = await desk.pool.fetch(due, case_id)
    await _expect(desk, case_id, NOW + 26 * DAY, "other_party")
    await desk.act("clerk", case_id, "release")
    assert await desk.pool.fetch(due, case_id) == before


async def test_a_date_that_is_too_late_is_what_the_customer_hears(desk: Running) -> None:
    case_id = await taken(desk)
    await go_to(desk, 15)
    expected = NOW + 40 * DAY
    await _expect(desk, case_id, expected, "checking")
    await let_pass(desk, 22)
    (warned,) = await milestones_of(desk, case_id, "warned")
    assert (warned.new_due_at, warned.reason) == (expected, "checking")
    past = await _expect(desk, case_id, NOW, "checking")
    assert past.status_code == 422
    assert "must be ahead" in past.text
    never = await desk.act(
        "clerk", case_id, "expect", by="9999-12-31T23:59:59-12:00", reason="checking"
    )
    assert never.status_code == 422
    assert "must be within a year" in never.text


async def test_nothing_is_expected_of_a_case_whose_clocks_have_stopped(desk: Running) -> None:
    case_id = await taken(desk)
    await desk.pool.execute("UPDATE clocks SET cancelled_at = now()")
    said = await _expect(desk, case_id, NOW + 20 * DAY, "checking")
    assert said.status_code == 404, said.text
    assert "answer_expected" not in await desk.kinds(case_id)
