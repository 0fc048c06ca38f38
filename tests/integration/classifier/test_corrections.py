"""What people said that tags should have been: kept once, exported without names, erased whole."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
from typer.testing import CliRunner

from evenhand.__main__ import build
from services.classifier import corrections
from services.classifier.corrections import forget, keep, stored
from services.classifier.exporting import lines
from services.classifier.training.corpus import Case
from shared.events.catalogue import ClassificationCorrected, Topic
from shared.events.tags import Fault, Flag, Labels, Pressure, Tone
from shared.hop import Hop, Runner
from shared.postgres import Pool
from tests.integration.classifier_service import NOW, corrected, record, runner_of
from tests.integration.conftest import Database

HOP = Hop("evenhand-classifier-corrections", (Topic.CORRECTED,), keep)


@pytest.fixture
def runner(pool: Pool) -> Runner:
    return runner_of(HOP, pool)


async def kept(pool: Pool) -> list[ClassificationCorrected]:
    async with pool.acquire() as connection:
        return await stored(connection)


def cases(*events: ClassificationCorrected) -> list[Case]:
    return [Case.model_validate(json.loads(line)) for line in lines(events)]


async def test_a_correction_is_kept_once_whatever_is_delivered_again(
    runner: Runner, pool: Pool
) -> None:
    event, identity = corrected(), uuid4()
    for redrive in (0, 0, 1):
        await runner([record(Topic.CORRECTED, event, identity, redrive)])
    await pool.execute("DELETE FROM inbox")  # as after its keeping time
    await runner([record(Topic.CORRECTED, event, identity)])
    assert await kept(pool) == [event]
    assert await pool.fetchval("SELECT count(*) FROM outbox") == 0


async def test_what_is_erased_does_not_come_back_with_the_log(runner: Runner, pool: Pool) -> None:
    event, identity = corrected(), uuid4()
    await runner([record(Topic.CORRECTED, event, identity)])
    async with pool.acquire() as connection:
        assert await corrections.erase_case(connection, event.case_id) == 1
    await runner([record(Topic.CORRECTED, event, identity, redrive=1)])
    assert await kept(pool) == []


async def test_erasing_a_case_or_a_customer_leaves_nothing_of_them_and_all_of_others(
    runner: Runner, pool: Pool
) -> None:
    one, two = corrected(text="Maria lives here"), corrected(customer="C-2", text="Zoe was here")
    more = corrected(customer="C-2", text="Zoe again", at=NOW + timedelta(1))
    await runner([record(Topic.CORRECTED, each) for each in (one, two, more)])
    async with pool.acquire() as connection:
        assert await corrections.erase_case(connection, one.case_id) == 1
        assert await corrections.erase_case(connection, one.case_id) == 0
        assert await kept(pool) == [two, more]
        assert await corrections.erase_customer(connection, "C-2") == 2
    rows = await pool.fetch("SELECT t::text FROM corrections t")
    assert [row[0] for row in rows] == []


async def test_what_is_older_than_its_time_is_forgotten(runner: Runner, pool: Pool) -> None:
    now = await pool.fetchval("SELECT now()")
    old = corrected(at=now - timedelta(days=366))
    new = corrected(at=now - timedelta(days=364))
    await runner([record(Topic.CORRECTED, each) for each in (new, old)])
    stop = asyncio.Event()
    loop = asyncio.create_task(corrections.forgetting(pool, timedelta(days=365))(stop))
    async with asyncio.timeout(20):
        while len(await kept(pool)) > 1:  # noqa: ASYNC110 - the database has no event to wait for
            await asyncio.sleep(0.01)
    assert await kept(pool) == [new]
    stop.set()
    await loop
    async with pool.acquire() as connection:
        assert not await forget(connection, timedelta(days=365))


def test_an_exported_case_teaches_what_was_named_and_says_not_whose_it_is() -> None:
    event = corrected()
    (line,) = lines([event])
    for private in ("Anna", "Nowak", "C-1029", "clerk", "jan@", "Elm", str(event.case_id)):
        assert private not in line
    (case,) = cases(event)
    assert case.text == "My name is NAME NAME_. You charged 12 EUR twice."
    assert case.teaches == {"tone", *Flag}
    assert (case.gold.tone, case.gold.flags) == (Tone.UPSET, frozenset({Flag.VULNERABLE}))
    assert (case.author, case.lang, case.category) == ("desk", "en", "fee_dispute")
    assert case.message.claim
    assert set(case.facts or {}) == {"due_at", "rejected_by"}


def test_an_exported_text_does_not_hold_the_customer_s_number() -> None:
    (line,) = lines([corrected(text="I am customer c-1029, C-1029!")])
    assert "1029" not in line


def test_of_one_message_the_newest_word_on_each_target_counts() -> None:
    case_id = uuid4()
    rude = Labels(tone=Tone.ABUSIVE, pressure=Pressure.NONE, fault=Fault.COMPANY)
    first = corrected(case_id=case_id, named=("tone", "fault"), labels=rude)
    calmer = Labels(tone=Tone.UPSET, pressure=Pressure.NONE, fault=Fault.CUSTOMER)
    second = corrected(case_id=case_id, named=("tone",), labels=calmer, at=NOW + timedelta(1))
    other = corrected(case_id=case_id, sequence=1, at=NOW + timedelta(2))
    joined, another = cases(first, second, other)
    assert (joined.gold.tone, joined.gold.fault) == (Tone.UPSET, Fault.COMPANY)
    assert joined.teaches == {"tone", "fault"}
    assert joined.group == another.group
    assert joined.id != another.id


def test_messages_in_a_language_that_is_not_read_teach_nothing() -> None:
    assert cases(corrected(language="und", text="Wo ist mein Geld?")) == []


async def command(database: Database, *words: str) -> tuple[int, str]:
    def run() -> tuple[int, str]:
        done = CliRunner(env={"EVENHAND_ADMIN_DATABASE_URL": database.admin}).invoke(
            build(["corrections", "log"]), words
        )
        return done.exit_code, done.stdout if done.exit_code == 0 else str(done.exception)

    return await asyncio.to_thread(run)


async def test_the_command_exports_once_for_its_owner_alone_and_erases(
    runner: Runner, pool: Pool, database: Database, tmp_path: Path
) -> None:
    event = corrected()
    await runner([record(Topic.CORRECTED, event)])
    path = tmp_path / "out.jsonl"
    code, told = await command(database, "corrections", "export", str(path), "--json")
    assert code == 0
    assert json.loads(told)["cases"] == 1
    assert path.stat().st_mode & 0o777 == 0o600
    assert [Case.model_validate_json(line).id for line in path.read_text().splitlines()] == [
        "desk-1"
    ]
    assert "exists" in (await command(database, "corrections", "export", str(path)))[1]
    assert (await command(database, "corrections", "erase"))[0] == 2
    erased = await command(database, "corrections", "erase", "--customer", "C-1029", "--json")
    assert json.loads(erased[1]) == {"erased": 1}
    assert await kept(pool) == []


async def test_erasing_a_case_from_the_decision_service_erases_its_corrections(
    runner: Runner, pool: Pool, database: Database
) -> None:
    event = corrected()
    await runner([record(Topic.CORRECTED, event)])
    admin = await asyncpg.connect(database.admin)
    await admin.execute(_DECIDED, event.case_id)
    await admin.close()
    code, told = await command(database, "log", "erase", "--case", str(event.case_id))
    assert code == 0, told
    assert await kept(pool) == []
    unknown = await command(database, "log", "erase", "--case", str(UUID(int=5)))
    assert unknown[0] == 1


_DECIDED = """
INSERT INTO decision.cases (case_id, customer_id, state, sequence, received_at, waiting)
VALUES ($1, 'C-1029', 'decided', 0, now(), false)
"""
