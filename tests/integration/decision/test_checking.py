"""Checks of claims on a real database: trust, the ledger, doubled and contradicting answers."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from shared.events.answer import Basis, Disposition
from shared.events.case import Facts
from shared.events.catalogue import CaseClassified, Queue
from shared.events.tags import Fault
from tests.integration.decision.checks import (
    checked_first,
    claim_of,
    ledger_of,
    trusted,
)
from tests.integration.decision_parts import NOW, POLICY, classified
from tests.integration.decision_service import Service, answer_to


async def test_a_small_claim_is_granted_now_and_checked_in_the_background(
    service: Service,
) -> None:
    request = await trusted(service)
    (decided,) = await service.decided()
    assert decided.decision.basis is Basis.TRUST
    assert (request.purpose, request.question) == ("background", "unclear")
    assert request.answer_by is not None
    assert request.answer_by - request.requested_at == POLICY.verification.background_within
    row = await service.pool.fetchrow("SELECT * FROM ledger JOIN verifications USING (case_id)")
    assert row is not None
    assert (row["state"], row["euros"]) == ("provisional", Decimal("12.50"))
    assert row["next_attempt_at"] is None  # nobody calls the bank where no address is set


async def test_a_verified_grant_is_settled_and_nobody_hears_of_it(service: Service) -> None:
    request = await trusted(service)
    before = await service.told()
    await service.take(answer_to(request, "verified"))
    assert await ledger_of(service) == ["verified"]
    assert await service.told() == before
    row = await service.pool.fetchrow("SELECT answer, answered_at FROM verifications")
    assert row is not None
    assert row["answer"] == "verified"


async def test_a_contradicted_grant_is_reviewed_and_nothing_is_taken_back(
    service: Service,
) -> None:
    request = await trusted(service)
    await service.take(answer_to(request, "contradicted"))
    (referred,) = await service.referred()
    assert (referred.reason, referred.answered) == ("trust_contradicted", True)
    assert referred.queue is Queue.REVIEW
    row = await service.case(request.case_id)
    assert (row["state"], row["waiting"], row["revision"]) == ("decided", True, 0)
    assert await ledger_of(service) == ["contradicted"]
    assert len(await service.decided()) == 1


async def test_nobody_is_contradicted_without_something_that_shows_it(service: Service) -> None:
    request = await trusted(service)
    await service.take(answer_to(request, "contradicted", evidence=" "))
    assert await ledger_of(service) == ["unanswered"]
    (referred,) = await service.referred()
    assert referred.reason == "verification_unanswered"


async def test_contradicted_claims_lower_the_trust_of_the_next(service: Service) -> None:
    request = await checked_first(service)
    assert request.purpose == "first"
    row = await service.case(request.case_id)
    assert (row["state"], row["waiting"]) == ("verifying", False)
    assert len(await service.decided()) == 1
    other = claim_of("95", customer="C-2")
    await service.take(other)
    assert (await service.case(other.case_id))["state"] == "decided"


async def test_a_claim_that_was_verified_first_is_decided_as_shown(service: Service) -> None:
    request = await checked_first(service)
    await service.take(answer_to(request, "verified"))
    decided = (await service.decided())[-1]
    assert decided.case_id == request.case_id
    assert (decided.decision.disposition, decided.decision.basis) == (
        Disposition.UPHELD,
        Basis.ENTITLEMENT,
    )
    assert (await service.case(request.case_id))["state"] == "decided"


async def test_what_follows_from_an_answer_is_said_again_with_the_message_it_is_about(
    service: Service,
) -> None:
    request = await checked_first(service)
    await service.take(answer_to(request, "verified"))
    causes = await service.pool.fetch(
        "SELECT DISTINCT cause_id FROM outbox WHERE subject = $1", str(request.case_id)
    )
    assert len(causes) == 1


async def test_a_claim_that_was_contradicted_first_goes_to_a_person(service: Service) -> None:
    request = await checked_first(service)
    await service.take(answer_to(request, "contradicted"))
    referred = (await service.referred())[-1]
    assert (referred.reason, referred.answered) == ("facts_contradict", False)
    assert (await service.case(request.case_id))["state"] == "referred"


async def test_a_claim_of_which_the_bank_knows_nothing_goes_to_a_person_with_the_proposal(
    service: Service,
) -> None:
    request = await checked_first(service)
    await service.take(answer_to(request, "unknown"))
    referred = (await service.referred())[-1]
    assert referred.reason == "verification_unanswered"
    assert referred.proposal is not None
    assert referred.proposal.disposition is Disposition.UPHELD


async def test_facts_in_the_answer_are_merged_and_the_case_is_decided_on_them(
    service: Service,
) -> None:
    request = await checked_first(service)
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
    decided = (await service.decided())[-1]
    assert decided.decision.basis is Basis.ENTITLEMENT


@pytest.mark.parametrize("answer", ["verified", "contradicted", "unknown"])
async def test_a_second_answer_changes_nothing_and_is_logged(service: Service, answer: str) -> None:
    request = await trusted(service)
    await service.take(answer_to(request, "verified"), answer_to(request, answer))
    before = await service.told()
    await service.take(answer_to(request, answer))
    assert await service.told() == before
    assert await ledger_of(service) == ["verified"]
    effects = [
        body["effect"]
        for kind, body in await service.log(request.case_id)
        if kind == "verification_completed"
    ]
    assert effects == ["taken", "repeated", "repeated"]


async def test_an_answer_without_its_question_s_id_is_found_by_its_case(service: Service) -> None:
    request = await trusted(service)
    await service.take(answer_to(request, "verified", verification_id=None))
    assert await ledger_of(service) == ["verified"]


async def test_an_answer_to_no_question_of_ours_is_harmless_and_logged(service: Service) -> None:
    request = await trusted(service)
    before = await service.told()
    stray = uuid4()
    await service.take(
        answer_to(request, "contradicted", verification_id=uuid4()),
        answer_to(request, "contradicted", case_id=stray),
    )
    assert await service.told() == before
    assert await ledger_of(service) == ["provisional"]
    ((kind, body),) = await service.log(stray)
    assert (kind, body["effect"]) == ("verification_completed", "to no question of ours")


async def test_a_message_during_the_check_is_kept_and_the_answer_decides_once(
    service: Service,
) -> None:
    request = await checked_first(service)
    more = classified(request.case_id, sequence=1, fault=Fault.UNCLEAR, claim=None, facts=Facts())
    await service.take(more)
    assert (await service.case(request.case_id))["state"] == "verifying"
    await service.take(answer_to(request, "verified"))
    decided = [each for each in await service.decided() if each.case_id == request.case_id]
    assert [(each.revision, each.sequence) for each in decided] == [(0, 1)]


async def test_what_the_bank_found_can_be_erased_and_is_not_in_the_entry_itself(
    service: Service,
) -> None:
    request = await trusted(service)
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
    request = await trusted(service)
    await service.take(
        classified(request.case_id, sequence=1, fault=Fault.CUSTOMER, claim=None, facts=Facts())
    )
    waits = await service.case(request.case_id)
    assert waits["reason"] == "message_after_the_decision"
    await service.take(answer_to(request, "contradicted"))
    row = await service.case(request.case_id)
    assert (row["reason"], row["answer_due_at"]) == (waits["reason"], waits["answer_due_at"])
    referred = (await service.referred())[-1]
    assert (referred.reason, referred.answered) == ("trust_contradicted", False)
    assert referred.reopened
