"""A letter that moves no deadline goes out once, with all its parts, and its date is watched."""

import pytest

from services.notifier.domain import Delayed
from services.notifier.telling import content_of
from shared.events.catalogue import CaseClassified
from tests.integration.decision_parts import NOW
from tests.integration.desk.deadlines import clocks_at, go_to, let_pass, milestones_of, taken
from tests.integration.desk_service import Running, broken_promise

RIGHTS = {
    "reason": "The merchant's bank has not answered.",
    "ombudsman_rights": "You may turn to the Financial Ombudsman Service from now on.",
}
BRITISH = "uk_disp_1_6:0"
SPRING = "2027-02-12"


def _british() -> CaseClassified:
    """Return a complaint under DISP 1.6: eight weeks, which no letter moves."""
    return broken_promise().model_copy(
        update={"jurisdiction": "GB", "received_at": NOW, "product": None}
    )


async def test_a_letter_that_moves_no_deadline_is_prepared_and_goes_out_once_at_its_rung(
    desk: Running,
) -> None:
    case_id = await taken(desk, _british())
    before = await clocks_at(desk).row(case_id, BRITISH)
    kept = await desk.act("clerk", case_id, "extend", new_date=SPRING, reasons=RIGHTS, later=True)
    assert kept.status_code == 200, kept.text
    await let_pass(desk, 53)
    (told,) = await milestones_of(desk, case_id, "extended")
    assert (told.rung, told.letter, told.due_at) == ("letter", RIGHTS, before["deadline"])
    after = await clocks_at(desk).row(case_id, BRITISH)
    assert (after["deadline"], after["extended_to"]) == (before["deadline"], None)
    for later in (True, False):
        again = await desk.act(
            "clerk", case_id, "extend", new_date=SPRING, reasons=RIGHTS, later=later
        )
        assert again.status_code == 409, again.text
        assert "went out already" in again.text
    await let_pass(desk, 57)
    row = await clocks_at(desk).row(case_id, BRITISH)
    assert (row["lapsed_at"], row["legal_effect"]) == (row["deadline"], "ombudsman_rights")
    assert len(await milestones_of(desk, case_id, "extended")) == 1


async def test_a_letter_that_moves_no_deadline_can_be_sent_now_and_its_date_is_watched(
    desk: Running,
) -> None:
    case_id = await taken(desk, _british())
    await go_to(desk, 40)
    due = (await desk.row(case_id))["answer_due_at"]
    sent = await desk.act("clerk", case_id, "extend", new_date=SPRING, reasons=RIGHTS)
    assert sent.status_code == 200, sent.text
    (told,) = await milestones_of(desk, case_id, "extended")
    assert (told.letter, told.clock) == (RIGHTS, BRITISH)
    content = content_of(told)
    assert isinstance(content, Delayed)
    assert dict(content.letter) == RIGHTS
    assert (await desk.row(case_id))["answer_due_at"] == due
    assert (await clocks_at(desk).row(case_id, "promise:1"))["deadline"] == told.new_due_at
    assert "letter_sent" in await desk.kinds(case_id)
    await let_pass(desk, 53)
    assert len(await milestones_of(desk, case_id, "extended")) == 1
    again = await desk.act("clerk", case_id, "extend", new_date=SPRING, reasons=RIGHTS)
    assert "went out already" in again.text


async def test_whoever_is_called_at_the_letters_rung_can_send_it_then(desk: Running) -> None:
    case_id = await taken(desk, _british())
    await let_pass(desk, 53)
    assert await milestones_of(desk, case_id, "extended") == []
    kept = await desk.act("clerk", case_id, "extend", new_date=SPRING, reasons=RIGHTS, later=True)
    assert kept.status_code == 409
    assert "send it now" in kept.text
    sent = await desk.act("clerk", case_id, "extend", new_date=SPRING, reasons=RIGHTS)
    assert sent.status_code == 200, sent.text
    assert len(await milestones_of(desk, case_id, "extended")) == 1


@pytest.mark.parametrize(
    ("day", "new_date", "reasons", "because"),
    [
        (2, SPRING, {"reason": "Busy."}, "lacks ombudsman_rights"),
        (2, SPRING, {**RIGHTS, "reason": " "}, None),
        (2, "2026-12-01", RIGHTS, "no later than the deadline"),
        (58, SPRING, RIGHTS, "a lapse is never undone"),
        (2, "2029-01-01", RIGHTS, None),
    ],
)
async def test_a_letter_without_its_parts_or_its_date_is_refused_with_the_rule(
    desk: Running, day: int, new_date: str, reasons: dict[str, str], because: str | None
) -> None:
    case_id = await taken(desk, _british())
    await go_to(desk, day)
    for later in (False, True):
        refused = await desk.act(
            "clerk", case_id, "extend", new_date=new_date, reasons=reasons, later=later
        )
        assert refused.status_code == (422 if because is None else 409), refused.text
        assert because is None or because in refused.json()["detail"]
    assert await milestones_of(desk, case_id, "extended") == []
    assert (await clocks_at(desk).row(case_id, BRITISH))["draft"] is None
