"""Watches the dates that customers are told of a delay: each is a promise and has its own clock.

Invariant: a date gets its clock in the transaction that tells it, once. An earlier one that was
told is set aside only before it was missed. Only clocks are written here, and whoever calls holds
those of the case.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from services.decision.clock import plan
from services.decision.clock.load import Packs
from services.decision.clock.state import gives_way
from services.decision.timing import store
from services.decision.timing.doings import Told
from services.decision.timing.rows import Armed, Row, armed_as, told_of
from shared.postgres import Connection

_HOLD: Final = """
SELECT FROM clocks WHERE case_id = ANY($1) ORDER BY case_id, clock FOR UPDATE
"""
_PROMISES: Final = """
SELECT case_id, clock, round, kind, deadline, lapsed_at, withdrawn_at FROM clocks
 WHERE case_id = ANY($1) AND kind = 'promise'
"""


@dataclass(slots=True)
class _Promises:
    """What the customer of a case was promised in a round: how many dates were told, which run."""

    told: int = 0
    dates: set[datetime] = field(default_factory=set)
    running: dict[str, datetime] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        self.told = max(self.told, told_of(row))
        if row["withdrawn_at"] is not None:
            return
        self.dates.add(row["deadline"])
        if row["lapsed_at"] is None and told_of(row):
            self.running[row["clock"]] = row["deadline"]


async def hold(tx: Connection, cases: Sequence[UUID]) -> None:
    """Lock all clocks of cases, in the one order, before any of them is locked for its timers."""
    await tx.execute(_HOLD, cases)


async def tell(tx: Connection, told: Sequence[Told], now: datetime, packs: Packs) -> None:
    """Let dates be watched that customers are told; earlier ones that they replace run no more."""
    if not told:
        return
    promises: dict[tuple[UUID, int], _Promises] = {}
    for row in await tx.fetch(_PROMISES, list({each.row["case_id"] for each in told})):
        promises.setdefault((row["case_id"], row["round"]), _Promises()).add(row)
    armed: list[Armed] = []
    aside: list[tuple[UUID, str]] = []
    for each in told:
        case_id: UUID = each.row["case_id"]
        held = promises.setdefault((case_id, each.row["round"]), _Promises())
        if each.new_date in held.dates:
            continue
        for name, date in list(held.running.items()):
            if gives_way(date, None, each.new_date, now):
                aside.append((case_id, name))
                del held.running[name]
        clock = _clock(each, held, now, packs)
        if clock is not None:
            armed.append(clock)
            held.told += 1
            held.dates.add(each.new_date)
            held.running[clock.name] = each.new_date
    await store.arm(tx, armed)
    await store.withdraw(tx, aside)


def _clock(told: Told, held: _Promises, now: datetime, packs: Packs) -> Armed | None:
    """Return the clock that watches a date; the next term of an extended clock does so itself."""
    if told.has_term:
        return None
    row = told.row
    clock = plan.told(row["jurisdiction"], told.new_date, held.told + 1, now, packs)
    return None if clock is None else armed_as(row, clock)
