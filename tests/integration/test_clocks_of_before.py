"""Clocks that an earlier version has stored keep their plans, and their lapses stay permanent."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.integration.decision_parts import Migrated
from tests.integration.earlier_schema import Earlier, before

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
async def earlier(database: Migrated) -> AsyncIterator[Earlier]:
    """Open a schema as it was before plans stood apart."""
    async with before(database.admin, "decision", "0005") as found:
        yield found


async def _laid(earlier: Earlier, *, lapsed: bool = False, answered: bool = False) -> UUID:
    case_id = uuid4()
    await earlier.connection.execute(_CLOCK, case_id, f"plan of {case_id}", lapsed, answered)
    for rung, fired in (("received", True), ("lapse", False)):
        await earlier.connection.execute(_TIMER, case_id, rung, fired)
    return case_id


async def test_plans_and_what_has_fired_stay_where_a_clock_still_runs(earlier: Earlier) -> None:
    running, answered = await _laid(earlier), await _laid(earlier, answered=True)
    await earlier.migrate()
    for case_id in (running, answered):
        plan = await earlier.connection.fetchval(
            "SELECT plan FROM plans WHERE case_id = $1", case_id
        )
        assert plan == f"plan of {case_id}"
    timers = await earlier.connection.fetch("SELECT case_id, rung, action, fired_at FROM timers")
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
async def test_a_lapse_of_before_is_as_permanent_as_ever(earlier: Earlier, rewriting: str) -> None:
    lapsed = await _laid(earlier, lapsed=True)
    await earlier.migrate()
    with pytest.raises(asyncpg.RaiseError, match="a lapse is permanent"):
        await earlier.connection.execute(rewriting, lapsed)
    await earlier.connection.execute(
        "UPDATE clocks SET cancelled_at = now() WHERE case_id = $1", lapsed
    )
