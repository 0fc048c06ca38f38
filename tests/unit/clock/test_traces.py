"""Whatever happens to a case, in whatever order, no timer decides it and no lapse is erased."""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from typing_extensions import override

from services.decision.clock.choose import CaseFacts, promise_of
from services.decision.clock.days import end_of
from services.decision.clock.load import load
from services.decision.clock.model import Kind, LetterPart, PauseReason
from services.decision.clock.plan import plan, told
from services.decision.clock.state import (
    Draft,
    Lapsed,
    State,
    Timer,
    decided,
    is_late,
    promised,
    replaced,
    replanned,
    still_watched,
)
from services.decision.clock.terms import Extended, Paused, Refused, Resumed, extend, pause, resume
from services.decision.clock.timers import (
    Effect,
    Extend,
    Lapse,
    Nothing,
    Warn,
    Why,
    after,
    on_timer,
)
from shared.events.case import Category, Facts, Product
from tests.unit.clock.conftest import FRIDAY

PACKS = load()
CASES = st.builds(
    CaseFacts,
    st.sampled_from(["PL", "DE", "GB", "UA", "RU", "US", "BR", None]),
    st.sampled_from([None, Product.CARD, Product.LOAN]),
    st.sampled_from([Category.FRAUD, Category.FEE_DISPUTE, Category.INFORMATION]),
    st.builds(
        Facts,
        authorised=st.sampled_from([None, True, False]),
        promised_by=st.sampled_from([None, FRIDAY + timedelta(hours=30)]),
    ),
)
LETTERS = st.dictionaries(st.sampled_from(LetterPart), st.sampled_from(["because", " "]))
EFFECTS = get_args(Effect)


