"""Extension and pause, exactly as the pack allows; anything else is refused with its rule.

Neither touches a clock that has lapsed, whatever the present time is said to be.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias

from services.decision.clock.calendars import Calendar
from services.decision.clock.days import (
    business_days_after,
    business_days_between,
    day_of,
    end_of,
    local,
)
from services.decision.clock.ladder import Rung
from services.decision.clock.model import LetterPart, PauseReason
from services.decision.clock.plan import Clock, ExtensionTerms, decide_by, laid


@dataclass(frozen=True, slots=True)
class Extended:
    """The clock of the new term, and the letter that goes out with it."""

    clock: Clock
    letter: Mapping[LetterPart, str]
    new_date: date


@dataclass(frozen=True, slots=True)
class Written:
    """A letter that goes out and moves nothing."""

    letter: Mapping[LetterPart, str]
    new_date: date


@dataclass(frozen=True, slots=True)
class Paused:
    """A clock that waits; it keeps running towards the last deadline that holds even so."""

    clock: Clock
    rule: str


@dataclass(frozen=True, slots=True)
class Resumed:
    """A clock that runs again, later by the business days that it stood."""

    clock: Clock


@dataclass(frozen=True, slots=True)
class Refused:
    """Not allowed, by this rule."""

    rule: str


Extending: TypeAlias = Extended | Refused
Writing: TypeAlias = Written | Refused
Pausing: TypeAlias = Paused | Refused
Resuming: TypeAlias = Resumed | Refused


def extend(
    clock: Clock,
    reasons: Mapping[LetterPart, str],
    new_date: date,
    now: datetime,
    calendar: Calendar,
) -> Extending:
    """Extend a clock to the end of `new_date`, or to the time of day at which its days close."""
    if over := _is_over(clock, now):
        return over
    terms = clock.extension
    if terms is None:
        return Refused(clock.no_extension)
    if against := _against(clock, terms, reasons, new_date, calendar):
        return Refused(f"{against}: {terms.rule}")
    deadline = end_of(new_date, calendar.zone, clock.closes)
    moved = _moved(clock, now, deadline, calendar, term=clock.term + 1)
    return Extended(moved, {part: reasons[part] for part in terms.letter}, new_date)


def write(
    clock: Clock,
    reasons: Mapping[LetterPart, str],
    new_date: date,
    now: datetime,
    calendar: Calendar,
) -> Writing:
    """Write the letter that a pack demands where it allows no extension; the deadline stays."""
    if over := _is_over(clock, now):
        return over
    rule = clock.no_extension
    if not clock.holding_letter:
        return Refused(rule)
    if missing := _missing(clock.holding_letter, reasons):
        return Refused(f"{missing}: {rule}")
    if end_of(new_date, calendar.zone, clock.closes) <= clock.deadline:
        return Refused(f"{new_date} is no later than the deadline: {rule}")
    return Written({part: reasons[part] for part in clock.holding_letter}, new_date)


def pause(clock: Clock, reason: PauseReason, now: datetime, calendar: Calendar) -> Pausing:
    """Stop a clock. Its rungs are laid towards the cap, so that no pause is ever forgotten."""
    if over := _is_over(clock, now):
        return over
    terms = clock.pause
    if terms is None:
        return Refused(clock.no_pause)
    if reason not in terms.reasons:
        return Refused(f"{reason} stops no clock here: {terms.rule}")
    if clock.paused_at is not None:
        return Refused(f"the clock stands still already: {terms.rule}")
    if clock.deadline >= terms.latest:
        return Refused(f"the last deadline is reached: {terms.rule}")
    moved = _moved(clock, clock.starts_at, terms.latest, calendar, term=clock.term)
    return Paused(
        moved.model_copy(update={"paused_at": now, "paused_from": clock.deadline}), terms.rule
    )


def resume(clock: Clock, now: datetime, calendar: Calendar) -> Resuming:
    """Let a clock run again: later by the business days it stood, never past the cap."""
    if over := _is_over(clock, now):
        return over
    paused_at, paused_from = clock.paused_at, clock.paused_from
    if paused_at is None or paused_from is None:
        return Refused("the clock is running")
    stood = business_days_between(
        _business_day(paused_at, calendar), _business_day(now, calendar), calendar
    )
    later = business_days_after(day_of(paused_from, calendar), stood, calendar)
    back = end_of(later, calendar.zone, clock.closes)
    deadline = max(paused_from, min(clock.deadline, back))
    moved = _moved(clock, clock.starts_at, deadline, calendar, term=clock.term)
    return Resumed(moved.model_copy(update={"paused_at": None, "paused_from": None}))


def _against(
    clock: Clock,
    terms: ExtensionTerms,
    reasons: Mapping[LetterPart, str],
    new_date: date,
    calendar: Calendar,
) -> str | None:
    """Return what speaks against an extension."""
    deadline = end_of(new_date, calendar.zone, clock.closes)
    if clock.term:
        return "extended once already"
    if clock.paused_at is not None:
        return "the clock stands still, resume it first"
    if missing := _missing(terms.letter, reasons):
        return missing
    if deadline > terms.latest:
        return f"{new_date} is later than the last day, {day_of(terms.latest, calendar)}"
    if deadline <= clock.deadline:
        return f"{new_date} is no later than the present deadline"
    return None


def _missing(parts: Iterable[LetterPart], reasons: Mapping[LetterPart, str]) -> str | None:
    missing = [part for part in parts if not reasons.get(part, "").strip()]
    return f"the letter lacks {', '.join(missing)}" if missing else None


def _business_day(instant: datetime, calendar: Calendar) -> date:
    """Return the day of an instant, or the next business day: a weekend is no time lost."""
    day = local(instant, calendar.zone).date()
    return day if calendar.is_open(day) else business_days_after(day, 1, calendar)


def _is_over(clock: Clock, now: datetime) -> Refused | None:
    if clock.lapsed_at is not None or now >= clock.deadline:
        return Refused("the deadline has passed; a lapse is never undone")
    return None


def _moved(
    clock: Clock, starts_at: datetime, deadline: datetime, calendar: Calendar, *, term: int
) -> Clock:
    by = decide_by(starts_at, deadline, clock.buffer, calendar)
    ladder: tuple[Rung, ...] = tuple(planned.rung for planned in clock.rungs)
    last_day = day_of(deadline, calendar)
    # What a late answer is given beyond the deadline moves with it.
    beyond = business_days_between(clock.last_day, day_of(clock.warned_date, calendar), calendar)
    return clock.model_copy(
        update={
            "term": term,
            "deadline": deadline,
            "decide_by": by,
            "last_day": last_day,
            "warned_date": end_of(business_days_after(last_day, beyond, calendar), calendar.zone),
            "rungs": laid(ladder, starts_at, by, deadline),
        }
    )
