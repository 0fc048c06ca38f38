"""Who shows a key is known soon or not at all, whatever the database does meanwhile."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.intake import keys
from services.intake.keys import ApiKeys
from shared.postgres import Pool, connect
from tests.integration.intake_service import Migrated, new_key, running

_LOCK = "LOCK TABLE intake.api_keys IN ACCESS EXCLUSIVE MODE"
_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


@pytest.fixture
async def pool(database: Migrated) -> AsyncIterator[Pool]:
    opened = await connect(database.url("intake"), schema="intake", connections=4)
    yield opened
    await opened.close()


@pytest.fixture
async def admin(database: Migrated) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    connection = await asyncpg.connect(database.admin)
    yield connection
    await connection.close()


async def test_lookups_that_hang_do_not_wait_for_each_other(
    database: Migrated,
    pool: Pool,
    admin: "asyncpg.Connection[asyncpg.Record]",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keys, "PATIENCE", 0.5)
    recognise = ApiKeys(pool)
    tokens = [await new_key(database, "read") for _ in range(30)]
    async with admin.transaction():
        await admin.execute(_LOCK)
        async with asyncio.timeout(5):
            found = await asyncio.gather(*map(recognise, tokens), return_exceptions=True)
    assert all(isinstance(each, TimeoutError) for each in found)
    monkeypatch.undo()
    assert await recognise(await new_key(database, "read")) is not None


async def test_a_key_that_was_read_lately_is_known_while_the_database_hangs(
    database: Migrated,
    pool: Pool,
    admin: "asyncpg.Connection[asyncpg.Record]",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keys, "TTL", 0.0)
    monkeypatch.setattr(keys, "PATIENCE", 0.5)
    recognise = ApiKeys(pool)
    token = await new_key(database, "read")
    caller = await recognise(token)
    assert caller is not None
    async with admin.transaction():
        await admin.execute(_LOCK)
        assert await recognise(token) == caller
        assert await recognise(token[:-1]) is None
        monkeypatch.setattr(keys, "STALE", 0.0)
        with pytest.raises(TimeoutError):
            await recognise(token)


async def test_a_made_up_key_holds_up_nobody_who_is_known(
    database: Migrated,
    pool: Pool,
    admin: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    recognise = ApiKeys(pool)
    token = await new_key(database, "read")
    caller = await recognise(token)
    async with admin.transaction():
        await admin.execute(_LOCK)
        made_up = [
            asyncio.create_task(recognise(f"evh_{number:012x}_secret")) for number in range(50)
        ]
        async with asyncio.timeout(2):
            waiting = 0
            while waiting < 2:
                waiting = await admin.fetchval(_WAITING)
            assert await recognise(token) == caller
            async with pool.acquire() as connection:  # and the pool is not theirs alone
                assert await connection.fetchval("SELECT 1") == 1
    assert await asyncio.gather(*made_up) == [None] * 50


async def test_a_lookup_that_hangs_is_answered_with_503_and_when_to_come_back(
    database: Migrated,
    admin: "asyncpg.Connection[asyncpg.Record]",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keys, "PATIENCE", 0.5)
    async with running(database) as intake, admin.transaction():
        await admin.execute(_LOCK)
        answer = await intake.client.get("/v1/cases")
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