class Trace(RuleBasedStateMachine):
    """A case, people, a clock that jumps, and workers that fire what they like when they like."""

    def __init__(self) -> None:
        super().__init__()
        self.now = FRIDAY
        self.case = CaseFacts("PL", Product.CARD, Category.FRAUD, Facts())
        self.state = State(clocks=plan(self.case, FRIDAY, FRIDAY, PACKS))
        self.did: Counter[tuple[str, str]] = Counter()
        self.lapses: tuple[Lapsed, ...] = ()
        self.seen: set[Timer] = set()
        self.people_decided = False
        self.warned_of_promises = 0

    def fire(self, timer: Timer) -> None:
        before = self.state
        effect = on_timer(timer, before, self.now)
        assert isinstance(effect, EFFECTS)
        self.state = after(before, timer, effect, self.now)
        assert self.state.decided_at == before.decided_at
        if not isinstance(effect, Nothing):
            self.did[timer.clock, timer.rung] += 1
            clock = before.clock(timer.clock)
            assert clock is not None
            decided_at = before.decided_at
            if isinstance(effect, Lapse):
                assert self.now >= clock.deadline
                assert decided_at is None or decided_at >= clock.deadline
            else:
                assert decided_at is None
        if isinstance(effect, Extend) and effect.moves_deadline:
            self.extend(timer.clock, dict(effect.letter), effect.new_date)
        elif isinstance(effect, Warn):
            warned = before.clock(timer.clock)
            self.warned_of_promises += warned is not None and warned.is_told
            self.promise(effect.new_date)
        elif isinstance(effect, Extend):
            self.promise(end_of(effect.new_date, ZoneInfo("Europe/Warsaw")))

    def promise(self, new_date: datetime) -> None:
        """Watch a date that the customer was told, as the transaction does that tells it."""
        before = self.state
        number = 1 + max(
            (each.term for each in (*before.clocks, *before.withdrawn) if each.is_told), default=0
        )
        clock = told(self.case.jurisdiction, new_date, number, self.now, PACKS)
        assert clock is not None
        self.state = promised(before, clock, self.now)
        again = self.state
        assert promised(again, clock, self.now) == again
        assert any(each.kind is Kind.PROMISE and each.deadline == new_date for each in again.clocks)
        gone = {each.id for each in before.clocks} - {each.id for each in again.clocks}
        for each in before.clocks:
            if each.id in gone:
                assert each.is_told
                assert each.lapsed_at is None
                assert self.now < each.deadline < new_date

    def extend(self, name: str, letter: dict[LetterPart, str], new_date: date) -> None:
        clock = self.state.clock(name)
        assert clock is not None
        outcome = extend(clock, letter, new_date, self.now, PACKS.calendars[clock.calendar])
        if isinstance(outcome, Extended):
            assert clock.lapsed_at is None
            assert self.now < clock.deadline < outcome.clock.deadline
            assert clock.extension is not None
            assert outcome.clock.deadline <= clock.extension.latest
            self.state = replaced(self.state, name, outcome.clock)
        else:
            assert outcome.rule

    @rule(hours=st.integers(-24, 24 * 20))
    def the_clock_moves(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(data=st.data())
    def a_worker_fires_a_timer(self, data: st.DataObject) -> None:
        names = {timer for timer, _ in self.state.timers()}
        self.seen |= names
        self.fire(data.draw(st.sampled_from(sorted(self.seen, key=str))))

    @rule()
    def workers_catch_up(self) -> None:
        for timer, planned in self.state.timers():
            self.seen.add(timer)
            if planned.due <= self.now:
                self.fire(timer)

    @rule(number=st.integers(1, 30))
    def time_passes_and_nobody_answers(self, number: int) -> None:
        """Fire so many timers, each when it is due: what a warning tells is watched from then."""
        for _ in range(number):
            waiting = self.state.timers()
            if waiting and self.state.decided_at is None:
                timer, planned = waiting[0]
                self.now = max(self.now, planned.due)
                self.seen.add(timer)
                self.fire(timer)

    @rule()
    def everything_is_replayed(self) -> None:
        for timer in sorted(self.seen, key=str):
            if (timer.clock, timer.rung) in self.state.fired:
                assert on_timer(timer, self.state, self.now) == Nothing(Why.FIRED_BEFORE)

    @rule()
    def people_decide(self) -> None:
        self.state = decided(self.state, self.now)
        self.people_decided = True

    @rule(data=st.data(), letter=LETTERS, days=st.integers(-5, 80))
    def people_extend(self, data: st.DataObject, letter: dict[LetterPart, str], days: int) -> None:
        clock = data.draw(st.sampled_from(self.state.clocks))
        self.extend(clock.id, letter, (FRIDAY + timedelta(days=days)).date())

    @rule(data=st.data(), letter=LETTERS, days=st.integers(-5, 80))
    def people_prepare_a_letter(
        self, data: st.DataObject, letter: dict[LetterPart, str], days: int
    ) -> None:
        clock = data.draw(st.sampled_from(self.state.clocks))
        new_date = (FRIDAY + timedelta(days=days)).date()
        draft = Draft(clock=clock.id, reasons=letter, new_date=new_date)
        self.state = self.state.model_copy(update={"drafts": (draft,)})

    @rule(hours=st.integers(-24, 24 * 20))
    def people_say_when_they_expect_to_decide(self, hours: int) -> None:
        expected = self.now + timedelta(hours=hours)
        self.state = self.state.model_copy(update={"expected_by": expected})

    @rule(data=st.data(), reason=st.sampled_from(PauseReason))
    def people_pause_or_resume(self, data: st.DataObject, reason: PauseReason) -> None:
        clock = data.draw(st.sampled_from(self.state.clocks))
        calendar = PACKS.calendars[clock.calendar]
        if clock.paused_at is None:
            outcome: Paused | Resumed | Refused = pause(clock, reason, self.now, calendar)
        else:
            outcome = resume(clock, self.now, calendar)
        if isinstance(outcome, Refused):
            assert outcome.rule
        else:
            assert clock.lapsed_at is None
            assert self.now < clock.deadline
            assert outcome.clock.pause is not None
            assert outcome.clock.deadline <= outcome.clock.pause.latest
            self.state = replaced(self.state, clock.id, outcome.clock)

    @rule(case=CASES)
    def the_case_is_classified_anew(self, case: CaseFacts) -> None:
        self.case = case
        before = self.state
        anew = replanned(before, plan(case, FRIDAY, FRIDAY, PACKS), self.now)
        self.state = still_watched(anew, case.jurisdiction, self.now, PACKS)
        for term in self.state.withdrawn:
            if term.term and not term.is_told and self.now < term.deadline:
                running = self.state.clocks
                assert any(each.term and each.deadline >= term.deadline for each in running)
        for clock in before.clocks:
            if is_late(clock, before.decided_at, self.now):
                assert clock in self.state.clocks

    @invariant()
    def a_lapse_is_never_erased(self) -> None:
        assert self.state.lapses[: len(self.lapses)] == self.lapses
        self.lapses = self.state.lapses
        for lapse in self.lapses:
            clock = self.state.clock(lapse.clock)
            assert clock is not None
            assert is_late(clock, self.state.decided_at, FRIDAY)
        assert len({lapse.clock for lapse in self.lapses}) == len(self.lapses)

    @invariant()
    def a_rung_fires_at_most_once(self) -> None:
        assert all(times == 1 for times in self.did.values())

    @invariant()
    def the_chain_of_told_dates_has_an_end(self) -> None:
        pack = promise_of("PL", PACKS)
        assert pack is not None
        assert pack.told is not None
        assert self.warned_of_promises < pack.told.dates

    @invariant()
    def every_told_date_is_watched_once(self) -> None:
        told_dates = [each for each in (*self.state.clocks, *self.state.withdrawn) if each.is_told]
        assert len({each.id for each in told_dates}) == len(told_dates)
        lapsed_ids = {lapse.clock for lapse in self.lapses}
        assert not any(each.id in lapsed_ids for each in self.state.withdrawn)

    @invariant()
    def only_people_decide(self) -> None:
        assert (self.state.decided_at is not None) == self.people_decided

    @invariant()
    def a_case_always_has_a_clock(self) -> None:
        assert self.state.clocks

    @override
    def teardown(self) -> None:
        """At the end of time every clock that nobody decided in time has lapsed, once."""
        self.now = FRIDAY + timedelta(days=4000)
        self.workers_catch_up()
        recorded = {lapse.clock for lapse in self.state.lapses}
        for clock in self.state.clocks:
            assert (clock.id in recorded) == is_late(clock, self.state.decided_at, self.now)
        self.a_lapse_is_never_erased()
        self.a_rung_fires_at_most_once()


TestTrace = Trace.TestCase
TestTrace.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
