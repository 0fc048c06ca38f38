"""What is less than the table gives waits for a second person, never for the first."""

from typing import Any

import pytest

from shared.events.answer import Disposition
from tests.integration.desk.decisions import DECLINE, refund
from tests.integration.desk_service import Running, broken_promise, errors_of, unauthorised


@pytest.mark.parametrize(
    "wanted", [refund("50"), {"disposition": "declined", "reasons": ["own_slip"]}]
)
async def test_less_than_the_table_waits_for_a_second_person(
    desk: Running, wanted: dict[str, Any]
) -> None:
    case_id = await desk.hold("clerk", broken_promise())
    asked = await desk.act("clerk", case_id, "decide", **wanted)
    assert asked.status_code == 202
    assert await desk.decided() == []
    assert (await desk.row(case_id))["state"] == "referred"
    (approval,) = (await desk.get("clerk-2", "/approvals")).json()["approvals"]
    given = await desk.post("clerk-2", f"/approvals/{approval['approval_id']}/give")
    assert given.status_code == 200
    (event,) = await desk.decided()
    assert event.decision.disposition == wanted["disposition"]
    assert event.decision.decided_by == "clerk"
    assert given.json()["approved_by"] == "clerk-2"
    assert await desk.kinds(case_id) == [
        "deliberated",
        "taken",
        "approval_asked",
        "decided",
        "approval_given",
    ]
    again = await desk.post("clerk-2", f"/approvals/{approval['approval_id']}/give")
    assert again.status_code == 200
    assert len(await desk.decided()) == 1


async def test_nobody_approves_their_own(desk: Running) -> None:
    case_id = await desk.hold("executive", broken_promise("12000"))
    asked = await desk.act("executive", case_id, "decide", **refund("12000"))
    assert asked.status_code == 202
    path = f"/approvals/{asked.json()['approval_id']}"
    for answer, body in (("give", {}), ("refuse", {"note": "no"})):
        refused = await desk.post("executive", f"{path}/{answer}", **body)
        assert refused.status_code == 403
    await desk.key("executive", "executive")  # another key of the same owner
    assert (await desk.post("executive", f"{path}/give")).status_code == 403
    beyond = await desk.post("head", f"{path}/give")
    assert beyond.status_code == 403
    assert await desk.decided() == []
    assert (await desk.post("executive-2", f"{path}/give")).status_code == 200
    assert await desk.spent("executive") == 12000


async def test_a_refused_approval_leaves_the_case_with_the_first_person(desk: Running) -> None:
    case_id = await desk.hold("clerk", broken_promise())
    asked = await desk.act("clerk", case_id, "decide", **DECLINE)
    path = f"/approvals/{asked.json()['approval_id']}"
    assert "note" in errors_of(await desk.post("senior", f"{path}/refuse"))
    refused = await desk.post("senior", f"{path}/refuse", note="The promise is on file")
    assert refused.json()["approval"] == "refused"
    assert (await desk.post("head", f"{path}/give")).status_code == 409
    row = await desk.row(case_id)
    assert (row["state"], row["assignee"]) == ("referred", "clerk")
    assert (await desk.act("clerk", case_id, "decide", **refund("250"))).status_code == 200


async def test_an_approval_is_withdrawn_when_the_case_has_moved_on(desk: Running) -> None:
    case_id = await desk.hold("clerk", broken_promise())
    asked = await desk.act("clerk", case_id, "decide", **DECLINE)
    await desk.act("clerk", case_id, "tags", tone="rude", note="Sneers")
    path = f"/approvals/{asked.json()['approval_id']}/give"
    assert "withdrawn" in (await desk.post("senior", path)).json()["detail"]
    (approval,) = (await desk.get("senior", "/approvals?state=all")).json()["approvals"]
    assert approval["state"] == "withdrawn"
    assert await desk.decided() == []


async def test_an_automatic_answer_is_worsened_only_by_two_people_with_reasons(
    desk: Running,
) -> None:
    case_id = await desk.arrive(
        broken_promise("20"), reason="message_after_the_decision", told=True
    )
    await desk.take("head", case_id)
    bare = await desk.act("head", case_id, "decide", disposition="declined")
    assert "reasons" in errors_of(bare)
    asked = await desk.act("head", case_id, "decide", **DECLINE)
    assert asked.status_code == 202
    assert asked.json()["why"] == "worsens_the_answer_that_stands"
    await desk.post("executive", f"/approvals/{asked.json()['approval_id']}/give")
    (event,) = await desk.decided()
    assert (event.revision, event.decision.disposition) == (1, Disposition.DECLINED)
    assert (await desk.row(case_id))["revision"] == 1


async def test_what_waits_for_a_second_person_waits_once(desk: Running) -> None:
    case_id = await desk.hold("clerk", broken_promise())
    version = await desk.version(case_id)
    answers = [
        await desk.post("clerk", f"/cases/{case_id}/decide", version=version, **DECLINE)
        for _ in range(2)
    ]
    assert [each.status_code for each in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    assert await desk.pool.fetchval("SELECT count(*) FROM approvals") == 1


async def test_an_unauthorised_payment_is_kept_only_with_a_written_report_and_two_people(
    desk: Running,
) -> None:
    case_id = await desk.hold("senior", unauthorised("250"))
    bare = await desk.act("senior", case_id, "decide", **DECLINE, note="He did it himself.")
    assert "note" in errors_of(bare)
    report = "The card was used with its PIN at the customer's own address. " * 4
    asked = await desk.act("senior", case_id, "decide", **DECLINE, note=report)
    assert asked.status_code == 202
    assert await desk.decided() == []
