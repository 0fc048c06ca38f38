"""The hop decides each case once, and stores with the answer all that explains it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from services.decision.deliberation import body_of, read
from services.decision.merits.decide import decide
from shared.events.answer import Disposition
from shared.events.case import Facts
from shared.events.catalogue import CaseClassified, Queue
from shared.events.tags import Fault, Flag, Tone
from tests.integration.decision_parts import POLICY, classified
from tests.integration.decision_service import Service


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


async def test_a_vulnerable_customer_is_answered_and_a_specialist_is_told(
    service: Service,
) -> None:
    case = classified(flags=(Flag.VULNERABLE,))
    await service.take(case)
    assert await service.dispositions() == [Disposition.GOODWILL]
    (referral,) = await service.referred()
    assert referral.answered
    assert referral.queue is Queue.SPECIALIST
    row = await service.case(case.case_id)
    assert (row["state"], row["waiting"], row["queue"]) == ("decided", True, "specialist")


async def test_a_case_that_waits_for_a_person_has_a_day_for_its_answer(service: Service) -> None:
    case = classified(flags=(Flag.LEGAL,))
    await service.take(case)
    (referral,) = await service.referred()
    assert referral.answer_due_at == datetime(2026, 11, 28, tzinfo=UTC)  # five business days
    row = await service.case(case.case_id)
    assert (row["state"], row["waiting"], row["reason"]) == ("referred", True, "legal")
    assert row["answer_due_at"] == referral.answer_due_at


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
