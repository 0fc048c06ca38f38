"""What an earlier version of the notifier has stored stays as it was, and nobody is told of it."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.integration.conftest import Database
from tests.integration.earlier_schema import Earlier, before

_RECIPIENT = "INSERT INTO recipients (case_id, known) VALUES ($1, true)"
_NOTICE = """
INSERT INTO notices (id, case_id, customer_id, notice, sequence, channel, language, content,
                     cause_id, traceparent, planned_at, outcome, settled_at)
VALUES ($1, $2, 'C-1', $3, 0, 'email', 'en', '{}', $1, '', now(), $4::text,
        CASE WHEN $4::text IS NOT NULL THEN now() END)
"""
_DOCUMENT = """
INSERT INTO documents (id, case_id, name, media_type, size, sha256, content)
VALUES ($1, $1, 'a.png', 'image/png', 1, '\\x00', '\\x00')
"""


@pytest.fixture
async def earlier(database: Database) -> AsyncIterator[Earlier]:
    """Open a schema as it was before cases were closed and documents scanned."""
    async with before(database.admin, "notifier", "0005") as found:
        yield found


async def _case(earlier: Earlier, *notices: str, outcome: str | None = "sent") -> UUID:
    case_id = uuid4()
    await earlier.connection.execute(_RECIPIENT, case_id)
    for notice in notices:
        await earlier.connection.execute(_NOTICE, uuid4(), case_id, notice, outcome)
    return case_id


async def test_a_case_that_had_its_answer_before_is_closed_and_one_that_waits_is_not(
    earlier: Earlier,
) -> None:
    answered = await _case(earlier, "receipt", "final_answer")
    unheard = await _case(earlier, "final_answer", outcome=None)
    corrected = await _case(earlier, "final_answer", "final_answer")
    waiting, silent = await _case(earlier, "receipt", "delayed"), await _case(earlier)
    await earlier.migrate()
    rows = await earlier.connection.fetch("SELECT case_id, closed_at FROM recipients")
    closed = {row["case_id"]: row["closed_at"] for row in rows}
    assert {case_id for case_id, at in closed.items() if at is None} == {waiting, silent}
    for case_id in (answered, unheard, corrected):
        assert closed[case_id] is not None


async def test_notices_of_before_keep_their_outcomes_and_may_be_overtaken_from_now_on(
    earlier: Earlier,
) -> None:
    case_id = await _case(earlier, "receipt", outcome="failed")
    await _case(earlier, "receipt", outcome=None)
    with pytest.raises(asyncpg.CheckViolationError):
        await _case(earlier, "receipt", outcome="overtaken")
    await earlier.migrate()
    await _case(earlier, "delayed", outcome="overtaken")
    with pytest.raises(asyncpg.CheckViolationError):
        await _case(earlier, "delayed", outcome="lost")
    kept = "SELECT outcome FROM notices WHERE case_id = $1"
    assert await earlier.connection.fetchval(kept, case_id) == "failed"


async def test_a_document_of_before_is_there_to_be_fetched_and_waits_for_no_scanner(
    earlier: Earlier,
) -> None:
    document = uuid4()
    await earlier.connection.execute(_DOCUMENT, document)
    await earlier.migrate()
    row = await earlier.connection.fetchrow("SELECT * FROM documents WHERE id = $1", document)
    assert row is not None
    assert (row["state"], row["scan_at"], row["content"]) == ("kept", None, b"\x00")
    assert (row["attempts"], row["finding"], row["said"], row["settled_at"]) == (
        0,
        None,
        None,
        None,
    )
