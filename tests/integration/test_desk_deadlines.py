"""Deadlines at the desk: extended only as the pack allows, stopped by an answer, looked into."""

import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from deploy.local import moved_clock
from services.decision import log
from services.decision.clock.work_order import order
from services.decision.desk import effort, queue
from services.decision.desk.queue import After, Filter
from services.decision.log import Entry
from services.decision.timing import arming
from services.decision.timing.arming import Moved
from services.notifier.domain import Delayed
from services.notifier.telling import content_of
from shared.events.catalogue import CaseClassified, Queue, SlaMilestone, Topic
from tests.integration.decision_parts import NOW, PACKS, Migrated
from tests.integration.desk_service import Running, broken_promise, running
from tests.integration.timing_service import Clocks

LETTER = {"reason": "The courier has not answered.", "facts_to_establish": "Where it went."}
AUTUMN = "2027-01-15"
DAY = timedelta(days=1)


@pytest.fixture
async def desk(database: Migrated) -> AsyncIterator[Running]:
    async with running(database) as found:
        yield found


def _polish(case: CaseClassified) -> CaseClassified:
    return case.model_copy(update={"jurisdiction": "PL", "received_at": NOW})


async def _arrive(desk: Running) -> UUID:
    case = _polish(broken_promise())
    await desk.arrive(case)
    async with desk.pool.acquire() as connection, connection.transaction():
        moved = Moved(case.case_id, case, waits=True, known=False)
        await arming.follow(connection, [moved], NOW, PACKS)
    return case.case_id


def _clocks(desk: Running) -> Clocks:
    return Clocks(desk.pool, desk.admin)


async def _at(desk: Running, day: int) -> None:
    await _clocks(desk).at(NOW + day * DAY)


async def test_a_person_extends_once_with_the_letter_and_the_new_term_has_its_own_ladder(
    desk: Running,
) -> None:
    case_id = await _arrive(desk)
    await desk.take("clerk", case_id)
    await _at(desk, 20)
    done = await desk.act("clerk", case_id, "extend", new_date=AUTUMN, reasons=LETTER)
    assert done.status_code == 200, done.text
    clocks = _clocks(desk)
    before = await clocks.row(case_id)
    after = await clocks.row(case_id, "pl_complaints:1")
    assert before["extended_to"] == after["deadline"]
    assert (await desk.row(case_id))["answer_due_at"] == after["deadline"]
    (told,) = [each for each in await clocks.milestones(case_id) if each.kind == "extended"]
    assert (told.letter, told.new_due_at) == (LETTER, after["deadline"])
    assert "extended" in await desk.kinds(case_id)
    again = await desk.act(
        "clerk", case_id, "extend", new_date="2027-01-17", reasons=LETTER, clock="pl_complaints:1"
    )
    assert again.status_code == 409
    assert "extended once already" in again.text
    await _at(desk, 58)
    await clocks.drain()
    rungs = [each for each in await clocks.milestones(case_id) if each.clock == "pl_complaints:1"]
    assert [each.rung for each in rungs][-1] == "lapse"
    assert before["lapsed_at"] is None


async def test_with_the_letter_the_customer_gets_what_a_delay_is_made_good_with_once(
    desk: Running,
) -> None:
    case_id = await _arrive(desk)
    await desk.take("clerk", case_id)
    await _at(desk, 2)
    await desk.act("clerk", case_id, "extend", new_date=AUTUMN, reasons=LETTER)
    clocks = _clocks(desk)
    (told,) = [each for each in await clocks.milestones(case_id) if each.kind == "extended"]
    assert [(each.kind, each.share) for each in told.granted] == [("credit", "goodwill")]
    assert told.in_return is None  # nobody was called for it yet
    assert "delay_made_good" in await desk.kinds(case_id)
    await _at(desk, 50)
    await clocks.drain()
    (warned,) = [each for each in await clocks.milestones(case_id) if each.kind == "warned"]
    assert warned.granted == ()
    assert warned.new_due_at is not None
    assert warned.new_due_at > warned.due_at == told.new_due_at
    assert await desk.pool.fetchval("SELECT count(*) FROM amends") == 1


