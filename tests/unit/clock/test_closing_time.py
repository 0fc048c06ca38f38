"""Where a pack closes its last day early, no other way to a last day ends later."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from services.decision.clock.choose import CaseFacts
from services.decision.clock.load import Packs
from services.decision.clock.model import LetterPart, PauseReason
from services.decision.clock.plan import Clock, plan
from services.decision.clock.terms import (
    Extended,
    Paused,
    Refused,
    Resumed,
    extend,
    pause,
    resume,
    write,
)
from shared.events.case import Category, Facts
from tests.unit.clock.conftest import DAY, FRIDAY, REASONS, MakeCase, about

RIGHTS = {LetterPart.REASON: "x", LetterPart.OMBUDSMAN_RIGHTS: "y"}


def closing(packs: Packs, pack: str, closes: time) -> Packs:
    """Return the packs of a bank that ends its last days at this time of day."""
    own = tuple(
        each.model_copy(update={"closes": closes}) if each.id == pack else each
        for each in packs.packs
    )
    return replace(packs, packs=own)


def one_of(case: CaseFacts, packs: Packs, pack: str) -> Clock:
    (found,) = [clock for clock in plan(case, FRIDAY, FRIDAY, packs) if clock.pack == pack]
    return found


@pytest.mark.parametrize("new_date", [date(2027, 1, 5), date(2027, 1, 19)])
def test_an_extended_last_day_closes_when_the_pack_says(
    packs: Packs, make_case: MakeCase, new_date: date
) -> None:
    clock = one_of(make_case("PL"), closing(packs, "pl_complaints", time(17)), "pl_complaints")
    assert clock.deadline == datetime(2026, 12, 20, 16, tzinfo=UTC)
    outcome = extend(clock, REASONS, new_date, FRIDAY + 5 * DAY, packs.calendars["PL"])
    assert isinstance(outcome, Extended)
    assert outcome.clock.deadline == datetime.combine(new_date, time(16), tzinfo=UTC)


def test_no_extension_or_letter_gains_the_hours_after_closing_on_the_last_day(
    packs: Packs, make_case: MakeCase
) -> None:
    own = closing(closing(packs, "pl_complaints", time(17)), "uk_disp_1_6", time(17))
    polish = one_of(make_case("PL"), own, "pl_complaints")
    same = extend(polish, REASONS, polish.last_day, FRIDAY + DAY, packs.calendars["PL"])
    assert isinstance(same, Refused)
    assert "no later than the present deadline" in same.rule
    british = one_of(make_case("GB"), own, "uk_disp_1_6")
    letter = write(british, RIGHTS, british.last_day, FRIDAY + DAY, packs.calendars["GB"])
    assert isinstance(letter, Refused)
    assert "no later than the deadline" in letter.rule


def test_a_pause_within_a_day_keeps_the_hour_at_which_the_last_day_closes(packs: Packs) -> None:
    calendar = packs.calendars["GB"]
    case = about("GB", Category.FRAUD, facts=Facts(authorised=True))
    scam = one_of(case, closing(packs, "uk_app", time(17)), "uk_app")
    standing = pause(scam, PauseReason.INFORMATION_ASKED, FRIDAY, calendar)
    assert isinstance(standing, Paused)
    # The cap closes at 17:00 as well.
    assert standing.clock.deadline == datetime(2027, 1, 13, 17, tzinfo=UTC)
    running = resume(standing.clock, FRIDAY + timedelta(minutes=1), calendar)
    assert isinstance(running, Resumed)
    assert running.clock.deadline == scam.deadline == datetime(2026, 11, 27, 17, tzinfo=UTC)


def test_a_clock_whose_days_end_at_midnight_is_stored_as_it_always_was(
    packs: Packs, make_case: MakeCase
) -> None:
    polish = one_of(make_case("PL"), packs, "pl_complaints")
    british = one_of(make_case("GB"), packs, "uk_disp_1_5")
    assert "closes" not in polish.model_dump()
    for clock in (polish, british):
        assert Clock.model_validate_json(clock.model_dump_json()) == clock
    assert (polish.closes, british.closes) == (None, time(17))
