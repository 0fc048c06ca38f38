"""Who shows a key is known to each service by its own roles, and soon or not at all."""

import asyncio
from collections.abc import AsyncIterator, Collection

import asyncpg
import pytest

from shared import keys
from shared.errors import Rejected
from shared.keys import ApiKeys, Caller, Role
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
async def desk(database: Migrated) -> AsyncIterator[Pool]:
    opened = await connect(database.url("decision"), schema="decision", connections=2)
    yield opened
    await opened.close()


@pytest.fixture
async def admin(database: Migrated) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    connection = await asyncpg.connect(database.admin)
    yield connection
    await connection.close()


@pytest.mark.parametrize(
    ("roles", "known"),
    [
        (["submit", "clerk", "staff"], ({"submit", "staff"}, {"clerk"})),
        (["read"], ({"read"}, None)),
        (["bank", "auditor"], (None, {"bank", "auditor"})),
        (["admin"], ({"admin"}, {"admin"})),
        (keys.ROLES["intake"], (keys.ROLES["intake"], {"admin"})),
        (keys.ROLES["decision"], ({"admin"}, keys.ROLES["decision"])),
    ],
)
async def test_each_service_knows_a_key_by_its_own_roles_only(
    database: Migrated,
    pool: Pool,
    desk: Pool,
    roles: Collection[Role],
    known: tuple[Collection[str] | None, Collection[str] | None],
) -> None:
    token = await new_key(database, *roles, name="anna")
    for service, here in zip((pool, desk), known, strict=True):
        caller = await ApiKeys(service)(token)
        assert caller == (None if here is None else Caller("anna", frozenset(here)))
        assert await ApiKeys(service)(token[:-1]) is None


@pytest.mark.parametrize("name", ["anna ", " anna", "an  na", "anna\n", "a\ufb01", ""])
async def test_no_owner_has_a_name_that_reads_like_another_s(database: Migrated, name: str) -> None:
    with pytest.raises(Rejected, match="name"):
        await new_key(database, "clerk", name=name)


async def test_a_key_of_both_services_is_listed_once_and_revoked_in_both(
    database: Migrated,
    pool: Pool,
    desk: Pool,
    admin: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    token = await new_key(database, "submit", "clerk", name="anna")
    other = await new_key(database, "auditor", name="eva")
    assert [(key.id, key.name, key.roles) for key in await keys.listed(admin)] == [
        (keys.id_of(token), "anna", ("clerk", "submit")),
        (keys.id_of(other), "eva", ("auditor",)),
    ]
    identity = keys.id_of(token)
    assert identity is not None
    assert await keys.revoke(admin, identity)
    assert not await keys.revoke(admin, identity)
    assert await ApiKeys(pool)(token) is None
    assert await ApiKeys(desk)(token) is None
    assert await ApiKeys(desk)(other) is not None
    assert [key.revoked_at is None for key in await keys.listed(admin)] == [False, True]


async def test_a_key_that_one_service_still_takes_is_not_listed_as_revoked(
    database: Migrated, admin: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    identity = keys.id_of(await new_key(database, "submit", "clerk"))
    assert identity is not None
    await admin.execute("UPDATE intake.api_keys SET revoked_at = now()")
    assert [key.revoked_at for key in await keys.listed(admin)] == [None]
    assert await keys.revoke(admin, identity)


@pytest.mark.parametrize("schema", ["intake", "decision"])
async def test_a_key_is_stored_in_both_schemas_or_in_none(
    database: Migrated, admin: "asyncpg.Connection[asyncpg.Record]", schema: str
) -> None:
    await admin.execute(f"ALTER TABLE {schema}.api_keys ADD CHECK (name <> 'anna')")
    with pytest.raises(asyncpg.CheckViolationError):
        await new_key(database, "submit", "clerk", name="anna")
    assert await keys.listed(admin) == []


@pytest.mark.parametrize("roles", [["chef"], ["submit", "chef"], []])
async def test_a_role_that_is_none_is_answered_with_those_of_both_services(
    admin: "asyncpg.Connection[asyncpg.Record]", roles: list[Role]
) -> None:
    with pytest.raises(Rejected) as refused:
        await keys.create(admin, "anna", roles)
    for role in (*keys.ROLES["intake"], *keys.ROLES["decision"]):
        assert role in str(refused.value)
    assert await keys.listed(admin) == []


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