async def test_a_date_that_a_person_expects_spares_the_warning_until_it_has_passed(
    desk: Running,
) -> None:
    case_id = await _arrive(desk)
    await desk.take("clerk", case_id)
    await _at(desk, 15)
    expected = NOW + 26 * DAY
    said = await desk.act("clerk", case_id, "expect", by=expected.isoformat(), reason="other_party")
    assert said.status_code == 200, said.text
    clocks = _clocks(desk)
    for day in (21, 25):
        await _at(desk, day)
        await clocks.drain()
        assert "warned" not in {each.kind for each in await clocks.milestones(case_id)}
    await clocks.at(expected + timedelta(minutes=2))
    await clocks.drain()
    (warned,) = [each for each in await clocks.milestones(case_id) if each.kind == "warned"]
    assert (warned.rung_due_at, warned.reason) == (expected, "other_party")
    assert warned.new_due_at is not None
    assert warned.new_due_at > warned.due_at


async def _promised(desk: Running, case_id: UUID) -> None:
    """Let a person say on day 15 when they answer, and the warning of day 21 wait for that."""
    await desk.take("clerk", case_id)
    await _at(desk, 15)
    expected = (NOW + 26 * DAY).isoformat()
    await desk.act("clerk", case_id, "expect", by=expected, reason="other_party")
    await _at(desk, 22)
    await _clocks(desk).drain()
    assert await _warned(desk, case_id) == []


async def _warned(desk: Running, case_id: UUID) -> list[SlaMilestone]:
    return [each for each in await _clocks(desk).milestones(case_id) if each.kind == "warned"]


async def test_a_warning_after_an_outage_names_a_day_that_is_ahead_also_after_the_deadline(
    desk: Running,
) -> None:
    case_id = await _arrive(desk)
    await _at(desk, 80)
    await _clocks(desk).drain()
    (warned,) = await _warned(desk, case_id)
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
    case_id = await _arrive(desk)
    await _promised(desk, case_id)
    if left == "lapsed":
        await desk.pool.execute("UPDATE cases SET taken_until = now() WHERE case_id = $1", case_id)
        await desk.take("senior", case_id)
    else:
        done = await desk.act("clerk", case_id, left)
        assert done.status_code == 200, done.text
    row = await _clocks(desk).row(case_id)
    assert (row["expected_by"], row["expected_of"]) == (None, None)
    await _clocks(desk).drain()
    (warned,) = await _warned(desk, case_id)
    assert (warned.new_due_at or NOW) > warned.due_at
    assert warned.reason == ("checking" if left == "lapsed" else "high_demand")
    assert not warned.late  # it waited as it was told to


async def test_whoever_takes_their_own_case_again_is_held_to_what_they_expected(
    desk: Running,
) -> None:
    case_id = await _arrive(desk)
    await _promised(desk, case_id)
    await desk.pool.execute("UPDATE cases SET taken_until = now() WHERE case_id = $1", case_id)
    await desk.take("clerk", case_id)
    await _clocks(desk).drain()
    assert await _warned(desk, case_id) == []


async def test_a_warning_that_waits_for_one_date_hears_of_the_next(desk: Running) -> None:
    case_id = await _arrive(desk)
    await _promised(desk, case_id)
    later = NOW + 40 * DAY
    await desk.act("clerk", case_id, "expect", by=later.isoformat(), reason="checking")
    await _clocks(desk).drain()
    (warned,) = await _warned(desk, case_id)
    assert (warned.new_due_at, warned.reason) == (later, "checking")


async def test_a_clock_that_was_set_aside_waits_for_the_last_date_when_it_runs_again(
    desk: Running,
) -> None:
    case_id = await _arrive(desk)
    await _promised(desk, case_id)
    aside = "UPDATE clocks SET withdrawn_at = {} WHERE case_id = $1 AND clock = 'pl_complaints:0'"
    await desk.pool.execute(aside.format("clock_now()"), case_id)
    later = NOW + 24 * DAY
    said = await desk.act("clerk", case_id, "expect", by=later.isoformat(), reason="checking")
    assert said.status_code == 200, said.text
    await desk.pool.execute(aside.format("NULL"), case_id)
    row = await _clocks(desk).row(case_id)
    assert (row["expected_by"], row["expected_of"]) == (later, "checking")


async def test_a_date_that_holds_a_warning_back_moves_no_timer_before_its_time(
    desk: Running,
) -> None:
    case_id = await _arrive(desk)
    await desk.take("clerk", case_id)
    due = "SELECT rung, due_at FROM timers WHERE case_id = $1 AND fired_at IS NULL ORDER BY id"
    before = await desk.pool.fetch(due, case_id)
    await desk.act(
        "clerk", case_id, "expect", by=(NOW + 26 * DAY).isoformat(), reason="other_party"
    )
    await desk.act("clerk", case_id, "release")
    assert await desk.pool.fetch(due, case_id) == before


