"""What a timer may do: summon, warn, send a letter, record a lapse. Nothing else."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.decision.clock.days import end_of
from services.decision.clock.ladder import Level
from services.decision.clock.load import Packs
from services.decision.clock.model import LateEffect, LetterPart
from services.decision.clock.plan import Clock, plan
from services.decision.clock.state import (
    Draft,
    State,
    Timer,
    decided,
    is_late,
)
from services.decision.clock.terms import Extended, extend
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
from tests.unit.clock.conftest import DAY, FRIDAY, REASONS, ClockOf, MakeCase, about, drain


def test_a_timer_has_no_decision_among_its_effects() -> None:
    assert {effect.__name__ for effect in get_args(Effect)} == {
        "Nudge", "Escalate", "Warn", "Extend", "Lapse", "Nothing",
    }  # fmt: skip


def test_the_whole_clock_loads_without_the_types_of_an_answer() -> None:
    code = (
        "import sys, pkgutil, importlib, services.decision.clock as c\n"
        "for m in pkgutil.iter_modules(c.__path__, c.__name__ + '.'):\n"
        "    importlib.import_module(m.name)\n"
        "assert 'services.decision.clock.timers' in sys.modules\n"
        "sys.exit('shared.events.answer' in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)  # noqa: S603 - our own interpreter


def test_a_polish_case_that_nobody_answers_climbs_every_rung_and_lapses(polish: Clock) -> None:
    state = State(clocks=(polish,))
    seen: list[str] = []
    for day in range(32):
        state, effects = drain(state, FRIDAY + day * DAY)
        seen += [type(effect).__name__ for effect in effects]
    assert seen == [
        "Nudge", "Nudge", "Escalate", "Warn", "Escalate", "Escalate", "Escalate", "Lapse",
    ]  # fmt: skip
    (lapse,) = state.lapses
    assert lapse.lateness.effect is LateEffect.DEEMED_ACCEPTED
    assert not lapse.late_arrival
    assert state.decided_at is None


def test_the_same_case_decided_on_day_two_fires_nothing_more(polish: Clock) -> None:
    state, _ = drain(State(clocks=(polish,)), FRIDAY)
    state = decided(state, FRIDAY + 2 * DAY)
    state, effects = drain(state, FRIDAY + 40 * DAY)
    assert {type(effect) for effect in effects} == {Nothing}
    assert not state.lapses


def test_rungs_of_a_time_without_workers_fire_in_order_before_the_lapse(polish: Clock) -> None:
    _, effects = drain(State(clocks=(polish,)), FRIDAY + 40 * DAY)
    assert isinstance(effects[-1], Lapse)
    assert [type(effect) for effect in effects].count(Lapse) == 1
    assert len(effects) == len(polish.rungs)


def test_a_timer_before_its_time_does_nothing(polish: Clock) -> None:
    timer = Timer(clock=polish.id, rung="executive")
    assert on_timer(timer, State(clocks=(polish,)), FRIDAY) == Nothing(Why.NOT_DUE)


def test_a_timer_of_an_unknown_clock_or_rung_does_nothing(polish: Clock) -> None:
    state = State(clocks=(polish,))
    for timer in (Timer(clock="gone:0", rung="lapse"), Timer(clock=polish.id, rung="gone")):
        assert on_timer(timer, state, FRIDAY + 99 * DAY) == Nothing(Why.NO_SUCH_RUNG)


def test_a_deadline_is_missed_at_its_very_instant(polish: Clock) -> None:
    timer = Timer(clock=polish.id, rung="lapse")
    state = State(clocks=(polish,))
    just_before = polish.deadline - timedelta(microseconds=1)
    assert isinstance(on_timer(timer, state, just_before), Nothing)
    assert isinstance(on_timer(timer, state, polish.deadline), Lapse)
    assert not is_late(polish, just_before, FRIDAY + 99 * DAY)
    assert is_late(polish, polish.deadline, FRIDAY + 99 * DAY)


def test_a_reply_after_the_deadline_does_not_undo_the_lapse(polish: Clock) -> None:
    late = decided(State(clocks=(polish,)), polish.deadline + DAY)
    timer = Timer(clock=polish.id, rung="lapse")
    assert isinstance(on_timer(timer, late, polish.deadline + 2 * DAY), Lapse)


def test_the_first_decision_stands_whatever_is_said_later(polish: Clock) -> None:
    in_time = decided(State(clocks=(polish,)), FRIDAY + DAY)
    assert decided(in_time, polish.deadline + DAY).decided_at == FRIDAY + DAY
    too_late = decided(State(clocks=(polish,)), polish.deadline + DAY)
    assert decided(too_late, FRIDAY).decided_at == polish.deadline + DAY


def test_a_late_arrival_is_recorded_as_such(packs: Packs, make_case: MakeCase) -> None:
    now = FRIDAY + 90 * DAY
    state, effects = drain(State(clocks=plan(make_case("PL"), FRIDAY, now, packs)), now)
    assert all(isinstance(effect, Lapse) and effect.late_arrival for effect in effects)
    assert {lapse.late_arrival for lapse in state.lapses} == {True}
    assert len(state.lapses) == 2


_MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("expected", "warned"),
    [
        # Decide by the end of Thursday 17 December; the deadline is the end of Sunday 20.
        (datetime(2026, 12, 17, 22, tzinfo=UTC), None),
        (datetime(2026, 12, 17, 23, tzinfo=UTC), None),
        # Whoever decides in the time that is kept for sending may come too late.
        (datetime(2026, 12, 17, 23, tzinfo=UTC) + _MOMENT, 2 * DAY),
        (datetime(2026, 12, 20, 23, tzinfo=UTC) - _MOMENT, 2 * DAY),
        (datetime(2026, 12, 20, 23, tzinfo=UTC), 2 * DAY),
        (datetime(2026, 12, 23, 23, tzinfo=UTC), 3 * DAY),
    ],
)
def test_the_customer_is_warned_where_people_expect_to_decide_later_than_decide_by(
    polish: Clock, expected: datetime, warned: timedelta | None
) -> None:
    state = State(clocks=(polish,), expected_by=expected)
    timer = Timer(clock=polish.id, rung="warn_customer")
    now = next(each.due for each in polish.rungs if each.rung.name == timer.rung)
    effect = on_timer(timer, state, now)
    if warned is None:
        assert effect == Nothing(Why.DATE_IS_SAFE)
    else:
        assert effect == Warn(polish.id, polish.deadline, polish.deadline + warned)
    fired = (polish.id, "warn_customer") in after(state, timer, effect, now).fired
    assert fired is (warned is not None)


def test_a_date_that_people_expected_and_that_passed_spares_nobody_the_warning(
    polish: Clock,
) -> None:
    passed = polish.decide_by - timedelta(hours=1)
    state = State(clocks=(polish,), expected_by=passed)
    timer = Timer(clock=polish.id, rung="warn_customer")
    effect = on_timer(timer, state, polish.decide_by)
    assert effect == Warn(polish.id, polish.deadline, polish.warned_date)


def test_a_warning_names_a_new_date_also_where_no_person_did(polish: Clock) -> None:
    effect = on_timer(
        Timer(clock=polish.id, rung="warn_customer"), State(clocks=(polish,)), polish.decide_by
    )
    # Sunday 20 December + 2 business days: Monday 21, Tuesday 22; it ends at 23:00 UTC.
    new_date = datetime(2026, 12, 22, 23, tzinfo=UTC)
    assert effect == Warn(polish.id, polish.deadline, new_date)


def test_a_letter_whose_date_has_passed_is_not_sent_but_summons_one_who_names_another(
    polish: Clock,
) -> None:
    passed = (polish.decide_by - DAY).date()
    draft = Draft(clock=polish.id, reasons=REASONS, new_date=passed)
    timer = Timer(clock=polish.id, rung="letter")
    effect = on_timer(timer, State(clocks=(polish,), drafts=(draft,)), polish.decide_by)
    assert effect == Escalate(polish.id, Level.PERSON, polish.decide_by, needs=("new_date",))


def test_a_warning_that_comes_too_late_names_the_next_working_day(
    polish: Clock, packs: Packs
) -> None:
    # Thursday 24 December: closed, and so are both days of Christmas and the Sunday after them.
    now = datetime(2026, 12, 24, 10, tzinfo=UTC)
    assert now > polish.warned_date > polish.deadline
    timer = Timer(clock=polish.id, rung="warn_customer")
    effect = on_timer(timer, State(clocks=(polish,)), now, packs.calendars[polish.calendar])
    assert effect == Warn(polish.id, polish.deadline, datetime(2026, 12, 28, 23, tzinfo=UTC))
    # Whoever knows no holidays still knows weekends.
    plain = on_timer(timer, State(clocks=(polish,)), now)
    assert plain == Warn(polish.id, polish.deadline, datetime(2026, 12, 25, 23, tzinfo=UTC))


@given(
    country=st.sampled_from(["PL", "DE", "GB", "UA", "RU", "US", "BR"]),
    late=st.timedeltas(timedelta(0), timedelta(days=400)),
    expected=st.none() | st.timedeltas(timedelta(days=-60), timedelta(days=400)),
    drafted=st.none() | st.dates(date(2026, 11, 20), date(2027, 12, 31)),
)
def test_no_customer_is_told_a_new_date_that_has_passed(
    packs: Packs, country: str, late: timedelta, expected: timedelta | None, drafted: date | None
) -> None:
    for clock in plan(about(country), FRIDAY, FRIDAY, packs):
        calendar = packs.calendars[clock.calendar]
        letter = dict.fromkeys(clock.holding_letter, "because")
        draft = drafted and Draft(clock=clock.id, reasons=letter, new_date=drafted)
        for planned in clock.rungs:
            now = planned.due + late
            state = State(
                clocks=(clock,),
                drafts=(draft,) if draft else (),
                expected_by=None if expected is None else now + expected,
            )
            timer = Timer(clock=clock.id, rung=planned.rung.name)
            effect = on_timer(timer, state, now, calendar)
            if isinstance(effect, Warn):
                assert effect.new_date > max(now, effect.told_date)
            elif isinstance(effect, Extend):
                assert end_of(effect.new_date, calendar.zone) > now


def test_the_ladder_summons_person_team_and_executive(polish: Clock) -> None:
    _, effects = drain(State(clocks=(polish,)), polish.decide_by)
    summoned = [effect for effect in effects if isinstance(effect, Escalate) and not effect.needs]
    assert [(effect.to, effect.jumps_queue) for effect in summoned] == [
        (Level.PERSON, False), (Level.TEAM, True), (Level.EXECUTIVE, True),
    ]  # fmt: skip
    assert sum(isinstance(effect, Nudge) for effect in effects) == 2


@pytest.mark.parametrize(
    ("reasons", "needs"),
    [
        (None, (*REASONS, "new_date")),
        ({LetterPart.REASON: "x"}, (LetterPart.FACTS_TO_ESTABLISH,)),
        ({**REASONS, LetterPart.REASON: "  "}, (LetterPart.REASON,)),
    ],
)
def test_a_letter_that_lacks_something_summons_one_who_can_supply_it(
    polish: Clock, reasons: dict[LetterPart, str] | None, needs: tuple[str, ...]
) -> None:
    draft = reasons and Draft(clock=polish.id, reasons=reasons, new_date=date(2027, 1, 10))
    state = State(clocks=(polish,), drafts=(draft,) if draft else ())
    effect = on_timer(Timer(clock=polish.id, rung="letter"), state, polish.decide_by)
    assert isinstance(effect, Escalate)
    assert effect.needs == needs


def test_in_a_second_term_nobody_is_asked_for_a_letter_that_the_pack_refuses(
    polish: Clock, packs: Packs
) -> None:
    calendar = packs.calendars["PL"]
    once = extend(polish, REASONS, date(2026, 12, 30), FRIDAY + 5 * DAY, calendar)
    assert isinstance(once, Extended)
    clock = once.clock
    _, effects = drain(State(clocks=(clock,)), clock.decide_by)
    assert {effect.needs for effect in effects if isinstance(effect, Escalate)} == {()}
    # People are still called there.
    effect = on_timer(Timer(clock=clock.id, rung="letter"), State(clocks=(clock,)), clock.decide_by)
    assert effect == Escalate(clock.id, Level.PERSON, clock.decide_by)


@pytest.mark.parametrize(
    ("country", "pack", "moves"),
    [("PL", "pl_complaints", True), ("GB", "uk_disp_1_6", False)],
)
def test_a_prepared_letter_goes_out_and_moves_the_deadline_only_where_the_pack_may(
    clock_of: ClockOf, make_case: MakeCase, country: str, pack: str, *, moves: bool
) -> None:
    clock = clock_of(make_case(country), pack)
    letter = dict.fromkeys(clock.holding_letter, "because")
    draft = Draft(clock=clock.id, reasons=letter, new_date=date(2027, 1, 16))
    state = State(clocks=(clock,), drafts=(draft,))
    effect = on_timer(Timer(clock=clock.id, rung="letter"), state, clock.decide_by)
    assert effect == Extend(clock.id, letter, date(2027, 1, 16), moves)
