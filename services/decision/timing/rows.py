"""Clocks and timers as rows: their names, their urgency, and the way back to a clock. Pure."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Protocol, TypeAlias
from uuid import UUID

import orjson

from services.decision.clock.ladder import Action, Level, Rung
from services.decision.clock.model import Kind
from services.decision.clock.plan import Clock

_AT_ONCE: Final = 0
_SOON: Final = 1
_WHEN_THERE_IS_TIME: Final = 2
_URGENT: Final = frozenset({Level.TEAM, Level.EXECUTIVE})


class Row(Protocol):
    """A row of `clocks`, with its plan where that is asked for, or of `timers`."""

    def __getitem__(self, column: str, /) -> Any: ...  # noqa: ANN401 - whatever the column holds


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a clock comes from.

    What is said of it belongs to the event that let it run, and is said again with that.
    `jurisdiction` and `currency` (of the claim) say in which money a delay is made good.
    """

    cause_id: UUID | None = None
    traceparent: str | None = None
    jurisdiction: str | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """What the policy gives for a delay: the remedy as events name it, and what bounds it (EUR)."""

    remedy: dict[str, Any]
    euros: Decimal
    times: int
    per_day: Decimal
    policy: str


Offers: TypeAlias = Callable[[Origin], Offer | None]
"""Says what a case gets; nothing where the policy gives nothing, or not in its money."""


@dataclass(frozen=True, slots=True)
class Armed:
    """A clock that is to run for a case. `round` counts the answers that the case had before."""

    case_id: UUID
    customer_id: str
    sequence: int
    round: int
    arrived_at: datetime
    clock: Clock
    origin: Origin = Origin()

    @property
    def name(self) -> str:
        """Return the name of the clock within its case."""
        return name_of(self.clock, self.round)


def name_of(clock: Clock, answered: int) -> str:
    """Return a clock's name: pack, term, and after an answer the round."""
    return f"{clock.id}#{answered}" if answered else clock.id


def urgency_of(rung: Rung) -> int:
    """Return which rungs go first where many are due; 0 is first."""
    if rung.action is Action.LAPSE or rung.to in _URGENT:
        return _AT_ONCE
    return _WHEN_THERE_IS_TIME if rung.action is Action.NUDGE else _SOON


CLOCK: Final = (
    "case_id",
    "clock",
    "customer_id",
    "sequence",
    "round",
    "pack",
    "pack_version",
    "calendar",
    "calendar_version",
    "kind",
    "role",
    "received_at",
    "arrived_at",
    "decide_by",
    "deadline",
    "late_arrival",
    "cause_id",
    "traceparent",
    "jurisdiction",
    "currency",
)
PLAN: Final = ("case_id", "clock", "plan")
TIMER: Final = (
    "case_id",
    "clock",
    "rung",
    "urgency",
    "due_at",
    "action",
    "summons",
    "jumps_queue",
)


def clock(armed: Armed) -> tuple[object, ...]:
    """Return the row of a clock."""
    set_as, origin = armed.clock, armed.origin
    return (
        armed.case_id,
        armed.name,
        armed.customer_id,
        armed.sequence,
        armed.round,
        set_as.pack,
        set_as.pack_version,
        set_as.calendar,
        set_as.calendar_version,
        set_as.kind,
        set_as.role,
        set_as.starts_at,
        armed.arrived_at,
        set_as.decide_by,
        set_as.deadline,
        set_as.late_arrival,
        origin.cause_id,
        origin.traceparent,
        origin.jurisdiction,
        origin.currency,
    )


def plan(armed: Armed) -> tuple[object, ...]:
    """Return the row of its plan."""
    return armed.case_id, armed.name, armed.clock.model_dump_json()


def timers(armed: Armed) -> Iterator[tuple[object, ...]]:
    """Return the rows of its timers."""
    case_id, name = armed.case_id, armed.name
    for planned in armed.clock.rungs:
        rung = planned.rung
        yield (
            case_id,
            name,
            rung.name,
            urgency_of(rung),
            planned.due,
            rung.action,
            rung.to,
            rung.jumps_queue,
        )


CALLS: Final = frozenset({Action.NUDGE, Action.ESCALATE})
"""What calls people and does nothing else: no plan need be read for it."""
DELAYS: Final = frozenset({Action.WARN, Action.HOLDING_LETTER})
"""What may tell a customer that the answer will be late."""


def origin_of(row: Row) -> Origin:
    """Return where a stored clock comes from."""
    return Origin(row["cause_id"], row["traceparent"], row["jurisdiction"], row["currency"])


def armed_as(row: Row, clock: Clock) -> Armed:
    """Return a clock of the case and round that a row is of."""
    return Armed(
        row["case_id"],
        row["customer_id"],
        row["sequence"],
        row["round"],
        row["arrived_at"],
        clock,
        origin_of(row),
    )


def told_of(row: Row) -> int:
    """Return which of the dates a clock watches that its case's customer was told; 0: none."""
    if row["kind"] != Kind.PROMISE:
        return 0
    return int(row["clock"].partition("#")[0].rpartition(":")[2])


def clock_of(row: Row, rungs: Collection[str] | None = None) -> Clock:
    """Read a stored clock, with these rungs only (default: all).

    Whether it lapsed stands beside it.
    """
    if rungs is None:
        clock = Clock.model_validate_json(row["plan"])
    else:
        plan = orjson.loads(row["plan"])
        plan["rungs"] = [each for each in plan["rungs"] if each["rung"]["name"] in rungs]
        clock = Clock.model_validate(plan)
    lapsed_at = row["lapsed_at"]
    return clock if lapsed_at is None else clock.model_copy(update={"lapsed_at": lapsed_at})


def is_running(row: Row) -> bool:
    """Say whether a clock still counts for its case."""
    return (
        row["cancelled_at"] is None and row["extended_to"] is None and row["withdrawn_at"] is None
    )
