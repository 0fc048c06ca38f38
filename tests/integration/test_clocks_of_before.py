"""Clocks that an earlier version has stored keep their plans, and their lapses stay permanent."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from shared.postgres import Connection
from tests.integration.decision_parts import Migrated

_ROOT = Path(__file__).resolve().parents[2]
_FILES = [
    *sorted((_ROOT / "shared" / "migrations").glob("*.sql")),
    *sorted((_ROOT / "services" / "decision" / "migrations").glob("*.sql")),
]
_CLOCK = """
INSERT INTO clocks (case_id, clock, customer_id, sequence, round, pack, pack_version, calendar,
                    calendar_version, kind, role, plan, received_at, arrived_at, decide_by,
                    deadline, late_arrival, lapsed_at, lapse_recorded_at, legal_effect,
                    cancelled_at)
VALUES ($1, 'pl:0', 'C-1', 0, 0, 'pl', '1', 'PL', '1', 'statutory', 'answer', $2, now(), now(),
        now(), now(), false, CASE WHEN $3 THEN now() END, CASE WHEN $3 THEN now() END,
        CASE WHEN $3 THEN 'deemed_accepted' END, CASE WHEN $4 THEN now() END)
"""
_TIMER = """
INSERT INTO timers (case_id, clock, rung, urgency, due_at, fired_at)
VALUES ($1, 'pl:0', $2, 0, now(), CASE WHEN $3 THEN now() END)
"""


@pytest.fixture
async def earlier(database: Migrated) -> AsyncIterator[Connection]:
    """Open a schema as it was before plans stood apart."""
    connection = await asyncpg.connect(database.admin)
    await connection.execute("CREATE SCHEMA earlier; SET search_path TO earlier")
    for path in _FILES:
        if path.name < "0005":
            await connection.execute(path.read_text(encoding="utf-8"))
    yield connection
    await connection.close()


async def _migrate(connection: Connection) -> None:
    for path in _FILES:
        if path.name >= "0005":
            async with connection.transaction():
                await connection.execute(path.read_text(encoding="utf-8"))


async def _laid(connection: Connection, *, lapsed: bool = False, answered: bool = False) -> UUID:
    case_id = uuid4()
    await connection.execute(_CLOCK, case_id, f"plan of {case_id}", lapsed, answered)
    for rung, fired in (("received", True), ("lapse", False)):
        await connection.execute(_TIMER, case_id, rung, fired)
    return case_id


async def test_plans_and_what_has_fired_stay_where_a_clock_still_runs(earlier: Connection) -> None:
    running, answered = await _laid(earlier), await _laid(earlier, answered=True)
    await _migrate(earlier)
    for case_id in (running, answered):
        plan = await earlier.fetchval("SELECT plan FROM plans WHERE case_id = $1", case_id)
        assert plan == f"plan of {case_id}"
    timers = await earlier.fetch("SELECT case_id, rung, action, fired_at FROM timers")
    assert {(row["case_id"], row["rung"], row["action"]) for row in timers} == {
        (running, "received", None),
        (running, "lapse", None),
        (answered, "lapse", None),
    }


@pytest.mark.parametrize(
    "rewriting",
    [
        "UPDATE plans SET plan = '{}' WHERE case_id = $1",
        "DELETE FROM plans WHERE case_id = $1",
        "UPDATE clocks SET lapsed_at = NULL WHERE case_id = $1",
        "UPDATE clocks SET deadline = now() + interval '1 day' WHERE case_id = $1",
        "DELETE FROM clocks WHERE case_id = $1",
    ],
)
async def test_a_lapse_of_before_is_as_permanent_as_ever(
    earlier: Connection, rewriting: str
) -> None:
    lapsed = await _laid(earlier, lapsed=True)
    await _migrate(earlier)
    with pytest.raises(asyncpg.RaiseError, match="a lapse is permanent"):
        await earlier.execute(rewriting, lapsed)
    await earlier.execute("UPDATE clocks SET cancelled_at = now() WHERE case_id = $1", lapsed)
