"""Who was only told of an answered case closes it; its answer stands."""

import pytest

from shared.events.case import Status
from shared.events.catalogue import CaseStatusChanged, Queue, Topic
from shared.events.tags import Flag
from tests.integration.desk_service import Running, broken_promise


async def test_who_was_only_told_closes_the_case_and_its_answer_stands(desk: Running) -> None:
    case_id = await desk.arrive(
        broken_promise("20", flags=(Flag.VULNERABLE,)),
        queue=Queue.SPECIALIST,
        reason="vulnerable",
        told=True,
    )
    (shown,) = (await desk.get("clerk", "/queue")).json()["cases"]
    assert shown["to_do"] == "see"
    await desk.take("clerk", case_id)
    done = await desk.act("clerk", case_id, "done")
    assert (done.json()["state"], done.json()["waiting"]) == ("decided", False)
    assert (await desk.get("clerk", "/queue")).json()["cases"] == []
    assert await desk.pool.fetchval("SELECT count(*) FROM outbox") == 0


async def test_a_reopened_case_whose_answer_stands_is_decided_again_for_the_customer(
    desk: Running,
) -> None:
    case_id = await desk.arrive(
        broken_promise("20"), reason="message_after_the_decision", told=True
    )
    await desk.take("clerk", case_id)
    assert (await desk.act("clerk", case_id, "done")).status_code == 200
    (row,) = await desk.pool.fetch("SELECT topic, body FROM outbox")
    assert row["topic"] == Topic.STATUS
    assert CaseStatusChanged.model_validate_json(row["body"]).status is Status.DECIDED


async def test_an_answered_case_that_somebody_only_passes_on_leaves_the_customer_in_peace(
    desk: Running,
) -> None:
    case_id = await desk.arrive(broken_promise("20"), reason="vulnerable", told=True)
    await desk.take("clerk", case_id)
    await desk.act("clerk", case_id, "done")
    await desk.take("clerk", case_id)
    await desk.act("clerk", case_id, "hand-over", queue="legal")
    (referral,) = await desk.referred()
    assert (referral.answered, referral.reopened) == (True, False)
    (shown,) = (await desk.get("senior", "/queue")).json()["cases"]
    assert (shown["to_do"], shown["queue"]) == ("see", "legal")
    await desk.take("senior", case_id)
    await desk.act("senior", case_id, "done")
    assert (
        await desk.pool.fetchval("SELECT count(*) FROM outbox WHERE topic = $1", Topic.STATUS) == 0
    )


async def test_a_case_without_an_answer_cannot_be_closed(desk: Running) -> None:
    case_id = await desk.hold("clerk", broken_promise())
    assert (await desk.act("clerk", case_id, "done")).status_code == 409


@pytest.mark.parametrize("reason", ["verification_unanswered", "verification_answered_late"])
async def test_who_only_had_to_see_a_late_or_empty_answer_leaves_the_customer_in_peace(
    desk: Running, reason: str
) -> None:
    case_id = await desk.arrive(broken_promise("20"), reason=reason, told=True)
    (shown,) = (await desk.get("clerk", "/queue")).json()["cases"]
    assert shown["to_do"] == "see"
    assert shown["why"].endswith(".")
    await desk.take("clerk", case_id)
    assert (await desk.act("clerk", case_id, "done")).status_code == 200
    assert await desk.pool.fetchval("SELECT count(*) FROM outbox") == 0