async def test_a_date_that_is_too_late_is_what_the_customer_hears(desk: Running) -> None:
    case_id = await _arrive(desk)
    await desk.take("clerk", case_id)
    await _at(desk, 15)
    expected = NOW + 40 * DAY
    await desk.act("clerk", case_id, "expect", by=expected.isoformat(), reason="checking")
    clocks = _clocks(desk)
    await _at(desk, 22)
    await clocks.drain()
    (warned,) = [each for each in await clocks.milestones(case_id) if each.kind == "warned"]
    assert (warned.new_due_at, warned.reason) == (expected, "checking")
    past = await desk.act("clerk", case_id, "expect", by=NOW.isoformat(), reason="checking")
    assert past.status_code == 422
    assert "must be ahead" in past.text
    never = await desk.act(
        "clerk", case_id, "expect", by="9999-12-31T23:59:59-12:00", reason="checking"
    )
    assert never.status_code == 422
    assert "must be within a year" in never.text


async def test_nothing_is_expected_of_a_case_whose_clocks_have_stopped(desk: Running) -> None:
    case_id = await _arrive(desk)
    await desk.take("clerk", case_id)
    await desk.pool.execute("UPDATE clocks SET cancelled_at = now()")
    by = (NOW + 20 * DAY).isoformat()
    said = await desk.act("clerk", case_id, "expect", by=by, reason="checking")
    assert said.status_code == 404, said.text
    assert "answer_expected" not in await desk.kinds(case_id)


@pytest.mark.parametrize(
    ("body", "because"),
    [
        ({"new_date": AUTUMN, "reasons": {"reason": "Busy."}}, "lacks facts_to_establish"),
        ({"new_date": "2027-03-01", "reasons": LETTER}, "later than the last day"),
        ({"new_date": "2026-12-01", "reasons": LETTER}, "no later than the present deadline"),
        (
            {"new_date": AUTUMN, "reasons": LETTER, "clock": "internal:0"},
            "an aim is met or missed",
        ),
    ],
)
async def test_an_extension_outside_the_pack_is_refused_with_its_rule(
    desk: Running, body: dict[str, object], because: str
) -> None:
    case_id = await _arrive(desk)
    await desk.take("clerk", case_id)
    await _at(desk, 2)
    refused = await desk.act("clerk", case_id, "extend", **body)
    assert refused.status_code == 409
    assert because in refused.json()["detail"]
    assert (await desk.row(case_id))["answer_due_at"] == NOW + timedelta(days=7)


async def test_nothing_is_extended_after_the_deadline(desk: Running) -> None:
    case_id = await _arrive(desk)
    await desk.take("clerk", case_id)
    await _at(desk, 40)
    refused = await desk.act("clerk", case_id, "extend", new_date=AUTUMN, reasons=LETTER)
    assert refused.status_code == 409
    assert "a lapse is never undone" in refused.text
    assert (
        await desk.act("clerk", case_id, "pause", reason="information_asked")
    ).status_code == 409


async def test_a_letter_that_was_prepared_goes_out_at_its_rung(desk: Running) -> None:
    case_id = await _arrive(desk)
    await desk.take("clerk", case_id)
    await _at(desk, 2)
    kept = await desk.act("clerk", case_id, "extend", new_date=AUTUMN, reasons=LETTER, later=True)
    assert kept.status_code == 200, kept.text
    clocks = _clocks(desk)
    await _at(desk, 24)
    await clocks.drain()
    assert "extended" not in [each.kind for each in await clocks.milestones(case_id)]
    await _at(desk, 27)
    await clocks.drain()
    told = [each for each in await clocks.milestones(case_id) if each.kind == "extended"]
    assert [(each.rung, each.letter) for each in told] == [("letter", LETTER)]
    assert (await clocks.row(case_id, "pl_complaints:1"))["deadline"] == told[0].new_due_at
    rungs = await clocks.pool.fetchval(
        "SELECT count(*) FROM timers WHERE clock = 'pl_complaints:1'"
    )
    assert rungs == 8  # the new term climbs the whole ladder


RIGHTS = {
    "reason": "The merchant's bank has not answered.",
    "ombudsman_rights": "You may turn to the Financial Ombudsman Service from now on.",
}
BRITISH = "uk_disp_1_6:0"
SPRING = "2027-02-12"


