"""The clocks of a case stop with its answer; a lapse stays, and a person looks into it."""

from datetime import timedelta

from deploy.local import moved_clock
from shared.events.catalogue import Topic
from tests.integration.desk.deadlines import clocks_at, go_to, let_pass, waiting
from tests.integration.desk_service import Running


async def test_an_answer_at_the_desk_stops_the_clocks(desk: Running) -> None:
    case_id = await waiting(desk)
    clocks = clocks_at(desk)
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
    await go_to(desk, 60)
    assert await clocks.drain() == 0
    assert await clocks.milestones() == before


async def test_a_lapse_is_looked_into_by_a_person_and_stays(desk: Running) -> None:
    case_id = await waiting(desk)
    clocks = clocks_at(desk)
    await let_pass(desk, 40)
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
    await waiting(desk)
    await let_pass(desk, 40)
    rows = await desk.pool.fetch("SELECT DISTINCT topic FROM outbox")
    assert {row["topic"] for row in rows} <= {Topic.SLA, Topic.STATUS}
    assert await desk.decided() == []


async def test_time_can_be_put_back(desk: Running) -> None:
    await go_to(desk, 40)
    await moved_clock.move(desk.admin, timedelta(0))
    assert await desk.pool.fetchval("SELECT clock_now() = now()")
