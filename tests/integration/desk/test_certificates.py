"""A person decides as far as their certificate reaches, and no way leads around it."""

import asyncio
from decimal import Decimal

from services.decision.desk.certificates import period_of
from shared import clock
from shared.events.answer import Basis
from tests.integration.decision_parts import Migrated
from tests.integration.desk.decisions import DECLINE, refund
from tests.integration.desk_service import Running, broken_promise, own_slip, running, unauthorised


async def test_everybody_sees_their_own_certificate(desk: Running) -> None:
    shown = (await desk.get("clerk", "/certificate")).json()
    assert (shown["role"], shown["limits"]["per_case"]) == ("clerk", "300")
    assert Decimal(shown["euros"]) == 0
    assert (await desk.get("executive", "/certificate")).json()["limits"]["per_case"] is None
    assert (await desk.get("auditor", "/certificate")).status_code == 403


async def test_beyond_the_certificate_the_answer_says_who_can(desk: Running) -> None:
    case_id = await desk.hold("clerk", broken_promise())
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
    case_id = await desk.hold("clerk", own_slip("250"))
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


async def test_granting_within_limits_is_no_exception(desk: Running) -> None:
    case_id = await desk.hold("clerk", broken_promise())
    await desk.act("clerk", case_id, "decide", **refund("250"))
    assert await desk.pool.fetchval("SELECT count(*) FROM approvals") == 0
    assert (await desk.get("head", "/approvals")).json()["approvals"] == []


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


async def test_two_desks_never_overspend_one_certificate(desk: Running, database: Migrated) -> None:
    cases = [await desk.hold("clerk", broken_promise()) for _ in range(8)]
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
    case_id = await desk.hold("clerk", broken_promise("290"))
    asked = await desk.act("clerk", case_id, "decide", **refund("200"))
    assert asked.status_code == 202
    await desk.pool.execute("UPDATE certificate_use SET euros = 5900 WHERE holder = 'clerk'")
    given = await desk.post("senior", f"/approvals/{asked.json()['approval_id']}/give")
    assert given.status_code == 409
    assert await desk.decided() == []
    assert await desk.spent("clerk") == 5900


async def test_declining_a_claim_reaches_as_far_as_the_claim(desk: Running) -> None:
    case_id = await desk.hold("clerk", own_slip("5000"))
    refused = await desk.act("clerk", case_id, "decide", **DECLINE)
    assert refused.status_code == 403
    assert "head or executive" in refused.json()["detail"]
    await desk.act("clerk", case_id, "release")
    await desk.take("head", case_id)
    assert (await desk.act("head", case_id, "decide", **DECLINE)).status_code == 200
    (event,) = await desk.decided()
    assert (event.decision.basis, event.decision.decided_by) == (Basis.CONTRACT, "head")
    assert await desk.spent("head") == 0


async def test_no_row_of_the_matrix_opens_a_way_around_a_narrower_limit(desk: Running) -> None:
    case_id = await desk.hold("clerk", unauthorised("200"))
    for situation in ("unauthorised_payment", "company_error"):
        body = refund("200", situation=situation)
        body["remedies"] = [body["remedies"][0]]
        refused = await desk.act("clerk", case_id, "decide", **body)
        assert refused.status_code == 403, situation
        assert "senior" in refused.json()["detail"]