async def _arrive_in_britain(desk: Running) -> UUID:
    """Let a complaint wait under DISP 1.6: eight weeks, which no letter moves."""
    case = broken_promise().model_copy(
        update={"jurisdiction": "GB", "received_at": NOW, "product": None}
    )
    await desk.arrive(case)
    async with desk.pool.acquire() as connection, connection.transaction():
        moved = Moved(case.case_id, case, waits=True, known=False)
        await arming.follow(connection, [moved], NOW, PACKS)
    await desk.take("clerk", case.case_id)
    return case.case_id


async def _letters(desk: Running, case_id: UUID) -> list[SlaMilestone]:
    return [each for each in await _clocks(desk).milestones(case_id) if each.kind == "extended"]


async def test_a_letter_that_moves_no_deadline_is_prepared_and_goes_out_once_at_its_rung(
    desk: Running,
) -> None:
    case_id = await _arrive_in_britain(desk)
    before = await _clocks(desk).row(case_id, BRITISH)
    kept = await desk.act("clerk", case_id, "extend", new_date=SPRING, reasons=RIGHTS, later=True)
    assert kept.status_code == 200, kept.text
    await _at(desk, 53)
    await _clocks(desk).drain()
    (told,) = await _letters(desk, case_id)
    assert (told.rung, told.letter, told.due_at) == ("letter", RIGHTS, before["deadline"])
    after = await _clocks(desk).row(case_id, BRITISH)
    assert (after["deadline"], after["extended_to"]) == (before["deadline"], None)
    for later in (True, False):
        again = await desk.act(
            "clerk", case_id, "extend", new_date=SPRING, reasons=RIGHTS, later=later
        )
        assert again.status_code == 409, again.text
        assert "went out already" in again.text
    await _at(desk, 57)
    await _clocks(desk).drain()
    row = await _clocks(desk).row(case_id, BRITISH)
    assert (row["lapsed_at"], row["legal_effect"]) == (row["deadline"], "ombudsman_rights")
    assert len(await _letters(desk, case_id)) == 1


async def test_a_letter_that_moves_no_deadline_can_be_sent_now_and_its_date_is_watched(
    desk: Running,
) -> None:
    case_id = await _arrive_in_britain(desk)
    await _at(desk, 40)
    due = (await desk.row(case_id))["answer_due_at"]
    sent = await desk.act("clerk", case_id, "extend", new_date=SPRING, reasons=RIGHTS)
    assert sent.status_code == 200, sent.text
    (told,) = await _letters(desk, case_id)
    assert (told.letter, told.clock) == (RIGHTS, BRITISH)
    content = content_of(told)
    assert isinstance(content, Delayed)
    assert dict(content.letter) == RIGHTS
    assert (await desk.row(case_id))["answer_due_at"] == due
    assert (await _clocks(desk).row(case_id, "promise:1"))["deadline"] == told.new_due_at
    assert "letter_sent" in await desk.kinds(case_id)
    await _at(desk, 53)
    await _clocks(desk).drain()
    assert len(await _letters(desk, case_id)) == 1
    again = await desk.act("clerk", case_id, "extend", new_date=SPRING, reasons=RIGHTS)
    assert "went out already" in again.text


async def test_whoever_is_called_at_the_letters_rung_can_send_it_then(desk: Running) -> None:
    case_id = await _arrive_in_britain(desk)
    await _at(desk, 53)
    await _clocks(desk).drain()
    assert await _letters(desk, case_id) == []
    kept = await desk.act("clerk", case_id, "extend", new_date=SPRING, reasons=RIGHTS, later=True)
    assert kept.status_code == 409
    assert "send it now" in kept.text
    sent = await desk.act("clerk", case_id, "extend", new_date=SPRING, reasons=RIGHTS)
    assert sent.status_code == 200, sent.text
    assert len(await _letters(desk, case_id)) == 1


