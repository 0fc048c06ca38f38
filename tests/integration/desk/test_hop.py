"""The desk and the hop on one database: neither undoes or overtakes the other."""

import asyncio
from typing import Any

import pytest

from shared.events.answer import Basis, Disposition
from shared.events.catalogue import CaseClassified
from tests.integration.decision_service import Service
from tests.integration.desk_service import Running, broken_promise, own_slip


@pytest.fixture
def hop(desk: Running) -> Service:
    return Service(desk.pool)


def forgiven(euros: str) -> dict[str, Any]:
    """Return a decision that forgives an own slip."""
    waiver = {"kind": "fee_waiver", "money": {"amount": euros, "currency": "EUR"}}
    return {
        "disposition": "goodwill",
        "remedies": [{"kind": "restored_grace"}, waiver],
        "reasons": ["own_slip_forgiven"],
    }


async def forgiven_case(desk: Running, hop: Service) -> CaseClassified:
    """Bring a case through the hop to the desk, where a clerk forgives a part of it."""
    case = own_slip("250")
    await hop.take(case)
    await desk.take("clerk", case.case_id)
    decided = await desk.act("clerk", case.case_id, "decide", **forgiven("100"))
    assert decided.status_code == 200, decided.text
    return case


def again(case: CaseClassified, sequence: int) -> CaseClassified:
    return case.model_copy(update={"sequence": sequence, "text": "And another thing."})


async def test_a_case_goes_from_the_hop_to_the_desk_and_back_when_the_customer_writes_again(
    desk: Running, hop: Service
) -> None:
    case = own_slip("250")
    await hop.take(case)
    (waiting,) = (await desk.get("clerk", "/queue")).json()["cases"]
    assert waiting["case_id"] == str(case.case_id)
    await desk.take("clerk", case.case_id)
    decided = await desk.act("clerk", case.case_id, "decide", **forgiven("100"))
    assert decided.status_code == 200, decided.text
    await hop.take(again(case, 1))
    row = await desk.row(case.case_id)
    assert (row["state"], row["waiting"], row["assignee"]) == ("decided", True, None)
    assert row["decided_by"] == "clerk"
    await desk.take("senior", case.case_id)
    better = await desk.act("senior", case.case_id, "decide", **forgiven("150"))
    assert better.json()["revision"] == 1
    told = await hop.decided()
    assert [(event.revision, event.sequence) for event in told] == [(0, 0), (1, 1)]
    assert {event.decision.basis for event in told} == {Basis.PERSON}


async def test_what_a_person_forgave_counts_for_the_policy(desk: Running, hop: Service) -> None:
    for _ in range(2):
        case = own_slip("150", customer="C-1")
        await hop.take(case)
        await desk.take("clerk", case.case_id)
        decided = await desk.act("clerk", case.case_id, "decide", **forgiven("150"))
        assert decided.status_code == 200, decided.text
    await hop.take(own_slip("20", customer="C-1"), own_slip("20", customer="C-2"))
    told = await hop.decided()
    answers = {event.customer_id: event.decision.disposition for event in told[2:]}
    assert answers == {"C-1": Disposition.DECLINED, "C-2": Disposition.GOODWILL}


async def test_a_message_that_comes_meanwhile_stops_a_decision_on_what_was_seen_before(
    desk: Running, hop: Service
) -> None:
    case = own_slip("250")
    await hop.take(case)
    await desk.take("clerk", case.case_id)
    version = await desk.version(case.case_id)
    await hop.take(again(case, 1))
    path = f"/cases/{case.case_id}/decide"
    late = await desk.post("clerk", path, version=version, **forgiven("100"))
    assert late.status_code == 409
    assert (await desk.row(case.case_id))["assignee"] == "clerk"
    shown = (await desk.get("clerk", f"/cases/{case.case_id}")).json()
    assert [each["sequence"] for each in shown["messages"]] == [0, 1]


async def test_messages_and_decisions_that_come_at_once_neither_block_nor_double(
    desk: Running, hop: Service
) -> None:
    cases = [broken_promise("250", customer=f"C-{number % 2}") for number in range(6)]
    await hop.take(*cases)
    for case in cases:
        await desk.take("senior", case.case_id)
    remedies = [
        {"kind": "refund", "money": {"amount": "260", "currency": "EUR"}},
        {"kind": "expedite"},
        {"kind": "credit", "money": {"amount": "5", "currency": "EUR"}},
    ]
    body = {"disposition": "upheld", "remedies": remedies, "reasons": ["promise_broken"]}
    answers, _ = await asyncio.gather(
        asyncio.gather(
            *(desk.act("senior", case.case_id, "decide", **body) for case in reversed(cases))
        ),
        hop.take(*(again(case, 1) for case in cases)),
    )
    assert {each.status_code for each in answers} <= {200, 409}
    told = await hop.decided()
    assert len(told) == len({event.case_id for event in told})
    assert len(told) == sum(each.status_code == 200 for each in answers)
    waiting = (await desk.get("senior", "/queue")).json()["cases"]
    assert len(waiting) == 6


async def test_who_writes_again_after_the_answer_was_left_standing_has_clocks_again(
    desk: Running, hop: Service
) -> None:
    case = await forgiven_case(desk, hop)
    for sequence in (1, 2, 3):
        await hop.take(again(case, sequence))
        running = await desk.pool.fetch("SELECT clock FROM clocks WHERE cancelled_at IS NULL")
        assert running, f"message {sequence}: nobody is called"
        await desk.take("clerk", case.case_id)
        seen = await desk.act("clerk", case.case_id, "done")
        assert seen.status_code == 200, seen.text
        assert not await desk.pool.fetchval("SELECT count(*) FROM timers")
    rounds = await desk.pool.fetch("SELECT DISTINCT round FROM clocks ORDER BY round")
    assert [row["round"] for row in rounds] == [0, 1, 2, 3]


async def test_a_message_while_a_reopened_case_waits_sets_no_clock_anew(
    desk: Running, hop: Service
) -> None:
    case = await forgiven_case(desk, hop)
    await hop.take(again(case, 1))
    await desk.take("clerk", case.case_id)
    await desk.act("clerk", case.case_id, "done")
    for sequence in (2, 3):
        await hop.take(again(case, sequence))
    rounds = await desk.pool.fetch("SELECT round FROM clocks WHERE cancelled_at IS NULL")
    assert {row["round"] for row in rounds} == {2}
