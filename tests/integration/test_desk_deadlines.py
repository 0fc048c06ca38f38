"""Deadlines at the desk: extended only as the pack allows, stopped by an answer, looked into."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from deploy.local import moved_clock
from services.decision.clock.work_order import order
from services.decision.desk import queue
from services.decision.desk.queue import After, Filter
from services.decision.timing import arming
from services.decision.timing.arming import Moved
from shared.events.catalogue import CaseClassified, Queue, Topic
from tests.integration.desk_service import NOW, Migrated, Running, broken_promise, running
from tests.integration.timing_service import PACKS, Clocks

LETTER = {"reason": "The courier has not answered.", "facts_to_establish": "Where it went."}
AUTUMN = "2027-01-15"
DAY = timedelta(days=1)


@pytest.fixture
async def desk(database: Migrated) -> AsyncIterator[Running]:
    async with running(database) as found:
        await found.key("clerk", "clerk")
        await found.key("senior", "senior")
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
