"""People decide: everybody is told, the log is whole, and one decision is made once."""

import asyncio
from decimal import Decimal
from typing import Any

import orjson
import pytest

from services.decision import log
from services.decision.log import Sound
from shared.events.answer import Basis
from shared.events.case import Status
from shared.events.catalogue import CaseStatusChanged, Topic
from shared.events.tags import Tone
from tests.integration.decision_parts import Migrated
from tests.integration.desk.decisions import refund
from tests.integration.desk_service import Running, broken_promise, errors_of, own_slip, running


async def test_within_the_certificate_one_person_decides_and_everybody_is_told(
    desk: Running,
) -> None:
    case_id = await desk.hold("clerk", broken_promise())
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
    case_id = await desk.hold("clerk", broken_promise())
    assert (await desk.act("clerk", case_id, "decide", **refund("250"))).status_code == 200
    (event,) = await desk.decided()
    assert (event.decision.basis, event.decision.rule) == (
        Basis.ENTITLEMENT,
        "entitlement.broken_promise",
    )
    assert event.decision.decided_by == "clerk"
    assert event.decision.reasons == ("promise_broken", "seen")


async def test_free_text_for_staff_is_in_no_event_and_can_be_erased(desk: Running) -> None:
    case_id = await desk.hold("clerk", broken_promise())
    await desk.act("clerk", case_id, "decide", **refund("250", note="her son is ill"))
    for row in await desk.pool.fetch("SELECT body FROM outbox"):
        assert b"her son" not in bytes(row["body"])
    bodies = await desk.pool.fetch("SELECT body FROM decision_log")
    assert not any("her son" in row["body"] for row in bodies)
    shown = (await desk.get("senior", f"/cases/{case_id}")).json()
    assert shown["history"][0]["note"] == "her son is ill"


async def test_the_same_decision_again_by_the_same_person_has_the_same_answer(
    desk: Running,
) -> None:
    case_id = await desk.hold("clerk", broken_promise())
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


async def test_two_people_who_decide_at_once_make_one_decision(desk: Running) -> None:
    case_id = await desk.hold("clerk", broken_promise())
    version = await desk.version(case_id)
    answers = await asyncio.gather(
        *(
            desk.post(who, f"/cases/{case_id}/decide", version=version, **refund(euros))
            for who, euros in (("clerk", "250"), ("senior", "255"), ("clerk", "260"))
        )
    )
    assert sorted(each.status_code for each in answers) == [200, 409, 409]
    assert len(await desk.decided()) == 1


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
    case_id = await desk.hold("clerk", broken_promise())
    refused = await desk.act("clerk", case_id, "decide", **body)
    assert refused.status_code == 422, refused.text
    assert field in errors_of(refused)
    assert await desk.kinds(case_id) == ["deliberated", "taken"]


async def test_another_situation_opens_its_own_row_of_the_matrix(desk: Running) -> None:
    case_id = await desk.hold("clerk", own_slip("250"))
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
        case_id = await desk.hold("clerk", broken_promise(tone=tone))
        assert (await desk.act("clerk", case_id, "decide", **refund("260"))).status_code == 200
    polite, abusive = (event.decision for event in await desk.decided())
    assert (polite.boundary, abusive.boundary) == (False, True)
    assert (polite.remedies, polite.disposition) == (abusive.remedies, abusive.disposition)


async def test_decisions_are_sampled_and_somebody_else_reviews_them(
    desk: Running, database: Migrated
) -> None:
    everything = desk.policy.model_copy(update={"sample_share": Decimal(1)})
    async with running(database, everything) as sampling:
        case_id = await sampling.hold("senior", broken_promise())
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


async def test_every_act_is_in_a_log_that_is_whole(desk: Running) -> None:
    for who in ("clerk", "senior"):
        case_id = await desk.hold(who, broken_promise())
        await desk.act(who, case_id, "decide", **refund("250"))
    async with desk.pool.acquire() as connection:
        verdict = await log.verify(connection)
    assert isinstance(verdict, Sound)
    assert verdict.entries == 6
    body = await desk.pool.fetchval(
        "SELECT body FROM decision_log WHERE kind = 'decided' ORDER BY position LIMIT 1"
    )
    assert orjson.loads(body)["decision"]["decided_by"] == "clerk"
