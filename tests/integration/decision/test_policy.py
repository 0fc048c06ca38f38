"""Which policy decides: a refused one never does, the old one stays, and a shadow only records."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from shutil import copytree, ignore_patterns

import asyncpg
import orjson
import pytest

from services.decision.activation import REFUSED, Activation, activate
from services.decision.handlers import Deciding
from services.decision.log import Sound, verify
from services.decision.merits.decide import decide
from services.decision.policy.loading import SHIPPED, load_body
from services.decision.policy.model import Policy, PolicyError
from services.decision.recording import Recorder
from services.decision.shadowing import Shadow
from shared import clock
from shared.events.catalogue import CaseClassified, Topic
from shared.postgres import Pool
from tests.integration.decision_parts import PACKS, POLICY, classified
from tests.integration.decision_service import Service

TODAY = date(2026, 11, 21)


@pytest.fixture(autouse=True)
def _nothing_refused_afterwards() -> Iterator[None]:
    yield
    REFUSED.set(0)


def _folder(tmp_path: Path, name: str, **changes: str) -> Path:
    """Return a folder with the shipped policy and other values in some of its lines."""
    folder = tmp_path / name
    copytree(SHIPPED, folder, ignore=ignore_patterns("*.py", "__pycache__"))
    path = folder / "policy.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    for key, value in changes.items():
        (place,) = [n for n, line in enumerate(lines) if line.startswith(f"{key}:")]
        lines[place] = f"{key}: {value}"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def _proved(_: Policy) -> tuple[object, ...]:
    return ()


def _unfair(_: Policy) -> tuple[object, ...]:
    return ("tone: rude and courteous customers are treated differently",)


async def _activated(pool: Pool) -> list[str]:
    rows = await pool.fetch(
        "SELECT body FROM decision_log WHERE kind = 'policy_activated' ORDER BY position"
    )
    return [orjson.loads(row["body"])["policy"] for row in rows]


async def test_the_first_policy_is_stored_whole_active_and_logged_once(pool: Pool) -> None:
    for _ in range(2):
        active = await activate(pool, None, _unfair, TODAY)
        assert active.now().hash == POLICY.hash
    rows = await pool.fetch("SELECT hash, body, active FROM policies")
    assert [(row["hash"], row["active"]) for row in rows] == [(POLICY.hash, True)]
    assert load_body(rows[0]["body"]).hash == POLICY.hash
    assert await _activated(pool) == [POLICY.hash]


async def test_a_policy_that_cannot_be_read_leaves_the_old_one_active_and_is_told_of(
    pool: Pool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await activate(pool, None, _proved, TODAY)
    broken = _folder(tmp_path, "broken", shared_part="7")
    with caplog.at_level(logging.ERROR):
        active = await activate(pool, broken, _proved, TODAY)
    assert active.now().hash == POLICY.hash
    assert "policy.yaml:" in caplog.text
    assert "shared_part" in caplog.text
    assert next(iter(REFUSED.collect())).samples[0].value == 1


async def test_without_any_policy_the_service_does_not_start(pool: Pool, tmp_path: Path) -> None:
    broken = _folder(tmp_path, "broken", shared_part="7")
    with pytest.raises(PolicyError, match="shared_part"):
        await activate(pool, broken, _proved, TODAY)
    assert await pool.fetchval("SELECT count(*) FROM policies") == 0


async def test_a_policy_that_the_proof_refuses_never_decides(
    pool: Pool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await activate(pool, None, _proved, TODAY)
    own = _folder(tmp_path, "own", shared_part="0.6", valid_from=TODAY.isoformat())
    with caplog.at_level(logging.ERROR):
        active = await activate(pool, own, _unfair, TODAY)
    assert active.now().hash == POLICY.hash
    assert "treated differently" in caplog.text
    assert await _activated(pool) == [POLICY.hash]


async def test_a_new_policy_replaces_the_old_one_which_stays_stored(
    pool: Pool, tmp_path: Path
) -> None:
    await activate(pool, None, _proved, TODAY)
    own = _folder(tmp_path, "own", shared_part="0.6", valid_from=TODAY.isoformat())
    active = (await activate(pool, own, _proved, TODAY)).now()
    assert active.hash != POLICY.hash
    rows = await pool.fetch("SELECT hash, active FROM policies")
    assert {row["hash"]: row["active"] for row in rows} == {
        POLICY.hash: False,
        active.hash: True,
    }
    assert await _activated(pool) == [POLICY.hash, active.hash]
    async with pool.acquire() as connection:
        assert isinstance(await verify(connection), Sound)
    # Proved once, it is not proved again at each start.
    assert (await activate(pool, own, _unfair, TODAY)).now().hash == active.hash


async def test_a_policy_of_a_later_day_begins_on_that_day(pool: Pool, tmp_path: Path) -> None:
    today = clock.now().date()
    await activate(pool, None, _proved, today)
    tomorrow = today + timedelta(days=1)
    own = _folder(tmp_path, "own", shared_part="0.6", valid_from=tomorrow.isoformat())
    active = await activate(pool, own, _proved, today)
    assert active.now().hash == POLICY.hash
    coming = active.next
    assert coming is not None
    begun = Activation(pool, active.policy, coming.model_copy(update={"valid_from": today}))
    await begun.begin()
    assert begun.next is None
    assert await pool.fetchval("SELECT hash FROM policies WHERE active") == begun.now().hash
    assert begun.now().shared_part == coming.shared_part


async def test_an_unknown_hash_cannot_be_made_active_twice(pool: Pool) -> None:
    await activate(pool, None, _proved, TODAY)
    with pytest.raises(asyncpg.UniqueViolationError):
        await pool.execute(
            """INSERT INTO policies (hash, version, valid_from, body, active)
               VALUES ('x', 'x', now(), '', true)"""
        )


async def test_a_candidate_records_what_it_would_have_done_and_says_nothing(pool: Pool) -> None:
    strict = POLICY.model_copy(update={"goodwill": POLICY.goodwill.model_copy(update={"times": 0})})
    recorder = Recorder(lambda: POLICY, PACKS, Shadow(strict, decide))
    service = Service(pool, Deciding(lambda: POLICY, recorder))
    alone = replace(service, deciding=Deciding(lambda: POLICY, Recorder(lambda: POLICY, PACKS)))
    case, other = classified(), classified(customer="C-2")
    await service.take(case)
    told = await service.told()
    rows = await pool.fetch("SELECT * FROM shadow")
    assert [(row["case_id"], row["differs"]) for row in rows] == [(case.case_id, True)]
    assert orjson.loads(rows[0]["outcome"])["said"]["answer"]["decision"]["disposition"] == (
        "declined"
    )
    await alone.take(other)
    assert (await service.told())[len(told) :] == told
    assert len(await service.said(Topic.DECIDED)) == 2


async def test_a_candidate_that_fails_holds_up_no_case(pool: Pool) -> None:
    def fail(case: CaseClassified, *_: object) -> None:
        raise KeyError(case.case_id)

    recorder = Recorder(lambda: POLICY, PACKS, Shadow(POLICY, fail))  # type: ignore[arg-type]  # on purpose
    service = Service(pool, Deciding(lambda: POLICY, recorder))
    await service.take(classified())
    assert len(await service.said(Topic.DECIDED)) == 1
    assert await pool.fetchval("SELECT count(*) FROM shadow") == 0


async def test_an_upgrade_may_ship_a_policy_that_is_dated_before_it(
    pool: Pool, tmp_path: Path
) -> None:
    earlier = _folder(tmp_path, "earlier", shared_part="0.6")
    await activate(pool, earlier, _proved, TODAY)
    active = await activate(pool, None, _proved, date(2030, 1, 1))
    assert active.now().hash == POLICY.hash
    assert next(iter(REFUSED.collect())).samples[0].value == 0


async def test_a_policy_that_only_an_older_version_could_read_stops_no_upgrade(
    pool: Pool, caplog: pytest.LogCaptureFixture
) -> None:
    await activate(pool, None, _proved, TODAY)
    await pool.execute("UPDATE policies SET hash = 'old', body = '{}'")
    with caplog.at_level(logging.WARNING):
        active = await activate(pool, None, _proved, TODAY)
    assert active.now().hash == POLICY.hash
    assert "cannot be read" in caplog.text
    assert await _activated(pool) == [POLICY.hash, POLICY.hash]
