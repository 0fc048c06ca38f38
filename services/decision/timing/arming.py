"""Sets and stops clocks in the transaction that lets a case wait for people, or answers it.

A clock that runs stays as it was set; a lapse stays for ever. A case that was decided at once never
had a clock, and costs nothing here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import asyncpg

from services.decision.clock.load import Packs
from services.decision.clock.plan import Clock
from services.decision.clock.state import State, replanned, still_watched
from services.decision.log import Entry
from services.decision.timing import store
from services.decision.timing.planning import Planned, clocks_of, planned
from services.decision.timing.rows import Armed, Origin, Row, clock_of, is_running, origin_of
from shared.events.catalogue import CaseClassified
from shared.postgres import Connection


@dataclass(frozen=True, slots=True)
class Moved:
    """A case that a transaction stores.

    `waits`: the customer waits for an answer. `known`: the case was stored before. `round`: the
    answers that it had; clocks that are set after one start at `since`. `case` is missing where
    what the customer wrote was erased: its clocks stay as they are. `cause` is the event that moved
    it, with its trace; `planned` are its clocks where somebody has planned them already, maybe
    before a later message came.
    """

    case_id: UUID
    case: CaseClassified | None
    waits: bool
    known: bool
    round: int = 0
    since: datetime | None = None
    cause: tuple[UUID, str | None] | None = None
    planned: Planned | None = None


async def follow(
    tx: Connection, moved: Sequence[Moved], now: datetime, packs: Packs, actor: str = "policy"
) -> list[Entry]:
    """Let the clocks follow what becomes of cases; returns what goes into the log."""
    known = [each.case_id for each in moved if each.known]
    held = await store.lock(tx, known) if known else {}
    answered = [
        each.case_id for each in moved if not each.waits and _runs(held.get(each.case_id, ()))
    ]
    stopped = await store.close(tx, answered, actor, now)
    new: list[Armed] = []
    for each in moved:
        if each.waits and each.case is not None:
            this, rows = _round_of(each, held.get(each.case_id, ()))
            if rows:
                await _plan_anew(tx, this, each.case, rows, packs)
            else:
                plan = _planned(each, each.case, now, packs)
                new += [_armed(this, each.case, clock, plan.arrived_at) for clock in plan.clocks]
    await store.begin(tx, new)
    return stopped


async def stop(tx: Connection, case_id: UUID, person: str, now: datetime) -> list[Entry]:
    """Stop the clocks of a case that a person has answered; returns what goes into the log."""
    if not await store.lock(tx, [case_id]):
        return []
    return await store.close(tx, [case_id], person, now)


def _runs(rows: Sequence[Row]) -> bool:
    return any(row["cancelled_at"] is None for row in rows)


def _round_of(moved: Moved, held: Sequence[asyncpg.Record]) -> tuple[Moved, list[asyncpg.Record]]:
    """Return the round that runs, with its clocks; else the next that has none.

    A round can have been stopped without a new answer: a person let the one stand that there was.
    """
    this = moved.round
    while rows := [row for row in held if row["round"] == this]:
        if _runs(rows):
            break
        this += 1
    return moved if this == moved.round else replace(moved, round=this), rows


def _planned(moved: Moved, case: CaseClassified, now: datetime, packs: Packs) -> Planned:
    """Return the clocks that begin; however long a message lay with us, it arrived when it did."""
    plan = moved.planned
    if plan is None:
        arrived_at = now if moved.since else case.accepted_at or now
        return planned(case, arrived_at, packs, moved.since)
    return plan if plan.case is case else planned(case, plan.arrived_at, packs, plan.since)


def _armed(moved: Moved, case: CaseClassified, clock: Clock, arrived_at: datetime) -> Armed:
    cause_id, traceparent = moved.cause or (None, None)
    currency = case.claim.currency if case.claim and case.claim.amount else None
    origin = Origin(cause_id, traceparent, case.jurisdiction, currency)
    return Armed(
        moved.case_id, case.customer_id, case.sequence, moved.round, arrived_at, clock, origin
    )


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
    # What a message adds counts from where its round began, whatever the bank has learnt since.
    since: datetime = min(row["received_at"] for row in rows)
    names = {clock_of(row).id: row["clock"] for row in current}
    before = State(
        clocks=tuple(clock_of(row) for row in current if is_running(row)),
        withdrawn=tuple(clock_of(row) for row in current if not is_running(row)),
    )
    now: datetime = rows[0]["now"]
    anew = replanned(before, clocks_of(case, arrived_at, packs, since), now)
    after = still_watched(anew, case.jurisdiction, now, packs)
    ran = {clock.id for clock in before.clocks}
    again = [clock for clock in after.clocks if clock.id not in ran]
    if moved.cause is None:  # a person did it: what is told is said again with what came before
        first = origin_of(rows[0])
        cause = None if first.cause_id is None else (first.cause_id, first.traceparent)
        moved = replace(moved, cause=cause)
    armed = [_armed(moved, case, clock, arrived_at) for clock in again]
    aside = [clock.id for clock in after.withdrawn if clock.id in ran]
    await store.withdraw(tx, [(moved.case_id, names[name]) for name in aside])
    await store.revive(tx, [each for each in armed if each.clock.id in names])
    await store.arm(tx, [each for each in armed if each.clock.id not in names])
