"""The decision log on a real database: what is tampered with is found."""

from collections.abc import AsyncIterator
from typing import TypeAlias
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.decision.log import BEGINNING, Broken, Entry, Sound, append, canonical, verify
from tests.integration.decision_parts import NOW, Migrated

_Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@pytest.fixture
async def log(database: Migrated) -> AsyncIterator[_Connection]:
    """Return a log of five entries, as somebody sees it who may do anything to it."""
    connection = await asyncpg.connect(
        database.admin, server_settings={"search_path": "decision", "timezone": "UTC"}
    )
    await _append(connection, *(_entry(number) for number in range(2)))
    await _append(connection, *(_entry(number) for number in range(2, 5)))
    await connection.execute("ALTER TABLE decision_log DISABLE TRIGGER USER")
    yield connection
    await connection.close()


def _entry(number: int, case_id: UUID | None = None) -> Entry:
    return Entry(
        case_id or uuid4(),
        "deliberated",
        "policy",
        NOW,
        canonical({"number": number}),
        canonical({"text": "…"}) if number != 1 else None,
    )


async def _append(connection: _Connection, *entries: Entry) -> list[int]:
    async with connection.transaction():
        return await append(connection, entries)


async def _place(connection: _Connection, expected: bytes | None = None) -> int:
    verdict = await verify(connection, expected)
    assert isinstance(verdict, Broken), verdict
    return verdict.position


async def test_an_untouched_log_is_sound_and_its_entries_are_numbered_from_one(
    log: _Connection,
) -> None:
    assert await log.fetchval("SELECT array_agg(position ORDER BY position) FROM decision_log") == [
        *range(1, 6)
    ]
    verdict = await verify(log)
    assert isinstance(verdict, Sound)
    assert (verdict.entries, verdict.erased) == (5, 0)
    assert await verify(log, verdict.head) == verdict
    assert await verify(log, BEGINNING) == verdict


@pytest.mark.parametrize(
    "change",
    [
        "body = '{\"number\": 9}'",
        "inputs = '{}'",
        "actor = 'somebody'",
        "kind = 'taken'",
        "at = at + interval '1 second'",
        "case_id = NULL",
        "inputs_sha256 = sha256('{}'), inputs = '{}'",
        "hash = sha256('{}')",
    ],
)
async def test_a_changed_entry_is_found_at_its_place(log: _Connection, change: str) -> None:
    await log.execute(f"UPDATE decision_log SET {change} WHERE position = 3")  # noqa: S608 - ours
    assert await _place(log) == 3


async def test_an_entry_that_is_missing_in_the_middle_is_found(
    log: _Connection,
) -> None:
    await log.execute("DELETE FROM decision_log WHERE position = 3")
    assert await _place(log) == 3


async def test_a_gap_that_was_closed_by_renumbering_is_found(
    log: _Connection,
) -> None:
    await log.execute("DELETE FROM decision_log WHERE position = 3")
    await log.execute("UPDATE decision_log SET position = position - 1 WHERE position > 3")
    assert await _place(log) == 3


async def test_reordered_entries_are_found(log: _Connection) -> None:
    await log.execute("UPDATE decision_log SET position = 99 WHERE position = 2")
    await log.execute("UPDATE decision_log SET position = 2 WHERE position = 3")
    await log.execute("UPDATE decision_log SET position = 3 WHERE position = 99")
    assert await _place(log) == 2


async def test_a_missing_end_is_found_by_the_head(
    log: _Connection,
) -> None:
    await log.execute("DELETE FROM decision_log WHERE position = 5")
    assert await _place(log) == 5


async def test_an_end_that_was_cut_off_with_its_head_is_found_by_a_hash_noted_elsewhere(
    log: _Connection,
) -> None:
    noted = await log.fetchval("SELECT hash FROM decision_log WHERE position = 5")
    await log.execute("DELETE FROM decision_log WHERE position = 5")
    await log.execute("""
        UPDATE decision_log_head SET (position, hash)
            = (SELECT position, hash FROM decision_log WHERE position = 4)
    """)
    assert isinstance(await verify(log), Sound)
    assert await _place(log, noted) == 5


async def test_a_log_that_has_grown_since_its_hash_was_noted_is_sound(
    log: _Connection,
) -> None:
    noted = await log.fetchval("SELECT hash FROM decision_log_head")
    assert await _append(log, _entry(5)) == [6]
    assert isinstance(await verify(log, noted), Sound)


async def test_erased_inputs_are_counted_and_break_nothing(
    database: Migrated, log: _Connection
) -> None:
    await log.execute("ALTER TABLE decision_log ENABLE TRIGGER USER")
    service = await asyncpg.connect(
        database.url("decision"), server_settings={"search_path": "decision", "timezone": "UTC"}
    )
    await service.execute("UPDATE decision_log SET inputs = NULL WHERE position IN (1, 3)")
    verdict = await verify(service)
    await service.close()
    assert isinstance(verdict, Sound)
    assert verdict.erased == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE decision_log SET body = '{}'",
        "UPDATE decision_log SET inputs = '{}'",
        "UPDATE decision_log SET inputs = NULL, inputs_sha256 = NULL",
        "UPDATE decision_log SET actor = 'x', inputs = NULL",
        "DELETE FROM decision_log",
    ],
)
async def test_the_database_refuses_to_rewrite_the_log(
    database: Migrated, log: _Connection, statement: str
) -> None:
    await log.execute("ALTER TABLE decision_log ENABLE TRIGGER USER")
    service = await asyncpg.connect(
        database.url("decision"), server_settings={"search_path": "decision"}
    )
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await service.execute(statement)
    await service.close()
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await log.execute("TRUNCATE decision_log CASCADE")
