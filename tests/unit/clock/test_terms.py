"""What an extension, a pause and a new classification must respect."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.decision.clock.load import Packs
from services.decision.clock.model import Kind, LetterPart, PauseReason
from services.decision.clock.plan import Clock, plan, told
from services.decision.clock.state import (
    State,
    Timer,
    is_late,
    lapsed,
    replaced,
    replanned,
    still_watched,
)
from services.decision.clock.terms import (
    Extended,
    Paused,
    Refused,
    Resumed,
    Written,
    extend,
    pause,
    resume,
    write,
)
from services.decision.clock.timers import Escalate, Lapse, Warn, on_timer
from shared.events.case import Category, Facts, Product
from tests.unit.clock.conftest import DAY, FRIDAY, REASONS, ClockOf, MakeCase, drain


def extended(clock: Clock, packs: Packs, new_date: date = date(2027, 1, 19)) -> Extended:
    outcome = extend(clock, REASONS, new_date, FRIDAY + 5 * DAY, packs.calendars["PL"])
    assert isinstance(outcome, Extended)
    return outcome


def test_an_extension_opens_a_new_term_with_its_own_ladder(polish: Clock, packs: Packs) -> None:
    # Day 60: 20 November + 60 = 19 January.
    done = extended(polish, packs)
    assert done.letter == REASONS
    assert done.clock.deadline == datetime(2027, 1, 19, 23, tzinfo=UTC)
    assert done.clock.id != polish.id
    state = replaced(drain(State(clocks=(polish,)), FRIDAY)[0], polish.id, done.clock)
    assert len(state.timers()) == len(polish.rungs)
    assert state.timers()[0][1].due == FRIDAY + 5 * DAY


def test_in_a_new_term_the_customer_is_warned_of_a_later_date_and_never_of_an_earlier_one(
    polish: Clock, packs: Packs
) -> None:
    once = extended(polish, packs).clock
    due = next(each.due for each in once.rungs if each.rung.name == "warn_customer")
    timer = Timer(clock=once.id, rung="warn_customer")
    # A clock that was stored before its date moved with the deadline still has the old one.
    stored = once.model_copy(update={"warned_date": polish.warned_date})
    for clock in (once, stored):
        effect = on_timer(timer, State(clocks=(clock,)), due, packs.calendars["PL"])
        # Tuesday 19 January + 2 business days.
        assert effect == Warn(once.id, once.deadline, datetime(2027, 1, 21, 23, tzinfo=UTC))


@pytest.mark.parametrize(
    ("reasons", "new_date", "after_days", "rule"),
    [
        (REASONS, date(2027, 1, 20), 5, "later than the last day, 2027-01-19"),
        (REASONS, date(2026, 12, 20), 5, "no later than the present deadline"),
        ({LetterPart.REASON: "x"}, date(2027, 1, 10), 5, "lacks facts_to_establish"),
        ({}, date(2027, 1, 10), 5, "lacks reason, facts_to_establish"),
        (REASONS, date(2027, 1, 10), 31, "never undone"),
    ],
)
def test_an_extension_outside_the_pack_is_refused_with_its_rule(  # noqa: PLR0913, PLR0917 - a table
    polish: Clock,
    packs: Packs,
    reasons: dict[LetterPart, str],
    new_date: date,
    after_days: int,
    rule: str,
) -> None:
    now = FRIDAY + after_days * DAY
    outcome = extend(polish, reasons, new_date, now, packs.calendars["PL"])
    assert isinstance(outcome, Refused)
    assert rule in outcome.rule


def test_a_second_extension_is_refused(polish: Clock, packs: Packs) -> None:
    once = extended(polish, packs, date(2027, 1, 5)).clock
    again = extend(once, REASONS, date(2027, 1, 19), FRIDAY + 6 * DAY, packs.calendars["PL"])
    assert isinstance(again, Refused)
    assert "once already" in again.rule


def test_no_extension_where_the_pack_has_none(
    packs: Packs, clock_of: ClockOf, make_case: MakeCase
) -> None:
    clock = clock_of(make_case("GB"), "uk_disp_1_6")
    outcome = extend(clock, REASONS, date(2027, 3, 1), FRIDAY + DAY, packs.calendars["GB"])
    assert outcome == Refused(clock.no_extension)


def test_waiting_for_the_customer_stops_no_clock_by_default(polish: Clock, packs: Packs) -> None:
    outcome = pause(polish, PauseReason.INFORMATION_ASKED, FRIDAY + DAY, packs.calendars["PL"])
    assert outcome == Refused("waiting for the customer does not stop this clock")


def morning(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T09:00:00+00:00")


@pytest.fixture
def scam(clock_of: ClockOf, make_case: MakeCase) -> Clock:
    case = make_case("GB", category=Category.FRAUD, facts=Facts(authorised=True))
    return clock_of(case, "uk_app")


@pytest.mark.parametrize(
    ("paused", "resumed", "last_day"),
    [
        # Due on Friday 27. Stood from Tuesday 24 to Thursday 26, two business days: Tuesday 1.
        ("2026-11-24", "2026-11-26", "2026-12-01"),
        # A pause within a day takes none.
        ("2026-11-24", "2026-11-24", "2026-11-27"),
        # Stood from Thursday 26 over the last day, resumed on Saturday: as if on Monday 30, two
        # business days later.
        ("2026-11-26", "2026-11-28", "2026-12-01"),
        # Asked on Saturday, answered on Monday: no business day was lost.
        ("2026-11-21", "2026-11-23", "2026-11-27"),
        # The cap: 23-27 (5), 30-4 (10), 7-11 (15), 14-18 (20), 21-24 (24), 25 and 28 off, 29-31
        # (27), 1 January off, 4-8 (32), 11-13 (35). Stood until the 11th: longer than that.
        ("2026-11-24", "2027-01-11", "2027-01-13"),
    ],
)
def test_a_pause_gives_back_the_business_days_that_it_took(
    scam: Clock, packs: Packs, paused: str, resumed: str, last_day: str
) -> None:
    calendar = packs.calendars["GB"]
    standing = pause(scam, PauseReason.INFORMATION_ASKED, morning(paused), calendar)
    assert isinstance(standing, Paused)
    running = resume(standing.clock, morning(resumed), calendar)
    assert isinstance(running, Resumed)
    assert running.clock.last_day.isoformat() == last_day
    assert running.clock.paused_at is None


def test_a_forgotten_pause_still_summons_people_and_lapses_at_the_cap(
    scam: Clock, packs: Packs
) -> None:
    standing = pause(scam, PauseReason.INFORMATION_ASKED, FRIDAY + DAY, packs.calendars["GB"])
    assert isinstance(standing, Paused)
    state, effects = drain(State(clocks=(standing.clock,)), datetime(2027, 1, 14, 1, tzinfo=UTC))
    assert {Escalate, Warn, Lapse} == {type(effect) for effect in effects}
    assert state.lapses[0].deadline == datetime(2027, 1, 14, tzinfo=UTC)


def test_a_pause_for_another_reason_or_a_second_one_is_refused(scam: Clock, packs: Packs) -> None:
    calendar = packs.calendars["GB"]
    other = pause(scam, PauseReason.FRAUD_REPORTED_IN_WRITING, FRIDAY, calendar)
    assert isinstance(other, Refused)
    standing = pause(scam, PauseReason.INFORMATION_ASKED, FRIDAY, calendar)
    assert isinstance(standing, Paused)
    assert isinstance(
        pause(standing.clock, PauseReason.INFORMATION_ASKED, FRIDAY, calendar), Refused
    )
    assert resume(scam, FRIDAY, calendar) == Refused("the clock is running")


def test_classified_anew_a_case_keeps_the_clocks_that_still_hold(
    packs: Packs, make_case: MakeCase, polish: Clock
) -> None:
    done = extended(polish, packs).clock
    state = State(clocks=(done,))
    as_payment = plan(make_case("PL", product=Product.CARD), FRIDAY, FRIDAY, packs)
    as_before = plan(make_case("PL"), FRIDAY, FRIDAY, packs)
    moved = replanned(state, as_payment, FRIDAY)
    assert {clock.pack for clock in moved.clocks} == {"pl_payment_services", "internal"}
    back = replanned(moved, as_before, FRIDAY)
    # Set up again it is the extended clock, not a fresh one that could be extended once more.
    assert back.clock(done.id) == done


def test_classified_anew_the_date_of_an_extension_is_a_promise_that_is_watched_once(
    packs: Packs, make_case: MakeCase, polish: Clock
) -> None:
    done, now = extended(polish, packs).clock, FRIDAY + 5 * DAY
    as_payment = plan(make_case("PL", product=Product.CARD), FRIDAY, FRIDAY, packs)
    moved = replanned(State(clocks=(done,)), as_payment, now)
    kept = still_watched(moved, "PL", now, packs)
    (promise,) = [clock for clock in kept.clocks if clock not in moved.clocks]
    assert (promise.kind, promise.deadline) == (Kind.PROMISE, done.deadline)
    assert still_watched(kept, "PL", now, packs) == kept
    # A later date that was told since stands in its place, and what has passed is no promise.
    later = told("PL", done.deadline + DAY, 1, now, packs)
    assert later is not None
    gone = moved.model_copy(update={"clocks": (*moved.clocks, later)})
    assert still_watched(gone, "PL", now, packs) == gone
    assert still_watched(moved, "PL", done.deadline, packs) == moved


def test_classified_anew_a_case_keeps_what_has_lapsed(
    packs: Packs, make_case: MakeCase, polish: Clock
) -> None:
    state = lapsed(State(clocks=(polish,)), Timer(clock=polish.id, rung="lapse"), polish.deadline)
    moved = replanned(state, plan(make_case("BR"), FRIDAY, FRIDAY, packs), FRIDAY)
    kept = moved.clock(polish.id)
    assert kept is not None
    assert is_late(kept, FRIDAY, FRIDAY)
    assert moved.lapses == state.lapses


def test_classified_anew_a_case_keeps_a_clock_that_has_run_out_before_its_lapse_is_recorded(
    packs: Packs, clock_of: ClockOf, make_case: MakeCase
) -> None:
    stolen = make_case("DE", product=Product.CARD, facts=Facts(authorised=False))
    signed = make_case("DE", product=Product.CARD, facts=Facts(authorised=True))
    refund = clock_of(stolen, "eu_psd2_73")
    state, anew = State(clocks=(refund,)), plan(signed, FRIDAY, FRIDAY, packs)
    in_time = replanned(state, anew, refund.deadline - timedelta(microseconds=1))
    assert in_time.withdrawn == (refund,)
    too_late = replanned(state, anew, refund.deadline)
    assert refund in too_late.clocks
    effect = on_timer(Timer(clock=refund.id, rung="lapse"), too_late, refund.deadline)
    assert isinstance(effect, Lapse)


def test_a_lapse_refuses_extension_and_pause_even_when_the_clock_jumps_back(
    packs: Packs, polish: Clock, scam: Clock
) -> None:
    for clock, country in ((polish, "PL"), (scam, "GB")):
        timer = Timer(clock=clock.id, rung="lapse")
        state = lapsed(State(clocks=(clock,)), timer, clock.deadline)
        marked = state.clocks[0]
        calendar = packs.calendars[country]
        assert isinstance(extend(marked, REASONS, date(2027, 1, 5), FRIDAY, calendar), Refused)
        reason = PauseReason.INFORMATION_ASKED
        assert pause(marked, reason, FRIDAY, calendar) == Refused(
            "the deadline has passed; a lapse is never undone"
        )
        assert lapsed(state, timer, FRIDAY) == state


RIGHTS = {LetterPart.REASON: "x", LetterPart.OMBUDSMAN_RIGHTS: "y"}


def test_a_letter_where_the_pack_knows_no_extension_moves_nothing(
    packs: Packs, clock_of: ClockOf, make_case: MakeCase
) -> None:
    clock = clock_of(make_case("GB"), "uk_disp_1_6")
    calendar = packs.calendars["GB"]
    written = write(clock, RIGHTS, date(2027, 2, 12), FRIDAY, calendar)
    assert written == Written(RIGHTS, date(2027, 2, 12))


@pytest.mark.parametrize(
    ("country", "pack", "reasons", "new_date", "day", "because"),
    [
        ("GB", "uk_disp_1_6", {LetterPart.REASON: "x"}, date(2027, 2, 12), 0, "lacks ombudsman"),
        ("GB", "uk_disp_1_6", RIGHTS, date(2027, 1, 15), 0, "no later than the deadline"),
        ("GB", "uk_disp_1_6", RIGHTS, date(2027, 2, 12), 60, "never undone"),
        ("PL", "internal", RIGHTS, date(2027, 2, 12), 0, "an aim is met or missed"),
    ],
)
def test_a_letter_that_the_pack_does_not_demand_so_is_refused_with_its_rule(  # noqa: PLR0913, PLR0917 - fixtures and a row of the table
    packs: Packs,
    clock_of: ClockOf,
    make_case: MakeCase,
    country: str,
    pack: str,
    reasons: dict[LetterPart, str],
    new_date: date,
    day: int,
    because: str,
) -> None:
    clock = clock_of(make_case(country), pack)
    refused = write(clock, reasons, new_date, FRIDAY + day * DAY, packs.calendars[country])
    assert isinstance(refused, Refused)
    assert because in refused.rule
