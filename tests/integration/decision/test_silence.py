"""Checks and questions that nobody answers, or answers too late: a person is told, once."""

from uuid import UUID

import pytest

from services.decision.overdue import Overdue
from services.decision.recording import Recorder
from services.decision.store import Standing, standing
from shared.events.case import Facts
from shared.events.tags import Fault
from tests.integration.decision.checks import checked_first, claim_of, ledger_of, trusted
from tests.integration.decision_parts import PACKS, POLICY, classified
from tests.integration.decision_service import Service, answer_to


async def _look(service: Service) -> bool:
    return await Overdue(service.parts, Recorder(lambda: POLICY, PACKS)).look()


async def _let_time_pass(service: Service) -> None:
    await service.pool.execute("UPDATE verifications SET answer_by = now() - interval '1 s'")
    await service.pool.execute(
        "UPDATE cases SET answer_due_at = now() - interval '1 s' WHERE state = 'asked'"
    )


async def _nobody_answers(service: Service) -> None:
    await _let_time_pass(service)
    await _look(service)


async def test_a_silent_check_leaves_the_grant_and_tells_a_person_once(service: Service) -> None:
    request = await trusted(service)
    await _look(service)
    assert await service.referred() == []
    await _nobody_answers(service)
    await _look(service)
    (referred,) = await service.referred()
    assert (referred.reason, referred.answered) == ("verification_overdue", True)
    assert await ledger_of(service) == ["unanswered"]
    row = await service.case(request.case_id)
    assert (row["state"], row["waiting"], row["decided_by"]) == ("decided", True, "policy")
    assert len(await service.decided()) == 1


async def test_silence_about_a_case_that_waits_for_it_brings_a_person_and_no_decision(
    service: Service,
) -> None:
    request = await checked_first(service)
    await _nobody_answers(service)
    referred = next(e for e in await service.referred() if e.case_id == request.case_id)
    assert (referred.reason, referred.answered) == ("verification_unanswered", False)
    assert referred.proposal is not None
    assert (await service.case(request.case_id))["state"] == "referred"
    assert [each.case_id for each in await service.decided()].count(request.case_id) == 0


async def test_an_answer_after_its_time_is_shown_to_the_person_who_has_the_case(
    service: Service,
) -> None:
    request = await checked_first(service)
    await _nobody_answers(service)
    await service.take(answer_to(request, "verified"))
    referred = (await service.referred())[-1]
    assert (referred.case_id, referred.reason) == (request.case_id, "verification_answered_late")
    assert [each.case_id for each in await service.decided()].count(request.case_id) == 0


async def test_what_people_are_to_see_keeps_its_place_when_more_is_found(
    service: Service,
) -> None:
    request = await trusted(service)
    await _nobody_answers(service)
    since = (await service.case(request.case_id))["referred_at"]
    await service.take(answer_to(request, "contradicted"))
    row = await service.case(request.case_id)
    assert (row["reason"], row["referred_at"]) == ("trust_contradicted", since)


async def test_a_late_answer_still_settles_the_ledger(service: Service) -> None:
    request = await trusted(service)
    await _nobody_answers(service)
    await service.take(answer_to(request, "verified"))
    assert await ledger_of(service) == ["verified"]


async def test_a_customer_who_was_asked_in_vain_gets_a_person(service: Service) -> None:
    case = classified(fault=Fault.UNCLEAR, facts=Facts())
    await service.take(case)
    await _look(service)
    assert await service.referred() == []
    await _nobody_answers(service)
    await _look(service)
    (referred,) = await service.referred()
    assert (referred.reason, referred.answered) == ("question_unanswered", False)
    assert referred.proposal is not None
    row = await service.case(case.case_id)
    assert (row["state"], row["waiting"]) == ("referred", True)
    assert await service.decided() == []


async def test_only_one_of_many_instances_tells_of_the_silence(service: Service) -> None:
    for number in range(5):
        await service.take(claim_of(customer=f"C-{number}"))
    await _let_time_pass(service)
    async with service.pool.acquire() as connection, connection.transaction():
        # Another instance is at it.
        assert await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", 0x4556_4F56_4552)
        assert not await _look(service)
        assert await service.referred() == []
    await _look(service)
    assert len(await service.referred()) == 5


async def _standing(service: Service, case_id: UUID) -> Standing:
    async with service.pool.acquire() as connection, connection.transaction():
        return (await standing(connection, [case_id]))[case_id]


@pytest.mark.parametrize("late", [False, True])
async def test_whoever_sees_an_answered_check_has_nothing_to_decide(
    service: Service, *, late: bool
) -> None:
    request = await trusted(service)
    if late:
        await _nobody_answers(service)
    await service.take(answer_to(request, "contradicted" if late else "unknown"))
    row = await service.case(request.case_id)
    held = await _standing(service, request.case_id)
    assert row["waiting"]
    assert not held.customer_waits
