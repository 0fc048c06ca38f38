"""The decision service's hop on a real database: one answer a case, goodwill counted as given."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from services.decision.deliberation import body_of, read
from services.decision.log import Sound, verify
from services.decision.merits.decide import decide
from shared.events.answer import Disposition
from shared.events.case import Facts, Status
from shared.events.catalogue import (
    CaseAsked,
    CaseClassified,
    CaseDecided,
    CaseReferred,
    CaseStatusChanged,
    Queue,
    Topic,
)
from shared.events.tags import Fault, Flag, Tone
from shared.postgres import connect
from tests.integration.decision_parts import NOW, POLICY, Migrated, classified
from tests.integration.decision_service import Service, deciding_by


@pytest.fixture
async def service(database: Migrated) -> AsyncIterator[Service]:
    pool = await connect(database.url("decision"), schema="decision", connections=6)
    yield Service(pool)
    await pool.close()


async def _decisions(service: Service) -> list[CaseDecided]:
    return [e for e in await service.said(Topic.DECIDED) if isinstance(e, CaseDecided)]


async def _dispositions(service: Service) -> list[Disposition]:
    return [event.decision.disposition for event in await _decisions(service)]


async def _referrals(service: Service) -> list[CaseReferred]:
    return [e for e in await service.said(Topic.REFERRED) if isinstance(e, CaseReferred)]


async def _statuses(service: Service) -> list[Status]:
    events = await service.said(Topic.STATUS)
    return [event.status for event in events if isinstance(event, CaseStatusChanged)]


async def test_a_decision_is_stored_with_all_that_explains_it(service: Service) -> None:
    case = classified()
    await service.take(case)
    row = await service.case(case.case_id)
    ((kind, body),) = await service.log(case.case_id)
    entry = await service.pool.fetchrow("SELECT * FROM decision_log")
    assert entry is not None
    thought = read(entry["body"])
    assert (row["state"], row["revision"], row["decided_by"]) == ("decided", 0, "policy")
    assert row["decided_position"] == row["thought_position"] == entry["position"]
    assert (kind, body["outcome"], entry["actor"]) == ("deliberated", "decided", "policy")
    assert thought.decision is not None
    assert thought.decision.rule == "goodwill.own_slip"
    assert CaseClassified.model_validate_json(entry["inputs"]) == case
    assert thought.policy == POLICY.hash
    assert row["goodwill_eur"] == Decimal("12.50")


async def test_what_is_stored_is_enough_to_decide_again_byte_for_byte(service: Service) -> None:
    cases = [
        classified(),
        classified(tone=Tone.ABUSIVE),
        classified(fault=Fault.UNCLEAR, facts=Facts()),
        classified(fault=Fault.UNCLEAR, facts=Facts(terms_accepted=True)),
        classified(flags=(Flag.SAFETY,)),
    ]
    await service.take(*cases)
    rows = await service.pool.fetch("SELECT body, inputs FROM decision_log")
    assert len(rows) == len(cases)
    for row in rows:
        thought = read(row["body"])
        again = decide(CaseClassified.model_validate_json(row["inputs"]), thought.known, POLICY)
        assert body_of(again, thought.known, POLICY.hash) == row["body"]


async def test_the_third_own_slip_of_a_year_is_declined_even_within_one_batch(
    service: Service,
) -> None:
    await service.take(*(classified() for _ in range(3)), classified(customer="C-2"))
    assert await _dispositions(service) == [
        Disposition.GOODWILL,
        Disposition.GOODWILL,
        Disposition.DECLINED,
        Disposition.GOODWILL,
    ]


async def test_goodwill_of_an_earlier_batch_counts_and_that_of_another_year_does_not(
    service: Service,
) -> None:
    await service.take(classified(received_at=NOW - timedelta(days=366)), classified())
    await service.take(classified())
    await service.take(classified())
    assert await _dispositions(service) == [Disposition.GOODWILL] * 3 + [Disposition.DECLINED]


async def test_two_instances_cannot_both_forgive_the_last_slip(service: Service) -> None:
    await service.take(classified())
    await asyncio.gather(*(replace(service).take(classified()) for _ in range(5)))
    granted = await service.pool.fetchval(
        "SELECT count(*) FROM cases WHERE goodwill_eur IS NOT NULL"
    )
    assert granted == POLICY.goodwill.times


async def test_a_message_after_the_decision_reopens_the_case_and_leaves_the_decision(
    service: Service,
) -> None:
    case = classified()
    await service.take(case)
    before = await service.case(case.case_id)
    await service.take(classified(case.case_id, sequence=1))
    (referred,) = await _referrals(service)
    assert (referred.reason, referred.reopened) == ("message_after_the_decision", True)
    assert await _statuses(service) == [Status.DECIDED, Status.REOPENED]
    row = await service.case(case.case_id)
    assert row["decided_position"] == before["decided_position"]
    assert row["thought_position"] > before["thought_position"]
    assert (row["state"], row["waiting"], row["version"]) == ("decided", True, 2)
    assert len(await _decisions(service)) == 1
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
    assert await _dispositions(service) == [Disposition.GOODWILL]
    (referred,) = await _referrals(service)
    assert referred.sequence == 1


async def test_who_apologises_is_answered_better_by_itself(service: Service) -> None:
    case = classified(tone=Tone.ABUSIVE)
    await service.take(case)
    await service.take(classified(case.case_id, sequence=1))
    first, second = await _decisions(service)
    assert (first.decision.disposition, first.revision) == (Disposition.DECLINED, 0)
    assert (second.decision.disposition, second.revision) == (Disposition.GOODWILL, 1)
    assert second.sequence == 1
    assert await _referrals(service) == []
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
    assert len(await _decisions(service)) == 2
    assert [each.reason for each in await _referrals(service)] == ["message_after_the_decision"] * 2
    assert (await service.case(in_hand.case_id))["assignee"] == "k-1"


async def test_no_message_makes_a_case_less_urgent(service: Service) -> None:
    case = classified(flags=(Flag.SAFETY,))
    await service.take(case)
    await service.take(classified(case.case_id, sequence=1))
    assert [each.queue for each in await _referrals(service)] == [Queue.SAFETY, Queue.SAFETY]


async def test_a_threat_to_life_after_the_decision_goes_to_the_safety_queue(
    service: Service,
) -> None:
    case = classified()
    await service.take(case)
    await service.take(classified(case.case_id, sequence=1, flags=(Flag.SAFETY,)))
    (referral,) = await _referrals(service)
    assert (referral.queue, referral.reason, referral.reopened) == (Queue.SAFETY, "safety", True)


async def test_a_message_that_overtakes_its_case_is_not_decided_alone(service: Service) -> None:
    case = classified()
    await service.take(classified(case.case_id, sequence=1))
    await service.take(case)
    assert await _decisions(service) == []
    assert [each.reason for each in await _referrals(service)] == [
        "message_before_its_case",
        "message_during_review",
    ]


async def test_what_was_counted_before_stands_beside_the_decision(service: Service) -> None:
    await service.take(classified(), classified())
    rows = await service.pool.fetch("SELECT body FROM decision_log ORDER BY position")
    known = [read(row["body"]).known for row in rows]
    assert [each.history.times for each in known] == [0, 1]
    assert [each.history.lately for each in known] == [0, 1]
    day = POLICY.certificates.automatic.per_day
    assert [each.left_today for each in known] == [day, day - Decimal("12.50")]


async def test_a_message_during_review_stays_with_the_person(service: Service) -> None:
    case = classified(flags=(Flag.LEGAL,))
    await service.take(case)
    await service.take(classified(case.case_id, sequence=1))
    assert len(await _referrals(service)) == 2
    assert len(await _statuses(service)) == 1
    assert await _decisions(service) == []


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


async def test_a_vulnerable_customer_is_answered_and_a_specialist_is_told(
    service: Service,
) -> None:
    case = classified(flags=(Flag.VULNERABLE,))
    await service.take(case)
    assert await _dispositions(service) == [Disposition.GOODWILL]
    (referral,) = await _referrals(service)
    assert referral.answered
    assert referral.queue is Queue.SPECIALIST
    row = await service.case(case.case_id)
    assert (row["state"], row["waiting"], row["queue"]) == ("decided", True, "specialist")


async def test_a_case_that_waits_for_a_person_has_a_day_for_its_answer(service: Service) -> None:
    case = classified(flags=(Flag.LEGAL,))
    await service.take(case)
    (referral,) = await _referrals(service)
    assert referral.answer_due_at == datetime(2026, 11, 28, tzinfo=UTC)  # five business days
    row = await service.case(case.case_id)
    assert (row["state"], row["waiting"], row["reason"]) == ("referred", True, "legal")
    assert row["answer_due_at"] == referral.answer_due_at


def _untold(customer: str = "C-1", **more: object) -> CaseClassified:
    """Return a claim in which nothing says who erred, and nothing can be checked."""
    case = classified(customer=customer, fault=Fault.UNCLEAR, facts=Facts())
    return case.model_copy(update=more)


async def test_a_customer_is_asked_once_and_the_answer_is_believed(service: Service) -> None:
    case = _untold()
    await service.take(case)
    (asked,) = await service.said(Topic.ASKED)
    assert isinstance(asked, CaseAsked)
    assert asked.answer_by > asked.asked_at
    assert await _statuses(service) == [Status.WAITING_FOR_YOU]
    row = await service.case(case.case_id)
    assert (row["state"], row["answer_due_at"]) == ("asked", asked.answer_by)
    await service.take(_untold(case_id=case.case_id, sequence=1))
    assert await _dispositions(service) == [Disposition.UPHELD]
    assert await _statuses(service) == [Status.WAITING_FOR_YOU, Status.DECIDED]
    assert len(await service.said(Topic.ASKED)) == 1


async def test_a_claim_that_nothing_shows_is_believed_once(service: Service) -> None:
    for _ in range(2):
        case = _untold()
        await service.take(case)
        await service.take(_untold(case_id=case.case_id, sequence=1))
    assert await _dispositions(service) == [Disposition.UPHELD]
    assert len(await _referrals(service)) == 1


async def test_the_policy_never_grants_more_than_its_day_allows(service: Service) -> None:
    limit = Decimal(30)
    tight = POLICY.certificates.automatic.model_copy(update={"per_day": limit})
    policy = POLICY.model_copy(
        update={"certificates": POLICY.certificates.model_copy(update={"automatic": tight})}
    )
    deciding = deciding_by(policy)
    services = [Service(service.pool, deciding) for _ in range(6)]
    await asyncio.gather(
        *(
            each.take(classified(customer=f"C-{number}"), classified(customer=f"D-{number}"))
            for number, each in enumerate(services)
        )
    )
    spent = await service.pool.fetchrow("SELECT euros, times FROM certificate_use")
    assert spent is not None
    assert (spent["euros"], spent["times"]) == (Decimal(25), 2)
    reasons = [each.reason for each in await _referrals(service)]
    assert reasons == ["above_the_days_certificate"] * 10
    async with service.pool.acquire() as connection:
        assert isinstance(await verify(connection), Sound)


_STORY = (
    "I waited for the new card for three weeks and the app told me every day that it was sent, "
    "so please pay me the taxi that I had to take because nobody could say where it was."
)


async def test_the_same_story_from_many_customers_is_seen(service: Service) -> None:
    many = [
        classified(customer=f"C-{number}", text=f"{_STORY} Yours, customer {number}")
        for number in range(4)
    ]
    await service.take(*many[:2])
    await service.take(*many[2:], classified(customer="C-9", text="Something else. " * 9))
    last = await service.pool.fetch("SELECT body FROM decision_log ORDER BY position")
    seen = [read(row["body"]).known.history.same_story for row in last]
    assert seen == [1, 1, 3, 3, 0]
    stored = await service.pool.fetchrow("SELECT * FROM stories LIMIT 1")
    assert stored is not None
    assert not any("taxi" in str(value) for value in stored.values())


async def test_a_story_counts_each_other_customer_once_and_within_its_days(
    service: Service,
) -> None:
    def tells(customer: str, days_ago: int = 0) -> CaseClassified:
        return classified(
            customer=customer, text=_STORY, received_at=NOW - timedelta(days=days_ago)
        )

    await service.take(tells("C-1"), tells("C-1"), tells("C-2", days_ago=8))
    await service.take(tells("C-1"), tells("C-3"), tells("C-3"), tells("C-4", days_ago=4))
    rows = await service.pool.fetch("SELECT body FROM decision_log ORDER BY position")
    seen = [read(row["body"]).known.history.same_story for row in rows]
    assert seen == [0, 0, 0, 2, 2, 2, 3]


_STEPS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 1), st.sampled_from([*Tone]), st.booleans()),
    min_size=1,
    max_size=8,
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS, cut=st.integers(0, 8))
@example(steps=[(1, 0, Tone.RUDE, True), (1, 1, Tone.COURTEOUS, True)], cut=1)
async def test_how_events_are_cut_into_batches_makes_no_difference(
    service: Service,
    steps: list[tuple[int, int, Tone, bool]],
    cut: int,
) -> None:
    events: dict[tuple[int, int], CaseClassified] = {}
    ids = [classified().case_id for _ in range(3)]
    for number, sequence, tone, safe in steps:
        flags = () if safe else (Flag.SAFETY,)
        events[number, sequence] = classified(
            ids[number], sequence=sequence, tone=tone, flags=flags, customer=f"C-{ids[0]}"
        )
    ordered = list(events.values())
    await service.take(*ordered[:cut])
    await service.take(*ordered[cut:])
    apart = await _shape(service, ids)
    again = {each: classified().case_id for each in ids}
    moved = [
        event.model_copy(
            update={"case_id": again[event.case_id], "customer_id": f"C-{again[ids[0]]}"}
        )
        for event in ordered
    ]
    await service.take(*moved)
    assert await _shape(service, [again[each] for each in ids]) == apart


async def _shape(service: Service, ids: Sequence[UUID]) -> list[tuple[object, ...]]:
    rows = await service.pool.fetch(
        """SELECT array_position($1::uuid[], case_id) AS n, state, sequence, revision, waiting,
                  queue, reason, goodwill_eur
             FROM cases WHERE case_id = ANY($1) ORDER BY n""",
        ids,
    )
    return [tuple(row) for row in rows]
