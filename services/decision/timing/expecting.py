"""When the person who has a case expects to answer: noted, and forgotten when others get the case.

Invariant: a warning waits for no date but the one that was said last, by whoever had the case
last. Who has it next says anew.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from services.decision.clock.ladder import Action
from services.decision.timing import store
from services.decision.timing.rows import Row, clock_of, is_running
from shared.postgres import Connection

# Also of a clock that is set aside: it may run again, and must not wait for an older date.
_EXPECT: Final = """
UPDATE clocks SET expected_by = $2, expected_of = $3
 WHERE case_id = $1 AND cancelled_at IS NULL AND extended_to IS NULL
"""
_FORGET: Final = """
UPDATE clocks SET expected_by = NULL, expected_of = NULL
 WHERE case_id = $1 AND cancelled_at IS NULL AND expected_by IS NOT NULL
"""
# A timer that waits for longer than its plan was postponed. It is due now and not when it was: it
# has not been late.
_DUE_AGAIN: Final = """
WITH again AS (
    UPDATE timers t
       SET due_at = greatest(p.due, clock_now()), lease = NULL, leased_until = NULL
      FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[])
           AS p(case_id, clock, rung, due)
     WHERE (t.case_id, t.clock, t.rung) = (p.case_id, p.clock, p.rung)
       AND t.fired_at IS NULL AND t.due_at > greatest(p.due, clock_now())
 RETURNING t.due_at
)
SELECT pg_notify($5, '') WHERE (SELECT min(due_at) FROM again) <= clock_now() + $6::interval
"""


async def expect(tx: Connection, case_id: UUID, by: datetime, of: str) -> bool:
    """Note when people expect to answer a case, and why not before; its clocks run as they do.

    Returns whether the case has a clock that runs: else there is nothing to expect.
    """
    held = (await store.lock(tx, [case_id])).get(case_id, [])
    if not any(is_running(row) for row in held):
        return False
    await tx.execute(_EXPECT, case_id, by, of)
    await _look_again(tx, held)
    return True


async def forget(tx: Connection, case_id: UUID) -> None:
    """Forget what the one who had a case expected; a warning that waited for it is due again."""
    held = (await store.lock(tx, [case_id])).get(case_id, [])
    if any(row["expected_by"] is not None for row in held):
        await tx.execute(_FORGET, case_id)
        await _look_again(tx, held)


async def _look_again(tx: Connection, clocks: Iterable[Row]) -> None:
    """Let warnings that wait for a date be due as they were planned, or now."""
    warnings = [
        (row, planned)
        for row in clocks
        if is_running(row)
        for planned in clock_of(row).rungs
        if planned.rung.action is Action.WARN
    ]
    await tx.execute(
        _DUE_AGAIN,
        [row["case_id"] for row, _ in warnings],
        [row["clock"] for row, _ in warnings],
        [planned.rung.name for _, planned in warnings],
        [planned.due for _, planned in warnings],
        store.CHANNEL,
        store.HEARTBEAT,
    )
