"""People decide: within certificates alone, otherwise with a second person, never both at once."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest

from services.decision import log
from services.decision.desk.certificates import period_of
from services.decision.log import Sound
from shared import clock
from shared.events.answer import Basis, Disposition
from shared.events.case import Status
from shared.events.catalogue import CaseStatusChanged, Topic
from shared.events.tags import Tone
from tests.integration.decision_parts import Migrated
from tests.integration.desk_service import (
    Running,
    broken_promise,
    errors_of,
    own_slip,
    running,
    unauthorised,
)


@pytest.fixture
async def desk(database: Migrated) -> AsyncIterator[Running]:
    async with running(database) as started:
        yield started


def refund(euros: str, **more: object) -> dict[str, Any]:
    """Return a decision as the table has it for a broken promise, but for the sum refunded."""
    return {
        "disposition": "upheld",
        "remedies": [
            {"kind": "refund", "money": {"amount": euros, "currency": "EUR"}},
            {"kind": "expedite"},
            {"kind": "credit", "money": {"amount": "5", "currency": "EUR"}},
            {"kind": "apology"},
            {"kind": "explanation"},
        ],
        "reasons": ["seen"],
        **more,
    }


DECLINE: dict[str, Any] = {"disposition": "declined", "reasons": ["own_slip_by_contract"]}


async def open_case(desk: Running, who: str, euros: str = "250") -> UUID:
    case_id = await desk.arrive(broken_promise(euros))
    await desk.take(who, case_id)
    return case_id


async def test_within_the_certificate_one_person_decides_and_everybody_is_told(
    desk: Running,
) -> None:
    case_id = await open_case(desk, "clerk")
    decided = await desk.act("clerk", case_id, "decide", **refund("260", note="called her"))
    assert decided.status_code == 200
    assert decided.json()["revision"] == 0
    (event,) = await desk.decided()
    assert (event.decision.basis, event.decision.decided_by) == (Basis.PERSON, "clerk")
    assert event.decision.reasons == ("seen",)
    (status,) = await desk.pool.fetch("SELECT body FROM outbox WHERE topic = $1", Topic.STATUS)
    assert CaseStatusChanged.model_validate_json(status["body"]).status is Status.DECIDED
    row = await desk.row(case_id)
    assert (row["state"], row["waiting"], row["assignee"]) == ("decided", False, None)
    assert (row["decided_by"], row["revision"]) == ("clerk", 0)
    assert await desk.spent("clerk") == 265
    assert await desk.kinds(case_id) == ["deliberated", "taken", "decided"]
    assert (await desk.get("clerk", "/queue")).json()["cases"] == []


async def test_what_confirms_the_proposal_keeps_its_basis_and_names_the_person(
    desk: Running,
) -> None:
    case_id = await open_case(desk, "clerk")
    assert (await desk.act("clerk", case_id, "decide", **refund("250"))).status_code == 200
    (event,) = await desk.decided()
    assert (event.decision.basis, event.decision.rule) == (
        Basis.ENTITLEMENT,
        "entitlement.broken_promise",
    )
    assert event.decision.decided_by == "clerk"
    assert event.decision.reasons == ("promise_broken", "seen")


async def test_free_text_for_staff_is_in_no_event_and_can_be_erased(desk: Running) -> None:
    case_id = await open_case(desk, "clerk")
    await desk.act("clerk", case_id, "decide", **refund("250", note="her son is ill"))
    for row in await desk.pool.fetch("SELECT body FROM outbox"):
        assert b"her son" not in bytes(row["body"])
    bodies = await desk.pool.fetch("SELECT body FROM decision_log")
    assert not any("her son" in row["body"] for row in bodies)
    shown = (await desk.get("senior", f"/cases/{case_id}")).json()
    assert shown["history"][0]["note"] == "her son is ill"


async def test_beyond_the_certificate_the_answer_says_who_can(desk: Running) -> None:
    case_id = await open_case(desk, "clerk")
    refused = await desk.act("clerk", case_id, "decide", **refund("301"))
    assert refused.status_code == 403
    assert "senior" in refused.json()["detail"]
    assert "clerk or" not in refused.json()["detail"]
    assert await desk.kinds(case_id) == ["deliberated", "taken"]
    await desk.act("clerk", case_id, "release")
    await desk.take("senior", case_id)
    assert (await desk.act("senior", case_id, "decide", **refund("301"))).status_code == 200


async def test_granting_more_than_the_table_within_the_certificate_needs_nobody(
    desk: Running,
) -> None:
    case_id = await desk.arrive(own_slip("250"))
    await desk.take("clerk", case_id)
    given = await desk.act(
        "clerk",
        case_id,
        "decide",
        disposition="goodwill",
        remedies=[{"kind": "fee_waiver", "money": {"amount": "250", "currency": "EUR"}}],
        note="first time in ten years",
    )
    assert given.status_code == 200
    (event,) = await desk.decided()
    assert event.decision.reasons == ("decided_by_a_person",)
    assert (await desk.row(case_id))["goodwill_eur"] == 250


@pytest.mark.parametrize(
    "wanted", [refund("50"), {"disposition": "declined", "reasons": ["own_slip"]}]
)
async def test_less_than_the_table_waits_for_a_second_person(
    desk: Running, wanted: dict[str, Any]
) -> None:
    case_id = await open_case(desk, "clerk")
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
    case_id = await open_case(desk, "executive", "12000")
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
    case_id = await open_case(desk, "clerk")
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
    case_id = await open_case(desk, "clerk")
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


async def test_one_person_betters_an_automatic_answer_and_spends_only_the_difference(
    desk: Running,
) -> None:
    case_id = await desk.arrive(
        broken_promise("20"), reason="message_after_the_decision", told=True
    )
    await desk.take("clerk", case_id)
    assert (await desk.act("clerk", case_id, "decide", **refund("60"))).status_code == 200
    (event,) = await desk.decided()
    assert event.revision == 1
    assert await desk.spent("clerk") == 40


async def test_the_same_decision_again_by_the_same_person_has_the_same_answer(
    desk: Running,
) -> None:
    case_id = await open_case(desk, "clerk")
    version = await desk.version(case_id)
    path, body = f"/cases/{case_id}/decide", {"version": version, **refund("250")}
    first = await desk.post("clerk", path, **body)
    second = await desk.post("clerk", path, **body)
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    other = await desk.post("clerk", path, **{**body, "reasons": ["another"]})
    assert other.status_code == 409
    assert (await desk.post("senior", path, **body)).status_code == 409
    assert len(await desk.decided()) == 1
    assert await desk.spent("clerk") == 250


async def test_what_waits_for_a_second_person_waits_once(desk: Running) -> None:
    case_id = await open_case(desk, "clerk")
    version = await desk.version(case_id)
    answers = [
        await desk.post("clerk", f"/cases/{case_id}/decide", version=version, **DECLINE)
        for _ in range(2)
    ]
    assert [each.status_code for each in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    assert await desk.pool.fetchval("SELECT count(*) FROM approvals") == 1


async def test_two_people_who_decide_at_once_make_one_decision(desk: Running) -> None:
    case_id = await open_case(desk, "clerk")
    version = await desk.version(case_id)
    answers = await asyncio.gather(
        *(
            desk.post(who, f"/cases/{case_id}/decide", version=version, **refund(euros))
            for who, euros in (("clerk", "250"), ("senior", "255"), ("clerk", "260"))
        )
    )
    assert sorted(each.status_code for each in answers) == [200, 409, 409]
    assert len(await desk.decided()) == 1


async def test_two_people_who_take_at_once_make_one_holder(desk: Running) -> None:
    case_id = await desk.arrive(broken_promise())
    answers = await asyncio.gather(
        *(desk.post(who, f"/cases/{case_id}/take", version=1) for who in ("clerk", "senior"))
    )
    assert sorted(each.status_code for each in answers) == [200, 409]


async def test_two_desks_never_overspend_one_certificate(desk: Running, database: Migrated) -> None:
    cases = [await open_case(desk, "clerk") for _ in range(8)]
    await desk.pool.execute(
        "INSERT INTO certificate_use VALUES ('clerk', $1, 5499, 21)", period_of(clock.now())
    )
    async with running(database) as other:
        answers = await asyncio.gather(
            *(
                (other if number % 2 else desk).act("clerk", case_id, "decide", **refund("250"))
                for number, case_id in enumerate(cases)
            )
        )
    assert sorted(each.status_code for each in answers) == [200] * 2 + [403] * 6
    assert await desk.spent("clerk") == 5999
    assert len(await desk.decided()) == 2


async def test_a_certificate_that_was_spent_meanwhile_stops_an_approved_decision(
    desk: Running,
) -> None:
    case_id = await open_case(desk, "clerk", "290")
    asked = await desk.act("clerk", case_id, "decide", **refund("200"))
    assert asked.status_code == 202
    await desk.pool.execute("UPDATE certificate_use SET euros = 5900 WHERE holder = 'clerk'")
    given = await desk.post("senior", f"/approvals/{asked.json()['approval_id']}/give")
    assert given.status_code == 409
    assert await desk.decided() == []
    assert await desk.spent("clerk") == 5900


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"disposition": "service_ended", "reasons": ["rude"]}, "disposition"),
        ({"disposition": "upheld", "reasons": ["x_1"]}, "remedies"),
        (refund("250", reasons=[]), "reasons"),
        (refund("250", reasons=["Free text"]), "reasons.0"),
        (refund("250", note=" "), "note"),
        (refund("-1"), "remedies.0.money.amount"),
        (refund("0"), "remedies.0.money.amount"),
        (refund("1.001"), "remedies.0.money.amount"),
        (refund("250", situation="weather"), "situation"),
        (refund("250", disposition="declined"), "remedies.0.money"),
        (
            {
                "disposition": "upheld",
                "reasons": ["ok"],
                "remedies": [{"kind": "restored_grace"}],
            },
            "remedies.0.kind",
        ),
        (
            {
                "disposition": "upheld",
                "reasons": ["ok"],
                "remedies": [{"kind": "refund", "money": {"amount": "1", "currency": "JPY"}}],
            },
            "remedies.0.money.currency",
        ),
        (
            {
                "disposition": "upheld",
                "reasons": ["ok"],
                "remedies": [{"kind": "apology"}, {"kind": "apology"}],
            },
            "remedies",
        ),
    ],
)
async def test_a_decision_that_cannot_be_is_refused_by_its_field(
    desk: Running, body: dict[str, Any], field: str
) -> None:
    case_id = await open_case(desk, "clerk")
    refused = await desk.act("clerk", case_id, "decide", **body)
    assert refused.status_code == 422, refused.text
    assert field in errors_of(refused)
    assert await desk.kinds(case_id) == ["deliberated", "taken"]


async def test_another_situation_opens_its_own_row_of_the_matrix(desk: Running) -> None:
    case_id = await desk.arrive(own_slip("250"))
    await desk.take("clerk", case_id)
    body = refund("250", situation="company_error")
    body["remedies"] = [
        {"kind": "restored_grace"},
        {"kind": "fee_waiver", "money": {"amount": "250", "currency": "EUR"}},
    ]
    assert (await desk.act("clerk", case_id, "decide", **body)).status_code == 200
    (event,) = await desk.decided()
    assert "company_error" in (event.decision.row or "")
    assert (await desk.row(case_id))["goodwill_eur"] is None


async def test_who_has_not_taken_a_case_does_not_decide_it(desk: Running) -> None:
    case_id = await desk.arrive(broken_promise())
    assert (await desk.act("clerk", case_id, "decide", **refund("250"))).status_code == 409
    await desk.take("senior", case_id)
    assert (await desk.act("clerk", case_id, "decide", **refund("250"))).status_code == 409


async def test_conduct_puts_the_boundary_into_a_persons_answer_and_changes_nothing_else(
    desk: Running,
) -> None:
    for tone in (Tone.COURTEOUS, Tone.ABUSIVE):
        case_id = await desk.arrive(broken_promise(tone=tone))
        await desk.take("clerk", case_id)
        assert (await desk.act("clerk", case_id, "decide", **refund("260"))).status_code == 200
    polite, abusive = (event.decision for event in await desk.decided())
    assert (polite.boundary, abusive.boundary) == (False, True)
    assert (polite.remedies, polite.disposition) == (abusive.remedies, abusive.disposition)


async def test_decisions_are_sampled_and_somebody_else_reviews_them(
    desk: Running, database: Migrated
) -> None:
    everything = desk.policy.model_copy(update={"sample_share": Decimal(1)})
    async with running(database, everything) as sampling:
        case_id = await open_case(sampling, "senior")
        await sampling.act("senior", case_id, "decide", **refund("250"))
        (sample,) = (await sampling.get("auditor", "/samples?reviewed=false")).json()["samples"]
        path = f"/samples/{sample['position']}/review"
        assert (await sampling.post("senior", path, finding="fine")).status_code == 403
        assert (await sampling.post("clerk", path, finding="fine")).status_code == 403
        reviewed = await sampling.post("head", path, finding="Well explained.")
        assert reviewed.status_code == 200
        assert (await sampling.post("auditor", path, finding="No.")).status_code == 409
        (sample,) = (await sampling.get("head", "/samples")).json()["samples"]
        assert (sample["reviewed_by"], sample["finding"]) == ("head", "Well explained.")


async def test_granting_within_limits_is_no_exception(desk: Running) -> None:
    case_id = await open_case(desk, "clerk")
    await desk.act("clerk", case_id, "decide", **refund("250"))
    assert await desk.pool.fetchval("SELECT count(*) FROM approvals") == 0
    assert (await desk.get("head", "/approvals")).json()["approvals"] == []


async def test_every_act_is_in_a_log_that_is_whole(desk: Running) -> None:
    for who in ("clerk", "senior"):
        case_id = await open_case(desk, who)
        await desk.act(who, case_id, "decide", **refund("250"))
    async with desk.pool.acquire() as connection:
        verdict = await log.verify(connection)
    assert isinstance(verdict, Sound)
    assert verdict.entries == 6
    body = await desk.pool.fetchval(
        "SELECT body FROM decision_log WHERE kind = 'decided' ORDER BY position LIMIT 1"
    )
    assert orjson.loads(body)["decision"]["decided_by"] == "clerk"


async def test_declining_a_claim_reaches_as_far_as_the_claim(desk: Running) -> None:
    case_id = await desk.arrive(own_slip("5000"))
    await desk.take("clerk", case_id)
    refused = await desk.act("clerk", case_id, "decide", **DECLINE)
    assert refused.status_code == 403
    assert "head or executive" in refused.json()["detail"]
    await desk.act("clerk", case_id, "release")
    await desk.take("head", case_id)
    assert (await desk.act("head", case_id, "decide", **DECLINE)).status_code == 200
    (event,) = await desk.decided()
    assert (event.decision.basis, event.decision.decided_by) == (Basis.CONTRACT, "head")
    assert await desk.spent("head") == 0


async def test_an_unauthorised_payment_is_kept_only_with_a_written_report_and_two_people(
    desk: Running,
) -> None:
    case_id = await desk.arrive(unauthorised("250"))
    await desk.take("senior", case_id)
    bare = await desk.act("senior", case_id, "decide", **DECLINE, note="He did it himself.")
    assert "note" in errors_of(bare)
    report = "The card was used with its PIN at the customer's own address. " * 4
    asked = await desk.act("senior", case_id, "decide", **DECLINE, note=report)
    assert asked.status_code == 202
    assert await desk.decided() == []


async def test_no_row_of_the_matrix_opens_a_way_around_a_narrower_limit(desk: Running) -> None:
    case_id = await desk.arrive(unauthorised("200"))
    await desk.take("clerk", case_id)
    for situation in ("unauthorised_payment", "company_error"):
        body = refund("200", situation=situation)
        body["remedies"] = [body["remedies"][0]]
        refused = await desk.act("clerk", case_id, "decide", **body)
        assert refused.status_code == 403, situation
        assert "senior" in refused.json()["detail"]
