"""A deadline is extended as the pack allows: once, with its letter, and before it has passed."""

from datetime import timedelta

import pytest

from services.decision.timing.arming import Moved
from shared.events.case import Product
from tests.integration.decision_parts import NOW
from tests.integration.desk.deadlines import (
    AUTUMN,
    LETTER,
    clocks_at,
    go_to,
    let_pass,
    milestones_of,
    polish,
    taken,
)
from tests.integration.desk_service import Running


async def test_a_person_extends_once_with_the_letter_and_the_new_term_has_its_own_ladder(
    desk: Running,
) -> None:
    case_id = await taken(desk)
    await go_to(desk, 20)
    done = await desk.act("clerk", case_id, "extend", new_date=AUTUMN, reasons=LETTER)
    assert done.status_code == 200, done.text
    clocks = clocks_at(desk)
    before = await clocks.row(case_id)
    after = await clocks.row(case_id, "pl_complaints:1")
    assert before["extended_to"] == after["deadline"]
    assert (await desk.row(case_id))["answer_due_at"] == after["deadline"]
    (told,) = await milestones_of(desk, case_id, "extended")
    assert (told.letter, told.new_due_at) == (LETTER, after["deadline"])
    assert "extended" in await desk.kinds(case_id)
    again = await desk.act(
        "clerk", case_id, "extend", new_date="2027-01-17", reasons=LETTER, clock="pl_complaints:1"
    )
    assert again.status_code == 409
    assert "extended once already" in again.text
    await let_pass(desk, 58)
    rungs = [each for each in await clocks.milestones(case_id) if each.clock == "pl_complaints:1"]
    assert [each.rung for each in rungs][-1] == "lapse"
    assert before["lapsed_at"] is None


async def test_with_the_letter_the_customer_gets_what_a_delay_is_made_good_with_once(
    desk: Running,
) -> None:
    case_id = await taken(desk)
    await go_to(desk, 2)
    await desk.act("clerk", case_id, "extend", new_date=AUTUMN, reasons=LETTER)
    (told,) = await milestones_of(desk, case_id, "extended")
    assert [(each.kind, each.share) for each in told.granted] == [("credit", "goodwill")]
    assert told.in_return is None  # nobody was called for it yet
    assert "delay_made_good" in await desk.kinds(case_id)
    await let_pass(desk, 50)
    (warned,) = await milestones_of(desk, case_id, "warned")
    assert warned.granted == ()
    assert warned.new_due_at is not None
    assert warned.new_due_at > warned.due_at == told.new_due_at
    assert await desk.pool.fetchval("SELECT count(*) FROM amends") == 1


@pytest.mark.parametrize(
    ("body", "because"),
    [
        ({"new_date": AUTUMN, "reasons": {"reason": "Busy."}}, "lacks facts_to_establish"),
        ({"new_date": "2027-03-01", "reasons": LETTER}, "later than the last day"),
        ({"new_date": "2026-12-01", "reasons": LETTER}, "no later than the present deadline"),
        (
            {"new_date": AUTUMN, "reasons": LETTER, "clock": "internal:0"},
            "an aim is met or missed",
        ),
    ],
)
async def test_an_extension_outside_the_pack_is_refused_with_its_rule(
    desk: Running, body: dict[str, object], because: str
) -> None:
    case_id = await taken(desk)
    await go_to(desk, 2)
    refused = await desk.act("clerk", case_id, "extend", **body)
    assert refused.status_code == 409
    assert because in refused.json()["detail"]
    assert (await desk.row(case_id))["answer_due_at"] == NOW + timedelta(days=7)


async def test_nothing_is_extended_after_the_deadline(desk: Running) -> None:
    case_id = await taken(desk)
    await go_to(desk, 40)
    refused = await desk.act("clerk", case_id, "extend", new_date=AUTUMN, reasons=LETTER)
    assert refused.status_code == 409
    assert "a lapse is never undone" in refused.text
    assert (
        await desk.act("clerk", case_id, "pause", reason="information_asked")
    ).status_code == 409


async def test_a_letter_that_was_prepared_goes_out_at_its_rung(desk: Running) -> None:
    case_id = await taken(desk)
    await go_to(desk, 2)
    kept = await desk.act("clerk", case_id, "extend", new_date=AUTUMN, reasons=LETTER, later=True)
    assert kept.status_code == 200, kept.text
    clocks = clocks_at(desk)
    await let_pass(desk, 24)
    assert "extended" not in [each.kind for each in await clocks.milestones(case_id)]
    await let_pass(desk, 27)
    told = await milestones_of(desk, case_id, "extended")
    assert [(each.rung, each.letter) for each in told] == [("letter", LETTER)]
    assert (await clocks.row(case_id, "pl_complaints:1"))["deadline"] == told[0].new_due_at
    rungs = await clocks.pool.fetchval(
        "SELECT count(*) FROM timers WHERE clock = 'pl_complaints:1'"
    )
    assert rungs == 8  # the new term climbs the whole ladder


async def test_an_extension_replaces_the_date_that_a_warning_told(desk: Running) -> None:
    case_id = await taken(desk)
    await let_pass(desk, 22)
    assert (await clocks_at(desk).row(case_id, "promise:1"))["withdrawn_at"] is None
    done = await desk.act("clerk", case_id, "extend", new_date=AUTUMN, reasons=LETTER)
    assert done.status_code == 200, done.text
    assert (await clocks_at(desk).row(case_id, "promise:1"))["withdrawn_at"] is not None
    promises = "SELECT count(*) FROM clocks WHERE kind = 'promise' AND withdrawn_at IS NULL"
    assert await desk.pool.fetchval(promises) == 0


async def test_filed_anew_the_date_of_an_extension_letter_is_a_promise_that_is_watched(
    desk: Running,
) -> None:
    case = polish()
    case_id = await taken(desk, case)
    await go_to(desk, 2)
    done = await desk.act("clerk", case_id, "extend", new_date=AUTUMN, reasons=LETTER)
    assert done.status_code == 200, done.text
    clocks = clocks_at(desk)
    told = (await clocks.row(case_id, "pl_complaints:1"))["deadline"]
    payment = case.model_copy(update={"product": Product.CARD})
    for filed in (payment, case, payment):
        await clocks.move(Moved(case_id, filed, waits=True, known=True))
    assert (await clocks.row(case_id, "pl_complaints:1"))["withdrawn_at"] is not None
    promises = await desk.pool.fetch("SELECT * FROM clocks WHERE kind = 'promise'")
    assert [(row["clock"], row["deadline"], row["withdrawn_at"]) for row in promises] == [
        ("promise:1", told, None)
    ]
    await let_pass(desk, 55)
    warned = await milestones_of(desk, case_id, "warned")
    assert ("promise:1", told) in [(each.clock, each.due_at) for each in warned]
