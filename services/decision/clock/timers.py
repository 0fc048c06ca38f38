"""What a timer may do: summon people, warn, send a letter, record a lapse. Never decide.

The outcome is a closed union without a decision in it, and an import contract keeps every type of
an answer out of this package. A rung fires at most once; one that is not due does nothing. However
late a rung fires, a new date that it tells the customer is ahead, and a warning's no earlier one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal, TypeAlias, assert_never
from zoneinfo import ZoneInfo

from services.decision.clock.calendars import Calendar
from services.decision.clock.days import business_days_after, end_of, local
from services.decision.clock.ladder import Action, Level, Rung
from services.decision.clock.model import Lateness, LetterPart
from services.decision.clock.plan import Clock, PlannedRung
from services.decision.clock.state import State, Timer, fired, lapsed


class Why(StrEnum):
    """Why a timer does nothing."""

    NOT_DUE = "not_due"
    FIRED_BEFORE = "fired_before"
    NO_SUCH_RUNG = "no_such_rung"
    DECIDED = "decided"
    DATE_IS_SAFE = "date_is_safe"


@dataclass(frozen=True, slots=True)
class Nudge:
    """Remind whoever has the case."""

    clock: str
    decide_by: datetime


@dataclass(frozen=True, slots=True)
class Escalate:
    """Summon a person, a team or an executive; `needs` says what the letter still lacks."""

    clock: str
    to: Level
    decide_by: datetime
    jumps_queue: bool = False
    needs: tuple[LetterPart | Literal["new_date"], ...] = ()


@dataclass(frozen=True, slots=True)
class Warn:
    """Tell the customer what date was told, and the new one, which is ahead.

    The told date has passed where the warning comes too late.
    """

    clock: str
    told_date: datetime
    new_date: datetime


@dataclass(frozen=True, slots=True)
class Extend:
    """Send the holding letter that a person prepared; it moves the deadline where the pack may."""

    clock: str
    letter: Mapping[LetterPart, str]
    new_date: date
    moves_deadline: bool


@dataclass(frozen=True, slots=True)
class Lapse:
    """Record that the deadline passed undecided, with its legal effect, and open an incident."""

    clock: str
    deadline: datetime
    lateness: Lateness
    late_arrival: bool


@dataclass(frozen=True, slots=True)
class Nothing:
    """There is nothing to do."""

    why: Why


Effect: TypeAlias = Nudge | Escalate | Warn | Extend | Lapse | Nothing


def on_timer(timer: Timer, state: State, now: datetime, calendar: Calendar | None = None) -> Effect:
    """Say what a timer that fires at `now` does; `state` is not changed.

    `calendar` is the clock's; without it every weekday counts as a working day.
    """
    if (timer.clock, timer.rung) in state.fired:
        return Nothing(Why.FIRED_BEFORE)
    clock = state.clock(timer.clock)
    planned = None if clock is None else _planned(clock, timer.rung)
    if clock is None or planned is None:
        return Nothing(Why.NO_SUCH_RUNG)
    if now < planned.due:
        return Nothing(Why.NOT_DUE)
    if state.decided_at is not None and not _is_decided_late(planned, clock, state.decided_at):
        return Nothing(Why.DECIDED)
    return _effect(clock, planned, state, now, calendar)


def on_call(rung: Rung, clock: str, decide_by: datetime) -> Nudge | Escalate:
    """Say what a rung does that calls people: all that it takes is known without its clock's plan.

    Raises:
        ValueError: the rung does something else.

    """
    if rung.action is Action.NUDGE:
        return Nudge(clock, decide_by)
    if rung.action is not Action.ESCALATE:
        raise ValueError(f"{rung.name}: {rung.action} calls nobody")
    # The ladder refuses an escalation to nobody; the type cannot say so.
    return Escalate(clock, rung.to or Level.EXECUTIVE, decide_by, rung.jumps_queue)


def after(state: State, timer: Timer, effect: Effect, now: datetime) -> State:
    """Return the state once the effect of a timer is written down."""
    match effect:
        case Lapse():
            return lapsed(state, timer, now)
        case Nudge() | Escalate() | Warn() | Extend():
            return fired(state, timer)
        case Nothing():
            return state
        case _:
            assert_never(effect)


def _planned(clock: Clock, name: str) -> PlannedRung | None:
    return next((planned for planned in clock.rungs if planned.rung.name == name), None)


def _is_decided_late(planned: PlannedRung, clock: Clock, decided_at: datetime) -> bool:
    """Say whether a lapse is still to be recorded: a reply after the deadline does not undo it."""
    return planned.rung.action is Action.LAPSE and decided_at >= clock.deadline


def _effect(
    clock: Clock, planned: PlannedRung, state: State, now: datetime, calendar: Calendar | None
) -> Effect:
    rung = planned.rung
    match rung.action:
        case Action.NUDGE | Action.ESCALATE:
            return on_call(rung, clock.id, clock.decide_by)
        case Action.WARN:
            return _warn(clock, state.expected_by, now, calendar)
        case Action.HOLDING_LETTER:
            return _letter(clock, state, now)
        case Action.LAPSE:
            return Lapse(clock.id, clock.deadline, clock.lateness, clock.late_arrival)
        case _:
            assert_never(rung.action)


def _warn(
    clock: Clock, expected_by: datetime | None, now: datetime, calendar: Calendar | None
) -> Effect:
    """Warn with the date that people expect, else the pack's: ahead, and later than was told.

    What is decided later than decide-by leaves too little time to be sent: that date is in doubt.
    """
    if expected_by is not None and now < expected_by <= clock.decide_by:
        return Nothing(Why.DATE_IS_SAFE)
    past = max(now, clock.deadline)
    for new_date in (expected_by, clock.warned_date):
        if new_date is not None and new_date > past:
            return Warn(clock.id, clock.deadline, new_date)
    return Warn(clock.id, clock.deadline, _next_working_day(clock, past, calendar))


def _next_working_day(clock: Clock, after: datetime, calendar: Calendar | None) -> datetime:
    """Return the end of the first working day after an instant, where the clock runs."""
    days = calendar or Calendar("weekdays", "", ZoneInfo(clock.zone))
    return end_of(business_days_after(local(after, days.zone).date(), 1, days), days.zone)


def _letter(clock: Clock, state: State, now: datetime) -> Effect:
    """Send what a person prepared; where something is missing, summon one who can supply it.

    Once a clock is extended its pack lets no letter go out: people are called to decide.
    """
    if clock.extension is not None and clock.term:
        return Escalate(clock.id, Level.PERSON, clock.decide_by)
    draft = state.draft(clock.id)
    parts = clock.holding_letter
    if draft is None:
        return Escalate(clock.id, Level.PERSON, clock.decide_by, needs=(*parts, "new_date"))
    missing = tuple(part for part in parts if not draft.reasons.get(part, "").strip())
    if missing:
        return Escalate(clock.id, Level.PERSON, clock.decide_by, needs=missing)
    if end_of(draft.new_date, ZoneInfo(clock.zone), clock.closes) <= now:
        return Escalate(clock.id, Level.PERSON, clock.decide_by, needs=("new_date",))
    letter = {part: draft.reasons[part] for part in parts}
    moves_deadline = clock.extension is not None
    return Extend(clock.id, letter, draft.new_date, moves_deadline)
