"""Checks of claims on a real database: trust, the ledger, late and doubled answers, silence."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from services.decision.overdue import Overdue
from services.decision.recording import Recorder
from services.decision.store import Standing, standing
from shared.events.answer import Basis, Disposition
from shared.events.case import Facts
from shared.events.catalogue import (
    CaseClassified,
    CaseDecided,
    CaseReferred,
    Queue,
    Topic,
    VerificationRequested,
)
from shared.events.tags import Fault
from shared.postgres import connect
from tests.integration.decision_parts import NOW, PACKS, POLICY, Migrated, classified
from tests.integration.decision_service import Service, answer_to


@pytest.fixture
async def service(database: Migrated) -> AsyncIterator[Service]:
    pool = await connect(database.url("decision"), schema="decision", connections=6)
    yield Service(pool)
    await pool.close()


def _claim(claim: str = "12.50", customer: str = "C-1") -> CaseClassified:
    """Return a claim that can be checked, in which nothing says who erred."""
    facts = Facts(terms_accepted=True)
    return classified(customer=customer, fault=Fault.UNCLEAR, claim=claim, facts=facts)


async def _requests(service: Service) -> list[VerificationRequested]:
    events = await service.said(Topic.VERIFICATION_REQUESTED)
    return [event for event in events if isinstance(event, VerificationRequested)]


async def _decisions(service: Service) -> list[CaseDecided]:
    return [e for e in await service.said(Topic.DECIDED) if isinstance(e, CaseDecided)]


async def _referrals(service: Service) -> list[CaseReferred]:
    return [e for e in await service.said(Topic.REFERRED) if isinstance(e, CaseReferred)]


async def _ledger(service: Service) -> list[str]:
    return [
        row["state"]
        for row in await service.pool.fetch("SELECT state FROM ledger ORDER BY granted_at")
    ]


async def _standing(service: Service, case_id: UUID) -> Standing:
    async with service.pool.acquire() as connection, connection.transaction():
        return (await standing(connection, [case_id]))[case_id]


async def _trusted(service: Service) -> VerificationRequested:
    """Let a small claim be granted on trust."""
    await service.take(_claim())
    return (await _requests(service))[-1]


async def _checked_first(service: Service) -> VerificationRequested:
    """Let a claim wait for its check: this customer was contradicted before."""
    request = await _trusted(service)
    await service.take(answer_to(request, "contradicted"))
    await service.take(_claim("95"))
    return (await _requests(service))[-1]


async def test_a_small_claim_is_granted_now_and_checked_in_the_background(
    service: Service,
) -> None:
    request = await _trusted(service)
    (decided,) = await _decisions(service)
    assert decided.decision.basis is Basis.TRUST
    assert (request.purpose, request.question) == ("background", "unclear")
    assert request.answer_by is not None
    assert request.answer_by - request.requested_at == POLICY.verification.background_within
    row = await service.pool.fetchrow("SELECT * FROM ledger JOIN verifications USING (case_id)")
    assert row is not None
    assert (row["state"], row["euros"]) == ("provisional", Decimal("12.50"))
    assert row["next_attempt_at"] is None  # nobody calls the bank where no address is set


async def test_a_verified_grant_is_settled_and_nobody_hears_of_it(service: Service) -> None:
    request = await _trusted(service)
    before = await service.told()
    await service.take(answer_to(request, "verified"))
    assert await _ledger(service) == ["verified"]
    assert await service.told() == before
    row = await service.pool.fetchrow("SELECT answer, answered_at FROM verifications")
    assert row is not None
    assert row["answer"] == "verified"


async def test_a_contradicted_grant_is_reviewed_and_nothing_is_taken_back(
    service: Service,
) -> None:
    request = await _trusted(service)
    await service.take(answer_to(request, "contradicted"))
    (referred,) = await _referrals(service)
    assert (referred.reason, referred.answered) == ("trust_contradicted", True)
    assert referred.queue is Queue.REVIEW
    row = await service.case(request.case_id)
    assert (row["state"], row["waiting"], row["revision"]) == ("decided", True, 0)
    assert await _ledger(service) == ["contradicted"]
    assert len(await _decisions(service)) == 1


async def test_nobody_is_contradicted_without_something_that_shows_it(service: Service) -> None:
    request = await _trusted(service)
    await service.take(answer_to(request, "contradicted", evidence=" "))
    assert await _ledger(service) == ["unanswered"]
    (referred,) = await _referrals(service)
    assert referred.reason == "verification_unanswered"


async def test_contradicted_claims_lower_the_trust_of_the_next(service: Service) -> None:
    request = await _checked_first(service)
    assert request.purpose == "first"
    row = await service.case(request.case_id)
    assert (row["state"], row["waiting"]) == ("verifying", False)
    assert len(await _decisions(service)) == 1
    other = _claim("95", customer="C-2")
    await service.take(other)
    assert (await service.case(other.case_id))["state"] == "decided"


async def test_a_claim_that_was_verified_first_is_decided_as_shown(service: Service) -> None:
    request = await _checked_first(service)
    await service.take(answer_to(request, "verified"))
    decided = (await _decisions(service))[-1]
    assert decided.case_id == request.case_id
    assert (decided.decision.disposition, decided.decision.basis) == (
        Disposition.UPHELD,
        Basis.ENTITLEMENT,
    )
    assert (await service.case(request.case_id))["state"] == "decided"


async def test_what_follows_from_an_answer_is_said_again_with_the_message_it_is_about(
    service: Service,
) -> None:
    request = await _checked_first(service)
    await service.take(answer_to(request, "verified"))
    causes = await service.pool.fetch(
        "SELECT DISTINCT cause_id FROM outbox WHERE subject = $1", str(request.case_id)
    )
    assert len(causes) == 1


async def test_a_claim_that_was_contradicted_first_goes_to_a_person(service: Service) -> None:
    request = await _checked_first(service)
    await service.take(answer_to(request, "contradicted"))
    referred = (await _referrals(service))[-1]
    assert (referred.reason, referred.answered) == ("facts_contradict", False)
    assert (await service.case(request.case_id))["state"] == "referred"


async def test_a_claim_of_which_the_bank_knows_nothing_goes_to_a_person_with_the_proposal(
    service: Service,
) -> None:
    request = await _checked_first(service)
    await service.take(answer_to(request, "unknown"))
    referred = (await _referrals(service))[-1]
    assert referred.reason == "verification_unanswered"
    assert referred.proposal is not None
    assert referred.proposal.disposition is Disposition.UPHELD


async def test_facts_in_the_answer_are_merged_and_the_case_is_decided_on_them(
    service: Service,
) -> None:
    request = await _checked_first(service)
    outage = Facts(
        incident="INC-7", incident_from=NOW - timedelta(hours=9), due_at=NOW - timedelta(hours=8)
    )
    await service.take(answer_to(request, "verified", outage))
    entries = await service.pool.fetch(
        "SELECT inputs FROM decision_log WHERE case_id = $1 AND inputs <> '' ORDER BY position",
        request.case_id,
    )
    merged = CaseClassified.model_validate_json(entries[-1]["inputs"])
    assert merged.facts.incident == "INC-7"
    assert merged.facts.terms_accepted is True
    decided = (await _decisions(service))[-1]
    assert decided.decision.basis is Basis.ENTITLEMENT


@pytest.mark.parametrize("answer", ["verified", "contradicted", "unknown"])
async def test_a_second_answer_changes_nothing_and_is_logged(service: Service, answer: str) -> None:
    request = await _trusted(service)
    await service.take(answer_to(request, "verified"), answer_to(request, answer))
    before = await service.told()
    await service.take(answer_to(request, answer))
    assert await service.told() == before
    assert await _ledger(service) == ["verified"]
    effects = [
        body["effect"]
        for kind, body in await service.log(request.case_id)
        if kind == "verification_completed"
    ]
    assert effects == ["taken", "repeated", "repeated"]


async def test_an_answer_without_its_question_s_id_is_found_by_its_case(service: Service) -> None:
    request = await _trusted(service)
    await service.take(answer_to(request, "verified", verification_id=None))
    assert await _ledger(service) == ["verified"]


async def test_an_answer_to_no_question_of_ours_is_harmless_and_logged(service: Service) -> None:
    request = await _trusted(service)
    before = await service.told()
    stray = uuid4()
    await service.take(
        answer_to(request, "contradicted", verification_id=uuid4()),
        answer_to(request, "contradicted", case_id=stray),
    )
    assert await service.told() == before
    assert await _ledger(service) == ["provisional"]
    ((kind, body),) = await service.log(stray)
    assert (kind, body["effect"]) == ("verification_completed", "to no question of ours")


async def test_a_message_during_the_check_is_kept_and_the_answer_decides_once(
    service: Service,
) -> None:
    request = await _checked_first(service)
    more = classified(request.case_id, sequence=1, fault=Fault.UNCLEAR, claim=None, facts=Facts())
    await service.take(more)
    assert (await service.case(request.case_id))["state"] == "verifying"
    await service.take(answer_to(request, "verified"))
    decided = [each for each in await _decisions(service) if each.case_id == request.case_id]
    assert [(each.revision, each.sequence) for each in decided] == [(0, 1)]


async def _look(service: Service) -> bool:
    return await Overdue(service.parts, Recorder(lambda: POLICY, PACKS)).look()


async def _let_time_pass(service: Service) -> None:
    await service.pool.execute("UPDATE verifications SET answer_by = now() - interval '1 s'")
    await service.pool.execute(
        "UPDATE cases SET answer_due_at = now() - interval '1 s' WHERE state = 'asked'"
    )


async def test_a_silent_check_leaves_the_grant_and_tells_a_person_once(service: Service) -> None:
    request = await _trusted(service)
    await _look(service)
    assert await _referrals(service) == []
    await _let_time_pass(service)
    await _look(service)
    await _look(service)
    (referred,) = await _referrals(service)
    assert (referred.reason, referred.answered) == ("verification_overdue", True)
    assert await _ledger(service) == ["unanswered"]
    row = await service.case(request.case_id)
    assert (row["state"], row["waiting"], row["decided_by"]) == ("decided", True, "policy")
    assert len(await _decisions(service)) == 1


async def test_silence_about_a_case_that_waits_for_it_brings_a_person_and_no_decision(
    service: Service,
) -> None:
    request = await _checked_first(service)
    await _let_time_pass(service)
    await _look(service)
    referred = next(e for e in await _referrals(service) if e.case_id == request.case_id)
    assert (referred.reason, referred.answered) == ("verification_unanswered", False)
    assert referred.proposal is not None
    assert (await service.case(request.case_id))["state"] == "referred"
    assert [each.case_id for each in await _decisions(service)].count(request.case_id) == 0


async def test_an_answer_after_its_time_is_shown_to_the_person_who_has_the_case(
    service: Service,
) -> None:
    request = await _checked_first(service)
    await _let_time_pass(service)
    await _look(service)
    await service.take(answer_to(request, "verified"))
    referred = (await _referrals(service))[-1]
    assert (referred.case_id, referred.reason) == (request.case_id, "verification_answered_late")
    assert [each.case_id for each in await _decisions(service)].count(request.case_id) == 0


async def test_what_people_are_to_see_keeps_its_place_when_more_is_found(
    service: Service,
) -> None:
    request = await _trusted(service)
    await _let_time_pass(service)
    await _look(service)
    since = (await service.case(request.case_id))["referred_at"]
    await service.take(answer_to(request, "contradicted"))
    row = await service.case(request.case_id)
    assert (row["reason"], row["referred_at"]) == ("trust_contradicted", since)


async def test_a_late_answer_still_settles_the_ledger(service: Service) -> None:
    request = await _trusted(service)
    await _let_time_pass(service)
    await _look(service)
    await service.take(answer_to(request, "verified"))
    assert await _ledger(service) == ["verified"]


async def test_a_customer_who_was_asked_in_vain_gets_a_person(service: Service) -> None:
    case = classified(fault=Fault.UNCLEAR, facts=Facts())
    await service.take(case)
    await _look(service)
    assert await _referrals(service) == []
    await _let_time_pass(service)
    await _look(service)
    await _look(service)
    (referred,) = await _referrals(service)
    assert (referred.reason, referred.answered) == ("question_unanswered", False)
    assert referred.proposal is not None
    row = await service.case(case.case_id)
    assert (row["state"], row["waiting"]) == ("referred", True)
    assert await _decisions(service) == []


async def test_only_one_of_many_instances_tells_of_the_silence(service: Service) -> None:
    for number in range(5):
        await service.take(_claim(customer=f"C-{number}"))
    await _let_time_pass(service)
    async with service.pool.acquire() as connection, connection.transaction():
        # Another instance is at it.
        assert await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", 0x4556_4F56_4552)
        assert not await _look(service)
        assert await _referrals(service) == []
    await _look(service)
    assert len(await _referrals(service)) == 5


async def test_what_the_bank_found_can_be_erased_and_is_not_in_the_entry_itself(
    service: Service,
) -> None:
    request = await _trusted(service)
    found = Facts(rejected_by="Bank of Maria")
    await service.take(answer_to(request, "verified", found, evidence="seen by Maria"))
    row = await service.pool.fetchrow(
        "SELECT body, inputs FROM decision_log WHERE kind = 'verification_completed'"
    )
    assert row is not None
    assert "Maria" not in row["body"]
    assert row["inputs"].count("Maria") == 2


async def test_a_contradiction_does_not_hide_that_the_customer_has_written_since(
    service: Service,
) -> None:
    request = await _trusted(service)
    await service.take(
        classified(request.case_id, sequence=1, fault=Fault.CUSTOMER, claim=None, facts=Facts())
    )
    waits = await service.case(request.case_id)
    assert waits["reason"] == "message_after_the_decision"
    await service.take(answer_to(request, "contradicted"))
    row = await service.case(request.case_id)
    assert (row["reason"], row["answer_due_at"]) == (waits["reason"], waits["answer_due_at"])
    referred = (await _referrals(service))[-1]
    assert (referred.reason, referred.answered) == ("trust_contradicted", False)
    assert referred.reopened


@pytest.mark.parametrize("late", [False, True])
async def test_whoever_sees_an_answered_check_has_nothing_to_decide(
    service: Service, *, late: bool
) -> None:
    request = await _trusted(service)
    if late:
        await _let_time_pass(service)
        await _look(service)
    await service.take(answer_to(request, "contradicted" if late else "unknown"))
    row = await service.case(request.case_id)
    held = await _standing(service, request.case_id)
    assert row["waiting"]
    assert not held.customer_waits
