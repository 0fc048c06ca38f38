"""What the rungs of a clock do that are due: asked of the pure ladder, put into rows and events.

Pure. There is no way from here to an answer: the ladder's effects are a closed union without one,
and what is gathered are calls to people, words to the customer, and lapses.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, assert_never
from uuid import UUID

from services.decision.clock.calendars import Calendar
from services.decision.clock.days import end_of
from services.decision.clock.ladder import Level
from services.decision.clock.load import PLAIN, Packs
from services.decision.clock.plan import Clock, PlannedRung
from services.decision.clock.state import Draft, State, Timer
from services.decision.clock.terms import Refused, extend
from services.decision.clock.timers import (
    Effect,
    Escalate,
    Extend,
    Lapse,
    Nothing,
    Nudge,
    Warn,
    Why,
    after,
    on_timer,
)
from services.decision.timing.claims import Due
from services.decision.timing.letters import letter_of
from services.decision.timing.rows import Armed, Row, clock_of, is_running
from services.decision.timing.telling import Happened, Kind, say
from shared.outbox import Saying

LATE: Final = 60.0
"""Seconds after which a rung is told of as late; the table says the same."""
_RANK: Final = {None: 0, Level.PERSON: 1, Level.TEAM: 2, Level.EXECUTIVE: 3}


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


@dataclass(slots=True)
class Doings:
    """Everything that a batch of timers does, gathered before any of it is written."""

    fired: list[int] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)
    summons: dict[tuple[UUID, str], Summons] = field(default_factory=dict)
    lapses: list[Lapsing] = field(default_factory=list)
    terms: list[tuple[Armed, Armed]] = field(default_factory=list)
    sayings: list[Saying] = field(default_factory=list)
    counts: list[Fired] = field(default_factory=list)


def go_through(due: Due, doings: Doings, packs: Packs) -> None:
    """Let the rungs of a clock that are due do what they do, in their order."""
    row, now = due.clock, due.now
    clock = clock_of(row, {timer["rung"] for timer in due.timers})
    state = _state(row, clock)
    planned = {each.rung.name: each for each in clock.rungs}
    for armed in due.timers:
        timer = Timer(clock=clock.id, rung=armed["rung"])
        effect = on_timer(timer, state, now)
        state = after(state, timer, effect, now)
        if isinstance(effect, Nothing) and effect.why is not Why.DATE_IS_SAFE:
            if effect.why is Why.NOT_DUE:
                raise ValueError("a timer is due before its rung")
            doings.dropped.append(armed["id"])
            continue
        doings.fired.append(armed["id"])
        _do(effect, row, clock, planned[armed["rung"]], now, doings, packs)


def _state(row: Row, clock: Clock) -> State:
    """Return what the ladder looks at. Only what is still to fire is asked for."""
    draft = row["draft"]
    return State(
        clocks=(clock,) if is_running(row) or row["cancelled_at"] is not None else (),
        drafts=() if draft is None else (Draft.model_validate_json(draft),),
        decided_at=row["cancelled_at"],
    )


def _do(  # noqa: PLR0913, PLR0917 - a rung, its clock, and where its doings go
    effect: Effect,
    row: Row,
    clock: Clock,
    planned: PlannedRung,
    now: datetime,
    doings: Doings,
    packs: Packs,
) -> None:
    match effect:
        case Nudge():
            kind, more = _nudged()
        case Escalate():
            kind, more = _escalated(effect, row, doings)
        case Warn():
            kind, more = _warned(effect, row)
        case Extend():
            kind, more = _extended(effect, row, clock, now, doings, packs)
        case Lapse():
            kind, more = _lapsed(effect, row, clock, doings)
        case Nothing():
            return
        case _:
            assert_never(effect)
    seconds = max((now - planned.due).total_seconds(), 0.0)
    doings.counts.append(Fired(kind, clock.kind, seconds))
    about = {"rung": planned.rung.name, "rung_due_at": planned.due, "late": seconds > LATE}
    happened = Happened(kind, planned.rung.name, {**about, **more})
    doings.sayings += say(row, clock, happened, now)


def _nudged() -> tuple[Kind, dict[str, Any]]:
    return "nudged", {}


def _escalated(effect: Escalate, row: Row, doings: Doings) -> tuple[Kind, dict[str, Any]]:
    """Call somebody. Whoever was called stays called: a later rung never calls fewer."""
    key = (row["case_id"], row["clock"])
    held = doings.summons.get(key)
    summoned = row["summoned"]
    before = held.level if held else Level(summoned) if summoned else None
    level = effect.to if _RANK[effect.to] > _RANK[before] else before or effect.to
    jumps = effect.jumps_queue or (held.jumps if held else row["jumps_queue"])
    doings.summons[key] = Summons(*key, level, jumps)
    needs = tuple(effect.needs)
    return "escalated", {
        "summoned": effect.to.value,
        "needs": needs,
        "reason": "letter_needed" if needs else "decide_by",
    }


def _warned(effect: Warn, row: Row) -> tuple[Kind, dict[str, Any]]:
    checking = row["state"] == "verifying" or row["assignee"] is not None
    return "warned", {
        "due_at": effect.told_date,
        "new_due_at": effect.new_date,
        "in_return": effect.in_return,
        "reason": "checking" if checking else "high_demand",
    }


def _extended(  # noqa: PLR0913, PLR0917 - a rung, its clock, and where its doings go
    effect: Extend, row: Row, clock: Clock, now: datetime, doings: Doings, packs: Packs
) -> tuple[Kind, dict[str, Any]]:
    """Send the letter that a person prepared; what the pack refuses by now calls that person."""
    calendar = calendar_of(clock, packs)
    until = end_of(effect.new_date, calendar.zone)
    if effect.moves_deadline:
        whole = clock_of(row)  # the next term climbs the whole ladder
        found = extend(whole, effect.letter, effect.new_date, now, calendar)
        if isinstance(found, Refused):
            again = Escalate(clock.id, Level.PERSON, clock.decide_by, needs=("new_date",))
            return _escalated(again, row, doings)
        doings.terms.append((armed_of(row, clock), armed_of(row, found.clock)))
    return "extended", letter_of(effect.letter, until)


def armed_of(row: Row, clock: Clock) -> Armed:
    """Return a clock of the case and round that a row is of."""
    return Armed(
        row["case_id"],
        row["customer_id"],
        row["sequence"],
        row["round"],
        row["arrived_at"],
        clock,
    )


def calendar_of(clock: Clock, packs: Packs) -> Calendar:
    """Return the calendar that a clock was set by, as it is today."""
    return packs.calendars.get(clock.calendar, packs.calendars[PLAIN])


def _lapsed(effect: Lapse, row: Row, clock: Clock, doings: Doings) -> tuple[Kind, dict[str, Any]]:
    doings.lapses.append(Lapsing(row, clock, effect))
    return "lapsed", {
        "due_at": effect.deadline,
        "legal_effect": effect.lateness.effect.value,
        "legal_text": effect.lateness.text,
        "late_arrival": effect.late_arrival,
        "reason": "answered_late" if row["cancelled_at"] else None,
    }