@pytest.mark.parametrize(
    ("day", "new_date", "reasons", "because"),
    [
        (2, SPRING, {"reason": "Busy."}, "lacks ombudsman_rights"),
        (2, SPRING, {**RIGHTS, "reason": " "}, None),
        (2, "2026-12-01", RIGHTS, "no later than the deadline"),
        (58, SPRING, RIGHTS, "a lapse is never undone"),
        (2, "2029-01-01", RIGHTS, None),
    ],
)
async def test_a_letter_without_its_parts_or_its_date_is_refused_with_the_rule(
    desk: Running, day: int, new_date: str, reasons: dict[str, str], because: str | None
) -> None:
    case_id = await _arrive_in_britain(desk)
    await _at(desk, day)
    for later in (False, True):
        refused = await desk.act(
            "clerk", case_id, "extend", new_date=new_date, reasons=reasons, later=later
        )
        assert refused.status_code == (422 if because is None else 409), refused.text
        assert because is None or because in refused.json()["detail"]
    assert await _letters(desk, case_id) == []
    assert (await _clocks(desk).row(case_id, BRITISH))["draft"] is None


async def test_an_extension_replaces_the_date_that_a_warning_told(desk: Running) -> None:
    case_id = await _arrive(desk)
    await desk.take("clerk", case_id)
    await _at(desk, 22)
    await _clocks(desk).drain()
    assert (await _clocks(desk).row(case_id, "promise:1"))["withdrawn_at"] is None
    done = await desk.act("clerk", case_id, "extend", new_date=AUTUMN, reasons=LETTER)
    assert done.status_code == 200, done.text
    assert (await _clocks(desk).row(case_id, "promise:1"))["withdrawn_at"] is not None
    promises = "SELECT count(*) FROM clocks WHERE kind = 'promise' AND withdrawn_at IS NULL"
    assert await desk.pool.fetchval(promises) == 0


async def test_an_answer_at_the_desk_stops_the_clocks(desk: Running) -> None:
    case_id = await _arrive(desk)
    clocks = _clocks(desk)
    await clocks.drain()
    await desk.take("clerk", case_id)
    decided = await desk.act(
        "clerk",
        case_id,
        "decide",
        disposition="upheld",
        remedies=[{"kind": "apology"}],
        reasons=["seen"],
    )
    if decided.status_code == 202:
        approval = decided.json()["approval_id"]
        decided = await desk.post("senior", f"/approvals/{approval}/give")
    assert decided.status_code == 200, decided.text
    before = await clocks.milestones()
    await _at(desk, 60)
    assert await clocks.drain() == 0
    assert await clocks.milestones() == before


async def test_a_lapse_is_looked_into_by_a_person_and_stays(desk: Running) -> None:
    case_id = await _arrive(desk)
    clocks = _clocks(desk)
    await _at(desk, 40)
    await clocks.drain()
    found = (await desk.get("clerk", "/incidents")).json()["incidents"]
    (incident,) = [each for each in found if each["clock"] == "pl_complaints:0"]
    assert (incident["legal_effect"], incident["root_cause"]) == ("deemed_accepted", None)
    path = f"/incidents/{incident['incident_id']}/root-cause"
    body = {"root_cause": "staffing:december", "finding": "Two people were ill at once."}
    assert (await desk.post("clerk", path, **body)).status_code == 200
    assert (await desk.post("clerk", path, **body)).status_code == 200
    assert (await desk.post("senior", path, **body)).status_code == 409
    shown = (await desk.get("clerk", f"/cases/{case_id}")).json()["deadlines"]
    (law,) = [each for each in shown if each["clock"] == "pl_complaints:0"]
    assert (law["confidence"], law["legal_effect"]) == ("S", "deemed_accepted")
    assert law["lapsed_at"] == law["deadline"]
    left = (await desk.get("clerk", "/incidents")).json()["incidents"]
    assert incident["incident_id"] not in [each["incident_id"] for each in left]
    assert (await clocks.row(case_id))["lapsed_at"] is not None
    assert {"lapsed", "lapse_explained"} <= set(await desk.kinds(case_id))
    assert (await desk.get("nobody", "/incidents")).status_code == 401


async def test_what_is_told_of_deadlines_holds_no_answer(desk: Running) -> None:
    await _arrive(desk)
    await _at(desk, 40)
    await _clocks(desk).drain()
    rows = await desk.pool.fetch("SELECT DISTINCT topic FROM outbox")
    assert {row["topic"] for row in rows} <= {Topic.SLA, Topic.STATUS}
    assert await desk.decided() == []


async def test_time_can_be_put_back(desk: Running) -> None:
    await _at(desk, 40)
    await moved_clock.move(desk.admin, timedelta(0))
    assert await desk.pool.fetchval("SELECT clock_now() = now()")


