"""`evenhand log verify`: a sound log prints its head, a changed one names the entry."""

import asyncpg
import orjson
import pytest

from shared.postgres import Pool
from tests.integration.decision.conftest import Run
from tests.integration.decision.stored_slips import answered, slip
from tests.integration.decision_parts import Migrated


async def test_a_sound_log_prints_its_head_and_the_head_is_found_again(
    pool: Pool, run: Run
) -> None:
    await answered(pool, slip())
    first = orjson.loads((await run("log", "verify", "--json")).stdout)
    assert (first["ok"], first["entries"]) == (True, 1)
    await answered(pool, slip(customer="C-2"))
    done = await run("log", "verify", "--expect", first["head"])
    assert done.exit_code == 0
    assert "2 entries, sound" in done.stdout


async def test_a_changed_entry_is_named_and_exits_1(
    database: Migrated, pool: Pool, run: Run
) -> None:
    for customer in ("C-1", "C-2"):
        await answered(pool, slip(customer=customer))
    owner = await asyncpg.connect(database.admin)
    await owner.execute("ALTER TABLE decision.decision_log DISABLE TRIGGER ALL")
    await owner.execute("UPDATE decision.decision_log SET actor = 'anna' WHERE position = 2")
    await owner.close()
    done = await run("log", "verify")
    assert (done.exit_code, "entry 2: changed" in done.stderr) == (1, True)
    told = orjson.loads((await run("log", "verify", "--json")).stdout)
    assert (told["ok"], told["position"]) == (False, 2)


@pytest.mark.parametrize("head", ["", "xyz", "00ff"])
async def test_an_expected_head_that_is_no_hash_is_wrong_use(run: Run, head: str) -> None:
    assert (await run("log", "verify", "--expect", head)).exit_code == 2


async def test_a_head_that_is_no_longer_in_the_log_exits_1(pool: Pool, run: Run) -> None:
    await answered(pool, slip())
    assert (await run("log", "verify", "--expect", "11" * 32)).exit_code == 1
