"""A case has one holder: who takes it, releases it, hands it over, or lets it lapse."""

import asyncio
from datetime import timedelta

import pytest

from shared.events.catalogue import Queue
from tests.integration.desk_service import Running, broken_promise, errors_of


async def test_a_case_that_was_taken_is_nobody_elses(desk: Running) -> None:
    case_id = await desk.hold("clerk", broken_promise())
    await desk.take("clerk", case_id)  # again changes nothing
    assert await desk.version(case_id) == 2
    refused = await desk.act("senior", case_id, "take")
    assert refused.status_code == 409
    assert "clerk" in refused.json()["detail"]
    released = await desk.act("clerk", case_id, "release")
    assert released.json()["assignee"] is None
    await desk.take("senior", case_id)


@pytest.mark.parametrize("state", ["verifying", "asked"])
async def test_a_case_that_waits_for_others_is_not_taken(desk: Running, state: str) -> None:
    case_id = await desk.arrive(broken_promise())
    await desk.pool.execute("UPDATE cases SET waiting = false, state = $1", state)
    refused = await desk.act("clerk", case_id, "take")
    assert refused.status_code == 409
    assert state in refused.json()["detail"]
    assert (await desk.get("clerk", "/queue")).json()["cases"] == []


async def test_a_case_is_handed_over_without_a_reason_and_offered_to_that_person_last(
    desk: Running,
) -> None:
    urgent = await desk.arrive(broken_promise(), due=timedelta(days=1))
    other = await desk.arrive(broken_promise(), due=timedelta(days=5))
    await desk.take("clerk", urgent)
    handed = await desk.act("clerk", urgent, "hand-over")
    assert handed.status_code == 200
    asked = await desk.act("clerk", other, "hand-over", reason="too rude")
    assert errors_of(asked) == {
        "reason": "is not a field of this request; check the spelling or remove it"
    }
    for who, order in (("clerk", [other, urgent]), ("clerk-2", [urgent, other])):
        shown = (await desk.get(who, "/queue")).json()["cases"]
        assert [case["case_id"] for case in shown] == [str(one) for one in order]


async def test_a_case_can_be_handed_over_to_another_queue(desk: Running) -> None:
    case_id = await desk.hold("clerk", broken_promise())
    handed = await desk.act("clerk", case_id, "hand-over", queue="specialist")
    assert handed.json()["queue"] == "specialist"
    (referral,) = await desk.referred()
    assert (referral.queue, referral.priority) == (Queue.SPECIALIST, 10)
    assert referral.reason == "above_the_automatic_certificate"
    assert not referral.answered


async def test_a_take_lapses_after_eight_hours_into_the_queue_and_to_nobody(desk: Running) -> None:
    case_id = await desk.hold("clerk", broken_promise())
    lasts = await desk.pool.fetchval("SELECT taken_until - now() FROM cases")
    assert timedelta(hours=7, minutes=55) < lasts <= timedelta(hours=8)
    await desk.pool.execute("UPDATE cases SET taken_until = now() - interval '1 second'")
    (shown,) = (await desk.get("clerk-2", "/queue")).json()["cases"]
    assert shown["assignee"] is None
    late = await desk.act("clerk", case_id, "decide", disposition="declined", reasons=["late"])
    assert late.status_code == 409
    assert "take it first" in late.json()["detail"]
    await desk.take("clerk-2", case_id)
    assert (await desk.row(case_id))["assignee"] == "clerk-2"


async def test_an_act_on_an_old_version_is_refused_with_the_present_one(desk: Running) -> None:
    case_id = await desk.hold("clerk", broken_promise())
    refused = await desk.post("clerk", f"/cases/{case_id}/release", version=1)
    assert refused.status_code == 409
    assert "2" in errors_of(refused)["version"]


async def test_two_people_who_take_at_once_make_one_holder(desk: Running) -> None:
    case_id = await desk.arrive(broken_promise())
    answers = await asyncio.gather(
        *(desk.post(who, f"/cases/{case_id}/take", version=1) for who in ("clerk", "senior"))
    )
    assert sorted(each.status_code for each in answers) == [200, 409]