async def test_the_queue_is_in_the_work_order_and_says_who_was_called(desk: Running) -> None:
    queues = list(Queue)
    for number in range(12):
        case = _polish(broken_promise())
        await desk.arrive(
            case, queue=queues[number % len(queues)], due=timedelta(hours=30 * (12 - number))
        )
        if number % 2:
            async with desk.pool.acquire() as connection, connection.transaction():
                moved = Moved(case.case_id, case, waits=True, known=False)
                await arming.follow(connection, [moved], NOW, PACKS)
    await _at(desk, 29)
    await _clocks(desk).drain()
    async with desk.pool.acquire() as connection:
        rows, _ = await queue.rows_of(connection, Filter("clerk"), After(), 50)
    places = order([queue.waiting_of(row) for row in rows], NOW + 29 * DAY)
    assert [place.case.case_id for place in places] == [row["case_id"] for row in rows]
    shown = (await desk.get("clerk", "/queue")).json()["cases"]
    assert [each["case_id"] for each in shown] == [str(row["case_id"]) for row in rows]
    called = {each["summoned"] for each in shown}
    assert called == {None, "executive"}
    assert all("in the queue because" in each["place_why"] for each in shown)


async def _handled(desk: Running, minutes: list[int]) -> None:
    """Let a person have handled cases, each in so many minutes."""
    entries = []
    for number, taken in enumerate(minutes):
        case_id = await _arrive(desk)
        at = NOW - timedelta(days=number)
        done = at + timedelta(minutes=taken)
        entries += [Entry(case_id, "taken", "p1", at, "{}"), Entry(case_id, "x", "p1", done, "{}")]
        machine = at + timedelta(seconds=5)
        entries.append(Entry(case_id, "deliberated", "policy", machine, "{}"))
    async with desk.pool.acquire() as connection, connection.transaction():
        await log.append(connection, entries)


async def test_how_long_a_case_takes_is_learnt_from_the_last_ones_of_its_queue(
    desk: Running,
) -> None:
    await _handled(desk, [40] * 7)
    async with desk.pool.acquire() as connection:
        assert await effort.learn(connection) == effort.ASSUMED  # too few
    await _handled(desk, [41, 42, 400, 40])
    async with desk.pool.acquire() as connection:
        learnt = await effort.learn(connection)
        assert learnt == {**effort.ASSUMED, Queue.REVIEW: 40}
        cases, cursor = await queue.listed(connection, Filter("p2"), After(), 2, learnt)
        assert all("it takes about 40 minutes" in case["place_why"] for case in cases)
        assert cursor is not None
        after = queue.place_of(cursor, Filter("p2"))
        assert after is not None
        more, _ = await queue.listed(connection, Filter("p2"), after, 20, effort.ASSUMED)
    assert all("it takes about 40 minutes" in case["place_why"] for case in more)
    places = [case["place"] for case in (*cases, *more)]
    assert places == list(range(1, 12))
    assert len({case["case_id"] for case in (*cases, *more)}) == 11


@pytest.mark.parametrize("kind", ["answer_expected", "tags_corrected", "text_shown", "released"])
async def test_what_is_done_to_a_case_on_the_way_is_not_how_long_it_takes(
    desk: Running, kind: str
) -> None:
    await _handled(desk, [40] * 8)
    entries = []
    for number in range(20):
        case_id = await _arrive(desk)
        at = NOW - timedelta(days=number)
        entries += [
            Entry(case_id, "taken", "p1", at, "{}"),
            Entry(case_id, kind, "p1", at + timedelta(minutes=1), "{}"),
        ]
        if kind != "released":
            entries.append(Entry(case_id, "decided", "p1", at + timedelta(minutes=40), "{}"))
    async with desk.pool.acquire() as connection, connection.transaction():
        await log.append(connection, entries)
        assert (await effort.learn(connection))[Queue.REVIEW] == 40


@pytest.mark.parametrize("minutes", [0, -1, 10**6, 10**30, 1.5, "15", None])
def test_a_cursor_with_an_effort_that_no_case_has_is_none(minutes: object) -> None:
    wide: list[object] = ["", False, True, NOW.isoformat(), 15, str(UUID(int=1)), 2]
    chosen = Filter("clerk")
    wide[0] = chosen.key()
    sound = [*effort.ASSUMED.values()]
    assert queue.place_of(_cursor([*wide, sound]), chosen) is not None
    assert queue.place_of(_cursor([*wide, [*sound[1:], minutes]]), chosen) is None
    wide[4] = minutes
    assert queue.place_of(_cursor([*wide, sound]), chosen) is None


def _cursor(parts: list[object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()
