"""What always takes two people: ending a customer's service, and taking something back."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.events.answer import Basis, Disposition
from shared.events.fault import Fault
from shared.events.tags import Pressure, Tone
from tests.integration.decision_parts import NOW
from tests.integration.desk_service import Running, broken_promise, errors_of, own_slip

ANALYSIS = "He threatened the courier at the door on three visits. " * 5
ENDING: dict[str, Any] = {"analysis": ANALYSIS, "cause": "threats:courier"}


async def threatened(desk: Running, who: str = "senior") -> UUID:
    """Bring a case in which nothing is owed and a customer threatens."""
    case_id = await desk.arrive(
        own_slip(tone=Tone.ABUSIVE, pressure=Pressure.VIOLENCE), reason="violence"
    )
    await desk.take(who, case_id)
    return case_id


async def test_a_service_is_ended_by_two_people_with_an_analysis_and_a_cause(
    desk: Running,
) -> None:
    case_id = await threatened(desk)
    asked = await desk.act("senior", case_id, "end-service", **ENDING)
    assert asked.status_code == 202
    assert await desk.decided() == []
    (approval,) = (await desk.get("head", "/approvals")).json()["approvals"]
    assert (approval["kind"], approval["analysis"]) == ("service_ended", ANALYSIS)
    path = f"/approvals/{approval['approval_id']}/give"
    assert (await desk.post("senior", path)).status_code == 403
    assert (await desk.post("clerk", path)).status_code == 403
    given = await desk.post("head", path)
    assert given.status_code == 200
    (event,) = await desk.decided()
    decision = event.decision
    assert (decision.disposition, decision.basis) == (Disposition.SERVICE_ENDED, Basis.PERSON)
    assert (decision.decided_by, decision.recourse) == ("senior", True)
    for row in await desk.pool.fetch("SELECT body FROM outbox"):
        assert b"courier at the door" not in bytes(row["body"])


@pytest.mark.parametrize("analysis", ["He was rude.", " " * 300 + "short", "x" * 199])
async def test_an_ending_without_an_analysis_is_refused(desk: Running, analysis: str) -> None:
    case_id = await threatened(desk)
    refused = await desk.act(
        "senior", case_id, "end-service", analysis=analysis, cause="threats:courier"
    )
    assert "analysis" in errors_of(refused)
    bare = await desk.act("senior", case_id, "end-service", analysis=ANALYSIS)
    assert "cause" in errors_of(bare)
    assert await desk.pool.fetchval("SELECT count(*) FROM approvals") == 0


@pytest.mark.parametrize("fault", [Fault.COMPANY, Fault.SHARED])
async def test_no_service_ends_while_the_case_is_tagged_with_the_companys_fault(
    desk: Running, fault: Fault
) -> None:
    case_id = await threatened(desk)
    corrected = await desk.act("senior", case_id, "tags", fault=fault, note="Seen")
    assert corrected.status_code == 200
    refused = await desk.act("senior", case_id, "end-service", **ENDING)
    assert refused.status_code == 409
    assert "rule.company_fault_tagged" in errors_of(refused)


async def test_no_service_ends_while_something_is_owed(desk: Running) -> None:
    case_id = await desk.arrive(broken_promise(pressure=Pressure.VIOLENCE))
    await desk.take("senior", case_id)
    await desk.act("senior", case_id, "tags", fault="customer", note="Seen")
    refused = await desk.act("senior", case_id, "end-service", **ENDING)
    assert refused.status_code == 409
    assert "rule.entitlement_open" in errors_of(refused)


async def test_no_service_ends_while_a_cause_of_the_case_is_open(desk: Running) -> None:
    case_id = await threatened(desk)
    asked = await desk.act("senior", case_id, "end-service", **ENDING)
    await desk.pool.execute(
        "INSERT INTO causes (key, title, state, first_seen) VALUES ('k', 'K', 'confirmed', $1)", NOW
    )
    await desk.pool.execute(
        """
        INSERT INTO case_causes (case_id, key, customer_id, received_at, euros, suggested_by)
        VALUES ($1, 'k', 'C', $2, 0, 'rule')
        """,
        case_id,
        NOW,
    )
    path = f"/approvals/{asked.json()['approval_id']}/give"
    for refused in (
        await desk.post("head", path),
        await desk.act("senior", case_id, "end-service", **ENDING),
    ):
        assert refused.status_code == 409
        assert "rule.cause_open" in errors_of(refused)
    await desk.pool.execute("UPDATE causes SET state = 'removed'")
    assert (await desk.post("head", path)).status_code == 200


async def granted_on_trust(desk: Running, state: str, evidence: str | None) -> tuple[UUID, UUID]:
    """Return a case that was granted on trust, and the grant in the ledger."""
    case_id = await desk.arrive(broken_promise("20"), reason="trust_contradicted", told=True)
    identity = uuid4()
    await desk.pool.execute(
        """
        INSERT INTO verifications (verification_id, cause_id, case_id, customer_id, purpose,
                                   checkable, request, asked_at, answer_by, answer, evidence)
        VALUES ($1, $1, $2, 'C', 'background', true, '{}', $3, $3, 'contradicted', $4)
        """,
        identity,
        case_id,
        NOW,
        evidence,
    )
    await desk.pool.execute(
        """
        INSERT INTO ledger (verification_id, case_id, customer_id, euros, remedies, state,
                            granted_at)
        VALUES ($1, $2, 'C', 20, '[]', $3, $4)
        """,
        identity,
        case_id,
        state,
        NOW,
    )
    return case_id, identity


async def test_a_contradicted_grant_is_taken_back_by_two_people_and_the_customer_is_told(
    desk: Running,
) -> None:
    case_id, grant = await granted_on_trust(desk, "contradicted", "No such payment was made.")
    (shown,) = (await desk.get("clerk", "/ledger?state=contradicted")).json()["ledger"]
    assert shown["evidence"] == "No such payment was made."
    path = f"/ledger/{grant}/take-back"
    version = await desk.version(case_id)
    bare = await desk.post("clerk", path, version=version, reasons=[])
    assert "reasons" in errors_of(bare)
    asked = await desk.post("clerk", path, version=version, reasons=["claim_contradicted"])
    assert asked.status_code == 202
    assert await desk.pool.fetchval("SELECT state FROM ledger") == "contradicted"
    give = f"/approvals/{asked.json()['approval_id']}/give"
    assert (await desk.post("clerk", give)).status_code == 403
    assert (await desk.post("clerk-2", give)).status_code == 200
    assert await desk.pool.fetchval("SELECT state FROM ledger") == "taken_back"
    (event,) = await desk.decided()
    assert (event.revision, event.decision.decided_by) == (1, "clerk")
    assert (event.decision.disposition, event.decision.basis) == (
        Disposition.DECLINED,
        Basis.CONTRACT,
    )
    assert "taken_back" in await desk.kinds(case_id)
    again = await desk.post("clerk", path, version=version + 2, reasons=["claim_contradicted"])
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("state", "evidence"),
    [
        ("provisional", "e"),
        ("verified", "e"),
        ("unanswered", "e"),
        ("taken_back", "e"),
        ("contradicted", None),
        ("contradicted", ""),
    ],
)
async def test_without_a_contradiction_and_its_evidence_nothing_is_taken_back(
    desk: Running, state: str, evidence: str | None
) -> None:
    case_id, grant = await granted_on_trust(desk, state, evidence)
    refused = await desk.post(
        "head",
        f"/ledger/{grant}/take-back",
        version=await desk.version(case_id),
        reasons=["claim_contradicted"],
    )
    assert refused.status_code == 409
    assert await desk.pool.fetchval("SELECT count(*) FROM approvals") == 0


async def test_by_default_nothing_is_taken_back(desk: Running) -> None:
    case_id, _ = await granted_on_trust(desk, "contradicted", "No such payment was made.")
    await desk.take("clerk", case_id)
    assert (await desk.act("clerk", case_id, "done")).status_code == 200
    assert await desk.pool.fetchval("SELECT state FROM ledger") == "contradicted"
    assert await desk.decided() == []
