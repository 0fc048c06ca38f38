"""Clocks and timers as rows: their names, their urgency, and the way back to a clock. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

import orjson

from services.decision.clock.ladder import Action, Level, Rung
from services.decision.clock.plan import Clock

_AT_ONCE: Final = 0
_SOON: Final = 1
_WHEN_THERE_IS_TIME: Final = 2
_URGENT: Final = frozenset({Level.TEAM, Level.EXECUTIVE})


class Row(Protocol):
    """A row of `clocks`."""

    def __getitem__(self, column: str, /) -> Any: ...  # noqa: ANN401 - whatever the column holds


@dataclass(frozen=True, slots=True)
class Armed:
    """A clock that is to run for a case. `round` counts the answers that the case had before."""

    case_id: UUID
    customer_id: str
    sequence: int
    round: int
    arrived_at: datetime
    clock: Clock

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
