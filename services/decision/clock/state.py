"""What is known of a case's clocks, and the only ways in which that changes.

Rungs that fired and lapses that were recorded are only ever added to. No way leads from here to a
decision: that it was made is told from outside, with its instant.
"""

from collections.abc import Iterable
from datetime import date, datetime

from pydantic import Field

from services.decision.clock.load import Packs
from services.decision.clock.model import Kind, Lateness, LetterPart, Part
from services.decision.clock.plan import Clock, PlannedRung, told
from shared.events.base import Instant


class Timer(Part):
    """One rung of one clock, as it is armed."""

    clock: str
    rung: str


class Draft(Part):
    """A holding letter that a person has prepared."""

    clock: str
    reasons: dict[LetterPart, str]
    new_date: date


class Lapsed(Part):
    """A deadline that passed undecided, with what the law attaches to it. It is permanent."""

    clock: str
    deadline: Instant
    recorded_at: Instant
    lateness: Lateness
    late_arrival: bool


class State(Part):
    """The clocks of one case."""

    clocks: tuple[Clock, ...]
    withdrawn: tuple[Clock, ...] = ()
    fired: frozenset[tuple[str, str]] = frozenset()
    lapses: tuple[Lapsed, ...] = ()
    drafts: tuple[Draft, ...] = ()
    decided_at: Instant | None = None
    expected_by: Instant | None = Field(
        default=None, description="When people expect to decide; none: not known"
    )

    def clock(self, name: str) -> Clock | None:
        """Return a running clock by its id."""
        return next((clock for clock in self.clocks if clock.id == name), None)

    def draft(self, name: str) -> Draft | None:
        """Return the letter that was prepared for a clock."""
        return next((draft for draft in self.drafts if draft.clock == name), None)

    def timers(self) -> tuple[tuple[Timer, PlannedRung], ...]:
        """Return what is still to fire, in the order in which it is due."""
        pending = [
            (Timer(clock=clock.id, rung=planned.rung.name), planned)
            for clock in self.clocks
            for planned in clock.rungs
            if (clock.id, planned.rung.name) not in self.fired
        ]
        return tuple(sorted(pending, key=lambda one: one[1].due))


def fired(state: State, timer: Timer) -> State:
    """Note that a rung has fired."""
    return state.model_copy(update={"fired": state.fired | {(timer.clock, timer.rung)}})


def lapsed(state: State, timer: Timer, now: datetime) -> State:
    """Record the lapse of a clock; one that is recorded stays as it is."""
    clock = state.clock(timer.clock)
    if clock is None or clock.lapsed_at is not None:
        return state
    record = Lapsed(
        clock=clock.id,
        deadline=clock.deadline,
        recorded_at=now,
        lateness=clock.lateness,
        late_arrival=clock.late_arrival,
    )
    marked = replaced(state, clock.id, clock.model_copy(update={"lapsed_at": clock.deadline}))
    return fired(marked.model_copy(update={"lapses": (*state.lapses, record)}), timer)


def replaced(state: State, name: str, clock: Clock) -> State:
    """Put the clock that an extension, a pause or a resumption gave in the place of the old one."""
    clocks = tuple(clock if held.id == name else held for held in state.clocks)
    return state.model_copy(update={"clocks": clocks})


def replanned(state: State, planned: Iterable[Clock], now: datetime) -> State:
    """Take over the plan of a case that was classified anew at `now`.

    A clock that runs stays as it is, with its extension and its date. One that no longer holds is
    set aside, unless its deadline has passed, recorded or not; set up again, it is the same clock
    as before. What the customer was told stays told, however the case is filed.
    """
    dates = tuple(clock for clock in state.clocks if clock.is_told)
    replaced_by_later = tuple(clock for clock in state.withdrawn if clock.is_told)
    held = [clock for clock in state.clocks if not clock.is_told]
    rested = [clock for clock in state.withdrawn if not clock.is_told]
    wanted = {clock.pack: clock for clock in planned}
    known = {clock.pack: clock for clock in (*rested, *held)}
    running = {pack: known.get(pack, clock) for pack, clock in wanted.items()}
    over = {clock.pack: clock for clock in held if is_late(clock, state.decided_at, now)}
    clocks = {**over, **running}
    aside = tuple(clock for pack, clock in known.items() if pack not in clocks)
    return state.model_copy(
        update={
            "clocks": (*clocks.values(), *dates),
            "withdrawn": (*aside, *replaced_by_later),
        }
    )


def still_watched(state: State, jurisdiction: str | None, now: datetime, packs: Packs) -> State:
    """Let the date of an extension be watched on where its clock was set aside.

    The customer was told it, so it is a promise from now on, unless it passed before or a later
    date was told since.
    """
    aside = (clock.deadline for clock in state.withdrawn if clock.term and not clock.is_told)
    date = max(aside, default=now)
    if date <= now or any(_watches(clock, date) for clock in state.clocks):
        return state
    numbers = (clock.term for clock in (*state.clocks, *state.withdrawn) if clock.is_told)
    clock = told(jurisdiction, date, max(numbers, default=0) + 1, now, packs)
    if clock is None:
        return state
    return state.model_copy(update={"clocks": (*state.clocks, clock)})


def _watches(clock: Clock, date: datetime) -> bool:
    """Say whether a clock stands for a date that was told, or for a later one."""
    if clock.term:
        return clock.deadline >= date
    return clock.kind is Kind.PROMISE and clock.deadline == date


def gives_way(
    deadline: datetime, lapsed_at: datetime | None, new_date: datetime, now: datetime
) -> bool:
    """Say whether a date that was told is replaced by one that is told at `now`.

    Only by a later one, and only before it was missed.
    """
    return lapsed_at is None and now < deadline < new_date


def promised(state: State, clock: Clock, now: datetime) -> State:
    """Let a date be watched that a warning told at `now`; each is watched once."""
    if any(held.kind is Kind.PROMISE and held.deadline == clock.deadline for held in state.clocks):
        return state
    aside = superseded(state, clock.deadline, now)
    return aside.model_copy(update={"clocks": (*aside.clocks, clock)})


def superseded(state: State, new_date: datetime, now: datetime) -> State:
    """Set aside the dates told before that give way to one that is told at `now`."""
    aside = tuple(
        held
        for held in state.clocks
        if held.is_told and gives_way(held.deadline, held.lapsed_at, new_date, now)
    )
    kept = tuple(held for held in state.clocks if held not in aside)
    return state.model_copy(update={"clocks": kept, "withdrawn": (*state.withdrawn, *aside)})


def decided(state: State, at: datetime) -> State:
    """Note when the case was decided, for the first time. Lapses stay."""
    if state.decided_at is not None:
        return state
    return state.model_copy(update={"decided_at": at})


def is_late(clock: Clock, decided_at: datetime | None, now: datetime) -> bool:
    """Say from the stored instants whether a clock has run out undecided."""
    if clock.lapsed_at is not None:
        return True
    return (decided_at or now) >= clock.deadline
