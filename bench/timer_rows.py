"""Puts timers into a database in large numbers, as arming would have put them there.

Each has a case and a clock of its own, and no two clocks are alike.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg

from services.decision.clock.choose import CaseFacts
from services.decision.clock.load import load
from services.decision.clock.plan import Clock, PlannedRung, plan
from services.decision.timing.rows import Armed, urgency_of
from services.decision.timing.store import CHANNEL
from shared.events.case import Category, Facts
from shared.postgres import Connection

_FACTS: Final = CaseFacts("PL", None, Category.OTHER, Facts())
_RUNGS: Final = ("assignee", "team_lead", "executive")
"""A reminder, a call to a person and a call to an executive: every urgency, no letter."""
_CASES: Final = (
    "case_id", "customer_id", "state", "sequence", "received_at", "waiting", "queue", "referred_at",
)  # fmt: skip
_CLOCKS: Final = (
    "case_id", "clock", "customer_id", "sequence", "round", "pack", "pack_version", "calendar",
    "calendar_version", "kind", "role", "received_at", "arrived_at", "decide_by", "deadline",
    "late_arrival", "cause_id", "traceparent",
)  # fmt: skip
_TIMERS: Final = (
    "case_id", "clock", "rung", "urgency", "due_at", "action", "summons", "jumps_queue",
)  # fmt: skip
_AT_ONCE: Final = 20_000
_CLOCK: Final = "pl_complaints:0"


def clock_at(received_at: datetime) -> Clock:
    """Return the clock of a Polish complaint."""
    return plan(_FACTS, received_at, received_at, load())[0]


async def due(
    connection: Connection, first: int, count: int, due_at: Callable[[int], datetime]
) -> None:
    """Let timers number `first` and following be due, each at its instant."""
    template = clock_at(due_at(0) - timedelta(days=25))
    for start in range(first, first + count, _AT_ONCE):
        numbers = range(start, min(start + _AT_ONCE, first + count))
        clocks = [_due(template, number, due_at(number - first)) for number in numbers]
        await _copy(connection, numbers, clocks)
    await connection.execute("SELECT pg_notify($1, '')", CHANNEL)


def _due(template: Clock, number: int, instant: datetime) -> Clock:
    """Return the clock whose one rung is due then; it began at an instant of its own."""
    name = _RUNGS[number % len(_RUNGS)]
    (rung,) = (planned.rung for planned in template.rungs if planned.rung.name == name)
    return template.model_copy(
        update={
            "starts_at": template.starts_at + timedelta(microseconds=number),
            "rungs": (PlannedRung(rung=rung, due=instant),),
        }
    )


async def _copy(connection: Connection, numbers: Sequence[int], clocks: Sequence[Clock]) -> None:
    pairs = list(zip(numbers, clocks, strict=True))
    await connection.copy_records_to_table(
        "cases", records=map(_case_row, numbers), columns=_CASES, schema_name="decision"
    )
    await connection.copy_records_to_table(
        "clocks",
        records=(_clock_row(number, clock) for number, clock in pairs),
        columns=_CLOCKS,
        schema_name="decision",
    )
    await connection.copy_records_to_table(
        "plans",
        records=((_case(number), _CLOCK, clock.model_dump_json()) for number, clock in pairs),
        schema_name="decision",
    )
    await connection.copy_records_to_table(
        "timers", records=_timer_rows(pairs), columns=_TIMERS, schema_name="decision"
    )


def _case_row(number: int) -> tuple[object, ...]:
    at = datetime.fromisoformat("2026-11-20T10:00:00Z")
    return (_case(number), _customer(number), "referred", 0, at, True, "review", at)


def _clock_row(number: int, clock: Clock) -> tuple[object, ...]:
    return (
        *(_case(number), _CLOCK, _customer(number), 0, 0, clock.pack, clock.pack_version),
        *(clock.calendar, clock.calendar_version, clock.kind, clock.role),
        *(clock.starts_at, clock.starts_at, clock.decide_by, clock.deadline, False),
        *(_case(number), f"00-{number + 1:032x}-{1:016x}-00"),
    )


def _timer_rows(pairs: Sequence[tuple[int, Clock]]) -> Iterator[tuple[object, ...]]:
    for number, clock in pairs:
        for planned in clock.rungs:
            rung = planned.rung
            at = (urgency_of(rung), planned.due)
            yield (_case(number), _CLOCK, rung.name, *at, rung.action, rung.to, rung.jumps_queue)


def _case(number: int) -> UUID:
    return UUID(int=(0xB << 124) + number)


def _customer(number: int) -> str:
    return f"T-{number:08}"


async def later(url: str, count: int, template: Clock) -> None:
    """Let so many timers wait that are due in half a year; eight to a clock, as on a ladder."""
    rungs = len(template.rungs)
    connection = await asyncpg.connect(url, server_settings={"search_path": "decision"})
    try:
        for start in range(0, count // rungs, _AT_ONCE):
            numbers = range(start, min(start + _AT_ONCE, count // rungs))
            moved = template.model_copy(
                update={
                    "rungs": tuple(
                        PlannedRung(rung=each.rung, due=each.due + timedelta(days=180))
                        for each in template.rungs
                    )
                }
            )
            await connection.copy_records_to_table(
                "clocks",
                # Their plans are never read, and would only fill the disk.
                records=(_clock_row(_FAR + number, moved) for number in numbers),
                columns=_CLOCKS,
            )
            await connection.copy_records_to_table(
                "timers",
                records=_timer_rows([(_FAR + number, moved) for number in numbers]),
                columns=_TIMERS,
            )
        await connection.execute("ANALYZE clocks; ANALYZE timers")
    finally:
        await connection.close()


_FAR: Final = 1 << 40
"""Numbers of cases whose timers are not due, apart from all others."""


def armed(number: int, clock: Clock) -> Armed:
    """Return a clock as the hop arms it."""
    return Armed(_case(number), _customer(number), 0, 0, clock.starts_at, clock)
