"""Worked examples of every pack, derived by hand, and what a clock holds."""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import pytest

from services.decision.clock.choose import CaseFacts
from services.decision.clock.load import Packs
from services.decision.clock.model import Kind, LateEffect, Role
from services.decision.clock.plan import Clock, answer_due_at, plan
from shared.events.case import Category, Facts, Product
from tests.unit.clock.conftest import FRIDAY, ClockOf, MakeCase, about


class Example(NamedTuple):
    pack: str
    case: CaseFacts
    received: datetime
    last_day: date
    deadline: datetime


def at(month: int, day: int, hour: int = 9, minute: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


UNAUTHORISED = Facts(authorised=False)
EXAMPLES = [
    # Day 0 is 20 November; 30 November is day 10, 20 December day 30. Warsaw's midnight: 23:00 UTC.
    Example("pl_complaints", about("PL"), FRIDAY, date(2026, 12, 20), at(12, 20, 23)),
    # 23:30 UTC is 00:30 on the 21st in Warsaw: day 0 is the 21st.
    Example("pl_complaints", about("PL"), at(11, 20, 23, 30), date(2026, 12, 21), at(12, 21, 23)),
    # Over 29 February 2028: 15 February + 14 = 29 February, + 16 = 16 March.
    Example(
        "pl_complaints",
        about("PL"),
        at(2, 15, year=2028),
        date(2028, 3, 16),
        at(3, 16, 23, year=2028),
    ),
    # Thursday 17 December: 18 (1), 21-23 (4), 24 and 25 off, 28-31 (8), 1 January off, 4 and 5
    # (10), Epiphany off, 7 and 8 (12), 11-13 (15).
    Example(
        "pl_payment_services",
        about("PL", product=Product.CARD),
        at(12, 17),
        date(2027, 1, 13),
        at(1, 13, 23, year=2027),
    ),
    # Monday 30 March: 31 (1), 1 and 2 April (3), Good Friday and Easter Monday off, 7-10 (7),
    # 13-17 (12), 20-22 (15). Berlin in summer: 22:00 UTC.
    Example(
        "eu_psd2_101",
        about("DE", Category.WRONG_TRANSFER),
        at(3, 30),
        date(2026, 4, 22),
        at(4, 22, 22),
    ),
    # Friday; the next business day is Monday 23.
    Example(
        "eu_psd2_73",
        about("DE", Category.CARD_PROBLEM, facts=UNAUTHORISED),
        FRIDAY,
        date(2026, 11, 23),
        at(11, 23, 23),
    ),
    # The article holds in Poland too; Wednesday 11 November is Independence Day.
    Example(
        "eu_psd2_73",
        about("PL", Category.FRAUD, facts=UNAUTHORISED),
        at(11, 10),
        date(2026, 11, 12),
        at(11, 12, 23),
    ),
    # 4 September + 26 = 30 September, + 30 = 30 October; summer time has ended on the 25th.
    Example("uk_disp_1_6", about("GB"), at(9, 4), date(2026, 10, 30), at(10, 31, 0)),
    # Thursday 10 December: 11 (1), 14-18 (6), 21-24 (10), 25 and the substitute on 28 off, 29-31
    # (13), 1 January off, 4 and 5 (15).
    Example(
        "uk_disp_1_6_payment",
        about("GB", product=Product.PAYMENT),
        at(12, 10),
        date(2027, 1, 5),
        at(1, 6, 0, year=2027),
    ),
    # Friday; Monday, Tuesday, Wednesday 25, close of business.
    Example("uk_disp_1_5", about("GB"), FRIDAY, date(2026, 11, 25), at(11, 25, 17)),
    # Friday; Monday to Friday 27.
    Example(
        "uk_app",
        about("GB", Category.FRAUD, facts=Facts(authorised=True)),
        FRIDAY,
        date(2026, 11, 27),
        at(11, 28, 0),
    ),
    # 31 January has no 31 February. Kyiv in winter: 22:00 UTC.
    Example(
        "ua_appeals",
        about("UA"),
        at(1, 31, year=2027),
        date(2027, 2, 28),
        at(2, 28, 22, year=2027),
    ),
    Example(
        "ua_appeals",
        about("UA"),
        at(1, 31, year=2028),
        date(2028, 2, 29),
        at(2, 29, 22, year=2028),
    ),
    # 20 November + 10 = 30 November, + 5 = 5 December.
    Example(
        "ua_appeals_simple",
        about("UA", Category.INFORMATION),
        FRIDAY,
        date(2026, 12, 5),
        at(12, 5, 22),
    ),
    # Friday 30 October: 2 and 3 November (2), Unity Day off, 5 and 6 (4), 9-13 (9), 16-20 (14),
    # 23 (15). Moscow: 21:00 UTC.
    Example("ru_442", about("RU"), at(10, 30), date(2026, 11, 23), at(11, 23, 21)),
    # 20 October + 15 = 4 November; summer time ended on 1 November, so midnight is 05:00 UTC.
    Example("us_cfpb", about("US"), at(10, 20, 12), date(2026, 11, 4), at(11, 5, 5)),
    # 02:00 UTC is still the 19th in New York: 19 October + 15 = 3 November.
    Example("us_cfpb", about("US"), at(10, 20, 2), date(2026, 11, 3), at(11, 4, 5)),
    # Wednesday 18 November: 19 and 20 (2), 23-25 (5), Thanksgiving off, 27 (6), 30 (7), 1-3
    # December (10).
    Example(
        "us_reg_e",
        about("US", product=Product.CARD),
        at(11, 18, 17),
        date(2026, 12, 3),
        at(12, 4, 5),
    ),
    # No pack, no calendar: weekends only, days of UTC. Monday to Friday 27.
    Example("default", about("KZ"), FRIDAY, date(2026, 11, 27), at(11, 28, 0)),
    # No pack of its own, but holidays of its own. Monday 30 March: 31 (1), 1 and 2 April (3), Good
    # Friday and Easter Monday off, 7 and 8 (5).
    Example("default", about("DE"), at(3, 30), date(2026, 4, 8), at(4, 8, 22)),
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: f"{one.pack}-{one.received:%d%b}")
def test_a_deadline_is_the_one_that_was_counted_by_hand(
    clock_of: ClockOf, example: Example
) -> None:
    clock = clock_of(example.case, example.pack, example.received)
    assert (clock.last_day, clock.deadline) == (example.last_day, example.deadline)


def test_every_shipped_pack_has_a_worked_example(packs: Packs) -> None:
    shown = {example.pack for example in EXAMPLES} | {"promise", "internal"}
    assert {pack.id for pack in packs.packs} == shown


def test_rungs_stand_at_their_shares_of_the_time_to_decide_by(
    clock_of: ClockOf, make_case: MakeCase
) -> None:
    clock = clock_of(make_case("PL"), "pl_complaints")
    # Decide by the end of Thursday 17 December: from 20 November 09:00 UTC, 27 days and 14 hours.
    assert clock.decide_by == at(12, 17, 23)
    dues = {planned.rung.name: planned.due for planned in clock.rungs}
    assert dues["received"] == FRIDAY
    assert dues["assignee"] == FRIDAY + timedelta(days=13, hours=19)
    assert dues["lapse"] == clock.deadline
    assert list(dues.values()) == sorted(dues.values())
    assert all(due <= clock.decide_by for name, due in dues.items() if name != "lapse")


def test_a_deadline_past_on_arrival_has_only_its_lapse_left(
    packs: Packs, make_case: MakeCase
) -> None:
    clocks = plan(make_case("PL"), FRIDAY, FRIDAY + timedelta(days=40), packs)
    assert {clock.late_arrival for clock in clocks} == {True}
    assert [planned.rung.name for clock in clocks for planned in clock.rungs] == ["lapse", "lapse"]


def test_a_buffer_longer_than_the_limit_makes_the_decision_due_at_once(
    packs: Packs, make_case: MakeCase
) -> None:
    soon = Facts(promised_by=FRIDAY + timedelta(minutes=30))
    clocks = plan(make_case(facts=soon), FRIDAY, FRIDAY, packs)
    (promise,) = [clock for clock in clocks if clock.kind is Kind.PROMISE]
    assert promise.decide_by == FRIDAY
    assert {planned.due for planned in promise.rungs[:-1]} == {FRIDAY}


def test_a_clock_carries_its_versions_and_outlives_its_pack(
    clock_of: ClockOf, make_case: MakeCase, packs: Packs
) -> None:
    clock = clock_of(make_case("PL"), "pl_complaints")
    assert clock.pack_version == packs.stamps["pl_complaints"]
    assert clock.calendar_version == packs.calendars["PL"].version
    assert "holidays-" in clock.calendar_version
    assert clock.lateness.effect is LateEffect.DEEMED_ACCEPTED
    assert Clock.model_validate_json(clock.model_dump_json()) == clock


def test_a_receipt_is_acknowledged_within_the_hour(clock_of: ClockOf, make_case: MakeCase) -> None:
    assert clock_of(make_case("BR"), "default").acknowledge_by == FRIDAY + timedelta(hours=1)


def test_an_instant_without_offset_is_refused(packs: Packs, make_case: MakeCase) -> None:
    with pytest.raises(ValueError, match="no offset"):
        plan(make_case(), datetime(2026, 11, 20), FRIDAY, packs)  # noqa: DTZ001 - the point


@pytest.mark.parametrize("jurisdiction", ["PL", "GB", "UA", "US", "DE", None, "ZZ"])
@pytest.mark.parametrize("category", list(Category))
def test_the_last_day_for_the_answer_is_that_of_the_clock_for_it(
    packs: Packs, make_case: MakeCase, jurisdiction: str | None, category: Category
) -> None:
    case = make_case(jurisdiction, category=category)
    clocks = plan(case, FRIDAY, FRIDAY, packs)
    (clock,) = [each for each in clocks if each.role is Role.ANSWER]
    assert answer_due_at(case, FRIDAY, packs) == clock.deadline
