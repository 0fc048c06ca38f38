"""A message that comes after its case: it betters the answer, or it waits for a person."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import pytest

from shared.events.answer import Disposition
from shared.events.case import Status
from shared.events.catalogue import Queue
from shared.events.tags import Flag, Tone
from tests.integration.decision_parts import classified
from tests.integration.decision_service import Service


async def test_a_message_after_the_decision_reopens_the_case_and_leaves_the_decision(
    service: Service,
) -> None:
    case = classified()
    await service.take(case)
    before = await service.case(case.case_id)
    await service.take(classified(case.case_id, sequence=1))
    (referred,) = await service.referred()
    assert (referred.reason, referred.reopened) == ("message_after_the_decision", True)
    assert await service.statuses() == [Status.DECIDED, Status.REOPENED]
    row = await service.case(case.case_id)
    assert row["decided_position"] == before["decided_position"]
    assert row["thought_position"] > before["thought_position"]
    assert (row["state"], row["waiting"], row["version"]) == ("decided", True, 2)
    assert len(await service.decided()) == 1
    assert [kind for kind, _ in await service.log(case.case_id)] == [
        "deliberated",
        "deliberated",
        "passed_on",
    ]


async def test_a_message_in_the_batch_of_its_case_leaves_the_decision_as_it_was(
    service: Service,
) -> None:
    case = classified()
    await service.take(case, classified(case.case_id, sequence=1))
    row = await service.case(case.case_id)
    assert (row["state"], row["sequence"], row["goodwill_eur"]) == ("decided", 1, Decimal("12.50"))
    assert (row["decided_position"], row["thought_position"]) == (1, 2)
    assert await service.dispositions() == [Disposition.GOODWILL]
    (referred,) = await service.referred()
    assert referred.sequence == 1


async def test_who_apologises_is_answered_better_by_itself(service: Service) -> None:
    case = classified(tone=Tone.ABUSIVE)
    await service.take(case)
    await service.take(classified(case.case_id, sequence=1))
    first, second = await service.decided()
    assert (first.decision.disposition, first.revision) == (Disposition.DECLINED, 0)
    assert (second.decision.disposition, second.revision) == (Disposition.GOODWILL, 1)
    assert second.sequence == 1
    assert await service.referred() == []
    row = await service.case(case.case_id)
    assert (row["revision"], row["goodwill_eur"]) == (1, Decimal("12.50"))
    assert row["decided_position"] == 2


async def test_what_a_person_decided_or_has_in_hand_is_never_bettered_automatically(
    service: Service,
) -> None:
    by_a_person, in_hand = classified(tone=Tone.ABUSIVE), classified(tone=Tone.ABUSIVE)
    await service.take(by_a_person, in_hand)
    await service.pool.execute(
        "UPDATE cases SET decided_by = 'k-1' WHERE case_id = $1", by_a_person.case_id
    )
    await service.pool.execute(
        "UPDATE cases SET assignee = 'k-1' WHERE case_id = $1", in_hand.case_id
    )
    for case in (by_a_person, in_hand):
        await service.take(classified(case.case_id, sequence=1))
    assert len(await service.decided()) == 2
    assert [each.reason for each in await service.referred()] == ["message_after_the_decision"] * 2
    assert (await service.case(in_hand.case_id))["assignee"] == "k-1"


async def test_no_message_makes_a_case_less_urgent(service: Service) -> None:
    case = classified(flags=(Flag.SAFETY,))
    await service.take(case)
    await service.take(classified(case.case_id, sequence=1))
    assert [each.queue for each in await service.referred()] == [Queue.SAFETY, Queue.SAFETY]


async def test_a_threat_to_life_after_the_decision_goes_to_the_safety_queue(
    service: Service,
) -> None:
    case = classified()
    await service.take(case)
    await service.take(classified(case.case_id, sequence=1, flags=(Flag.SAFETY,)))
    (referral,) = await service.referred()
    assert (referral.queue, referral.reason, referral.reopened) == (Queue.SAFETY, "safety", True)


async def test_a_message_that_overtakes_its_case_is_not_decided_alone(service: Service) -> None:
    case = classified()
    await service.take(classified(case.case_id, sequence=1))
    await service.take(case)
    assert await service.decided() == []
    assert [each.reason for each in await service.referred()] == [
        "message_before_its_case",
        "message_during_review",
    ]


async def test_a_message_during_review_stays_with_the_person(service: Service) -> None:
    case = classified(flags=(Flag.LEGAL,))
    await service.take(case)
    await service.take(classified(case.case_id, sequence=1))
    assert len(await service.referred()) == 2
    assert len(await service.statuses()) == 1
    assert await service.decided() == []


async def _waiting_since(service: Service, case_id: UUID) -> datetime:
    since: datetime = (await service.case(case_id))["referred_at"]
    return since


@pytest.mark.parametrize("flags", [(Flag.LEGAL,), ()], ids=["undecided", "after_the_decision"])
async def test_who_writes_again_while_waiting_keeps_the_place_in_the_queue(
    service: Service, flags: tuple[Flag, ...]
) -> None:
    case = classified(flags=flags)
    await service.take(case)
    await service.take(classified(case.case_id, sequence=1))
    since = await _waiting_since(service, case.case_id)
    await service.take(classified(case.case_id, sequence=2, flags=(Flag.SAFETY,)))
    assert (await service.case(case.case_id))["queue"] == "safety"
    assert await _waiting_since(service, case.case_id) == since


async def test_who_is_answered_and_writes_then_waits_since_they_wrote(service: Service) -> None:
    case = classified(flags=(Flag.VULNERABLE,))
    await service.take(case)
    told = await _waiting_since(service, case.case_id)
    await service.take(classified(case.case_id, sequence=1))
    assert await _waiting_since(service, case.case_id) > told
