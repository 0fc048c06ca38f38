"""What the rungs of a clock do that are due: asked of the pure ladder, gathered to be written.

Pure. There is no way from here to an answer: the ladder's effects are a closed union without one,
and what is gathered are calls to people, words to the customer, and lapses.
"""

from datetime import datetime
from functools import cache
from typing import Any, Final, assert_never

from services.decision.clock.calendars import Calendar
from services.decision.clock.days import end_of
from services.decision.clock.ladder import Action, Level, Rung
from services.decision.clock.load import PLAIN, Packs
from services.decision.clock.plan import Clock
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
    on_call,
    on_timer,
)
from services.decision.timing.claims import Due
from services.decision.timing.doings import Doings, Fired, Lapsing, Summons, Told
from services.decision.timing.letters import letter_of
from services.decision.timing.rows import Row, armed_as, clock_of, is_running
from services.decision.timing.telling import Happened, Kind

LATE: Final = 60.0
"""Seconds after which a rung is told of as late; the table says the same."""
_RANK: Final = {None: 0, Level.PERSON: 1, Level.TEAM: 2, Level.EXECUTIVE: 3}


def go_through(due: Due, doings: Doings, packs: Packs) -> None:
    """Let the rungs of a clock that are due do what they do, in their order."""
    if due.calls_only:
        _call(due, doings)
        return
    row, now = due.clock, due.now
    clock = clock_of(row, {timer["rung"] for timer in due.timers})
    state = _state(row, clock)
    for armed in due.timers:
        timer = Timer(clock=clock.id, rung=armed["rung"])
        effect = on_timer(timer, state, now, calendar_of(clock, packs))
        state = after(state, timer, effect, now)
        if isinstance(effect, Nothing):
            if effect.why is Why.NOT_DUE:
                raise ValueError("a timer is due before its rung")
            if effect.why is Why.DATE_IS_SAFE:  # looked at again when it should have come true
                doings.postponed.append((armed["id"], row["expected_by"]))
            else:
                doings.dropped.append(armed["id"])
            continue
        if row["cancelled_at"] is not None:  # the lapse was the last of this clock
            doings.dropped.append(armed["id"])
        doings.fired += 1
        _do(effect, row, clock, armed, now, doings, packs)


def _call(due: Due, doings: Doings) -> None:
    """Let rungs call people; of a clock that stands still, nobody is called."""
    row, now = due.clock, due.now
    if not is_running(row):
        doings.dropped += [timer["id"] for timer in due.timers]
        return
    doings.fired += len(due.timers)
    for timer in due.timers:
        rung = _rung(timer["rung"], timer["action"], timer["summons"], timer["jumps_queue"])
        effect = on_call(rung, row["clock"], row["decide_by"])
        kind, more = _nudged() if isinstance(effect, Nudge) else _escalated(effect, row, doings)
        _note(kind, more, row, timer["rung"], timer["due_at"], now, doings)


@cache
def _rung(name: str, action: str, to: str | None, jumps_queue: bool) -> Rung:  # noqa: FBT001 - a column
    # Where it stands on the ladder counts no more once it is due.
    level = None if to is None else Level(to)
    return Rung(name=name, at=0, action=Action(action), to=level, jumps_queue=jumps_queue)


def _state(row: Row, clock: Clock) -> State:
    """Return what the ladder looks at. Only what is still to fire is asked for."""
    draft = row["draft"]
    return State(
        clocks=(clock,) if is_running(row) or row["cancelled_at"] is not None else (),
        drafts=() if draft is None else (Draft.model_validate_json(draft),),
        decided_at=row["cancelled_at"],
        expected_by=row["expected_by"],
    )


def _do(  # noqa: PLR0913, PLR0917 - a rung, its clock, and where its doings go
    effect: Effect,
    row: Row,
    clock: Clock,
    timer: Row,
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
            kind, more = _warned(effect, row, doings)
        case Extend():
            kind, more = _extended(effect, row, clock, now, doings, packs)
        case Lapse():
            kind, more = _lapsed(effect, row, clock, doings)
        case Nothing():
            return
        case _:
            assert_never(effect)
    _note(kind, more, row, timer["rung"], timer["due_at"], now, doings)


def _note(  # noqa: PLR0913, PLR0917 - what happened, on which rung of which clock
    kind: Kind,
    more: dict[str, Any],
    row: Row,
    rung: str,
    due_at: datetime,
    now: datetime,
    doings: Doings,
) -> None:
    seconds = max((now - due_at).total_seconds(), 0.0)
    doings.counts.append(Fired(kind, row["kind"], seconds))
    more.update(rung=rung, rung_due_at=due_at, late=seconds > LATE)
    doings.happened.append((row, Happened(kind, rung, more)))


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


def _warned(effect: Warn, row: Row, doings: Doings) -> tuple[Kind, dict[str, Any]]:
    """Tell the customer; that somebody was called for the case is said where it is so."""
    checking = row["state"] == "verifying" or row["assignee"] is not None
    called = row["summoned"] is not None or (row["case_id"], row["clock"]) in doings.summons
    more = {
        "due_at": effect.told_date,
        "new_due_at": effect.new_date,
        "in_return": "priority" if called else None,
        "reason": row["expected_of"] or ("checking" if checking else "high_demand"),
    }
    doings.warned.append((row, more))
    doings.told.append(Told(row, effect.new_date))
    return "warned", more


def _extended(  # noqa: PLR0913, PLR0917 - a rung, its clock, and where its doings go
    effect: Extend, row: Row, clock: Clock, now: datetime, doings: Doings, packs: Packs
) -> tuple[Kind, dict[str, Any]]:
    """Send the letter that a person prepared; what the pack refuses by now calls that person."""
    calendar = calendar_of(clock, packs)
    until = end_of(effect.new_date, calendar.zone, clock.closes)
    if effect.moves_deadline:
        whole = clock_of(row)  # the next term climbs the whole ladder
        found = extend(whole, effect.letter, effect.new_date, now, calendar)
        if isinstance(found, Refused):
            again = Escalate(clock.id, Level.PERSON, clock.decide_by, needs=("new_date",))
            return _escalated(again, row, doings)
        doings.terms.append((armed_as(row, clock), armed_as(row, found.clock)))
    more = letter_of(effect.letter, until) | {"due_at": clock.deadline}
    doings.warned.append((row, more))
    doings.told.append(Told(row, until, has_term=effect.moves_deadline))
    return "extended", more


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
