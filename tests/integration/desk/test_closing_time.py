"""A letter tells the very instant that is watched, also where a pack closes its last day early."""

from datetime import UTC, datetime

import pytest

from tests.integration.desk.deadlines import (
    AUTUMN,
    LETTER,
    clocks_at,
    go_to,
    let_pass,
    milestones_of,
    taken,
)
from tests.integration.desk_service import Running

_CLOSING = """
UPDATE plans SET plan = (plan::jsonb || '{"closes": "17:00:00"}')::text WHERE case_id = $1
"""


@pytest.mark.parametrize("later", [False, True])
async def test_the_date_of_an_extension_letter_ends_when_the_new_term_does(
    desk: Running, *, later: bool
) -> None:
    case_id = await taken(desk)
    await desk.pool.execute(_CLOSING, case_id)
    await go_to(desk, 2)
    done = await desk.act("clerk", case_id, "extend", new_date=AUTUMN, reasons=LETTER, later=later)
    assert done.status_code == 200, done.text
    await let_pass(desk, 27)
    (told,) = await milestones_of(desk, case_id, "extended")
    row = await clocks_at(desk).row(case_id, "pl_complaints:1")
    assert told.new_due_at == row["deadline"] == datetime(2027, 1, 15, 16, tzinfo=UTC)
