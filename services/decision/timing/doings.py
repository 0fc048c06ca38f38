"""What a batch of timers does, gathered before any of it is written. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from services.decision.clock.ladder import Level
from services.decision.clock.plan import Clock
from services.decision.clock.timers import Lapse
from services.decision.timing.rows import Armed, Row
from services.decision.timing.telling import Happened


@dataclass(frozen=True, slots=True)
class Fired:
    """A rung that fired, for the figures: what it did, on which sort of clock, how late."""

    kind: str
    clock: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Summons:
    """Whom a clock has called so far."""

    case_id: UUID
    clock: str
    level: Level
    jumps: bool


@dataclass(frozen=True, slots=True)
class Lapsing:
    """A lapse that is to be recorded."""

    row: Row
    clock: Clock
    effect: Lapse


@dataclass(frozen=True, slots=True)
class Told:
    """A date that the customer of a clock is told; `has_term`: a term of that clock ends then."""

    row: Row
    new_date: datetime
    has_term: bool = False


@dataclass(slots=True)
class Doings:
    """Everything that a batch of timers does, gathered before any of it is written.

    `dropped` are timers that had nothing to do, or after which nothing can follow; `postponed` have
    nothing to do before an instant.
    """

    fired: int = 0
    dropped: list[int] = field(default_factory=list)
    postponed: list[tuple[int, datetime]] = field(default_factory=list)
    summons: dict[tuple[UUID, str], Summons] = field(default_factory=dict)
    lapses: list[Lapsing] = field(default_factory=list)
    terms: list[tuple[Armed, Armed]] = field(default_factory=list)
    happened: list[tuple[Row, Happened]] = field(default_factory=list)
    warned: list[tuple[Row, dict[str, Any]]] = field(default_factory=list)
    """What customers are told of delays; what they are given in return is added to it."""
    told: list[Told] = field(default_factory=list)
    """The dates that they are told; each is a promise."""
    counts: list[Fired] = field(default_factory=list)
