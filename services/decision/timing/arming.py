"""Sets and stops clocks in the transaction that lets a case wait for people, or answers it.

A clock that runs stays as it was set; a lapse stays for ever. A case that was decided at once never
had a clock, and costs nothing here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from services.decision.clock.load import Packs
from services.decision.clock.plan import Clock
from services.decision.clock.state import State, replanned
from services.decision.timing import store
from services.decision.timing.planning import clocks_of
from services.decision.timing.rows import Armed, Row, clock_of, is_running
from shared.events.catalogue import CaseClassified
from shared.postgres import Connection


@dataclass(frozen=True, slots=True)
class Moved:
    """A case that a transaction stores.

    `waits`: the customer waits for an answer. `known`: the case was stored before. `round`: the
    answers that it had; clocks that are set after one start at `since`. `case` is missing where
    what the customer wrote was erased: its clocks stay as they are.
    """

    case_id: UUID
    case: CaseClassified | None
    waits: bool
    known: bool
    round: int = 0
    since: datetime | None = None


async def follow(tx: Connection, moved: Sequence[Moved], now: datetime, packs: Packs) -> None:
    """Let the clocks follow what becomes of cases."""
    known = [each.case_id for each in moved if each.known]
    held = await store.lock(tx, known) if known else {}
    answered = [
        each.case_id for each in moved if not each.waits and _runs(held.get(each.case_id, ()))
    ]
    await store.close(tx, answered)
    new: list[Armed] = []
    for each in moved:
        if each.waits and each.case is not None:
            rows = [row for row in held.get(each.case_id, ()) if row["round"] == each.round]
            if rows:
                await _plan_anew(tx, each, each.case, rows, packs)
            else:
                clocks = clocks_of(each.case, now, packs, each.since)
                new += [_armed(each, each.case, clock, now) for clock in clocks]
    await store.arm(tx, new)


async def stop(tx: Connection, case_id: UUID) -> None:
    """Stop the clocks of a case that a person has answered."""
    if await store.lock(tx, [case_id]):
        await store.close(tx, [case_id])


def _runs(rows: Sequence[Row]) -> bool:
    return any(row["cancelled_at"] is None for row in rows)


def _armed(moved: Moved, case: CaseClassified, clock: Clock, arrived_at: datetime) -> Armed:
    return Armed(moved.case_id, case.customer_id, case.sequence, moved.round, arrived_at, clock)


async def _plan_anew(
    tx: Connection,
    moved: Moved,
    case: CaseClassified,
    rows: Sequence[asyncpg.Record],
    packs: Packs,
) -> None:
    """Take over what a later message changes: which packs hold, never what has happened."""
    current = [row for row in rows if row["cancelled_at"] is None and row["extended_to"] is None]
    if not current:
        return
    arrived_at: datetime = min(row["arrived_at"] for row in rows)
    names = {clock_of(row).id: row["clock"] for row in current}
    before = State(
        clocks=tuple(clock_of(row) for row in current if is_running(row)),
        withdrawn=tuple(clock_of(row) for row in current if not is_running(row)),
    )
    after = replanned(before, clocks_of(case, arrived_at, packs, moved.since))
    ran = {clock.id for clock in before.clocks}
    again = [clock for clock in after.clocks if clock.id not in ran]
    armed = [_armed(moved, case, clock, arrived_at) for clock in again]
    aside = [clock.id for clock in after.withdrawn if clock.id in ran]
    await store.withdraw(tx, [(moved.case_id, names[name]) for name in aside])
    await store.revive(tx, [each for each in armed if each.clock.id in names])
    await store.arm(tx, [each for each in armed if each.clock.id not in names])
