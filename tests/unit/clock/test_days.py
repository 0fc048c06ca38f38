"""Day arithmetic, against numpy and against days counted by hand."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.decision.clock import days
from services.decision.clock.calendars import Calendar
from services.decision.clock.load import Packs
from services.decision.clock.model import Buffer, Limit, Unit

WARSAW = ZoneInfo("Europe/Warsaw")
FIRST, LAST = date(2026, 1, 1), date(2028, 12, 31)
some_day = st.dates(FIRST, LAST)


@st.composite
def closings(draw: st.DrawFn) -> Calendar:
    """Draw the own closed days of a bank, many of them near each other."""
    start = draw(some_day)
    offsets = draw(st.sets(st.integers(0, 60), max_size=30))
    closed = frozenset(start + timedelta(days=offset) for offset in offsets)
    return Calendar("XX", "1", WARSAW, closed=closed)


def numpy_calendar(calendar: Calendar) -> np.busdaycalendar:
    return np.busdaycalendar(holidays=[np.datetime64(day) for day in calendar.closed])


@given(some_day, st.integers(1, 60), closings())
def test_business_days_ahead_agree_with_numpy(day: date, count: int, calendar: Calendar) -> None:
    expected = np.busday_offset(day, count, roll="backward", busdaycal=numpy_calendar(calendar))
    assert days.business_days_after(day, count, calendar) == expected.item()


@given(some_day, st.integers(0, 60), closings())
def test_business_days_back_agree_with_numpy(day: date, count: int, calendar: Calendar) -> None:
    expected = np.busday_offset(day, -count, roll="backward", busdaycal=numpy_calendar(calendar))
    assert days.business_days_before(day, count, calendar) == expected.item()


@given(some_day, st.integers(0, 90), closings())
def test_business_days_between_agree_with_numpy(day: date, length: int, calendar: Calendar) -> None:
    last = day + timedelta(days=length)
    one = timedelta(days=1)
    expected = np.busday_count(day + one, last + one, busdaycal=numpy_calendar(calendar))
    assert days.business_days_between(day, last, calendar) == expected


@given(some_day, st.integers(1, 40))
def test_the_packaged_holidays_agree_with_numpy(packs: Packs, day: date, count: int) -> None:
    for calendar in (packs.calendars["PL"], packs.calendars["US"], packs.calendars["GB"]):
        span = [day + timedelta(days=number) for number in range(120)]
        off = [
            np.datetime64(one) for one in span if one.weekday() < 5 and not calendar.is_open(one)
        ]
        expected = np.busday_offset(day, count, roll="backward", holidays=off)
        before = day
        while not calendar.is_open(before):
            before -= timedelta(days=1)
        assert days.business_days_after(before, count, calendar) == expected.item()


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        # 31 January has no 31 February: its last day, the 28th.
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        # 2028 is a leap year: the 29th.
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        # From a short month the day stays; it does not become the last one.
        (date(2027, 2, 28), 1, date(2027, 3, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 8, 31), 1, date(2026, 9, 30)),
    ],
)
def test_a_month_ends_on_the_same_day_or_the_last_one(
    day: date, count: int, expected: date
) -> None:
    assert days.months_after(day, count) == expected


@pytest.mark.parametrize(
    ("day", "zone", "expected"),
    [
        # Warsaw, winter time: midnight is 23:00 UTC of the day before.
        (date(2026, 1, 10), "Europe/Warsaw", datetime(2026, 1, 10, 23, tzinfo=UTC)),
        # 29 March 2026 has 23 hours and ends in summer time, at 22:00 UTC.
        (date(2026, 3, 29), "Europe/Warsaw", datetime(2026, 3, 29, 22, tzinfo=UTC)),
        # 25 October 2026 has 25 hours and ends in winter time.
        (date(2026, 10, 25), "Europe/Warsaw", datetime(2026, 10, 25, 23, tzinfo=UTC)),
        # In Cairo 24 April 2026 begins at 01:00; the 23rd ends where 00:00 would have been.
        (date(2026, 4, 23), "Africa/Cairo", datetime(2026, 4, 23, 22, tzinfo=UTC)),
        (date(2028, 2, 29), "UTC", datetime(2028, 3, 1, tzinfo=UTC)),
    ],
)
def test_a_day_ends_where_the_next_one_begins(day: date, zone: str, expected: datetime) -> None:
    assert days.end_of(day, ZoneInfo(zone)) == expected


def test_the_day_of_receipt_is_the_day_in_the_zone_of_the_bank(packs: Packs) -> None:
    # 23:30 UTC on Friday is 00:30 on Saturday in Warsaw.
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    for unit in (Unit.CALENDAR_DAYS, Unit.BUSINESS_DAYS):
        assert days.day_zero(late, unit, packs.calendars["PL"]) == date(2026, 11, 21)


@pytest.mark.parametrize(
    ("arrives", "late"), [(time(15, 59), False), (time(16), True), (time(20), True)]
)
@pytest.mark.parametrize(
    ("unit", "next_day"),
    [
        # Friday 20 November 2026, wall time in Warsaw; the next business day is Monday.
        (Unit.BUSINESS_DAYS, date(2026, 11, 23)),
        (Unit.CALENDAR_DAYS, date(2026, 11, 21)),
        (Unit.WEEKS, date(2026, 11, 21)),
        (Unit.MONTHS, date(2026, 11, 21)),
    ],
)
def test_from_the_cut_off_on_a_case_counts_as_the_next_day_of_the_kind_that_its_limit_counts(
    packs: Packs, unit: Unit, next_day: date, arrives: time, *, late: bool
) -> None:
    arrival = datetime.combine(date(2026, 11, 20), arrives, tzinfo=WARSAW)
    found = days.day_zero(arrival, unit, packs.calendars["PL"], time(16))
    assert found == (next_day if late else date(2026, 11, 20))


def test_a_month_of_days_that_begins_after_the_cut_off_gains_one_day_and_no_weekend(
    packs: Packs,
) -> None:
    # Friday 20 November 2026, 17:30 counts as Saturday 21: + 30 = Monday 21 December.
    arrival = datetime(2026, 11, 20, 17, 30, tzinfo=WARSAW)
    limit = Limit(amount=30, unit=Unit.CALENDAR_DAYS)
    deadline = days.end(arrival, limit, packs.calendars["PL"], cut_off=time(17))
    assert deadline == datetime(2026, 12, 21, 23, tzinfo=UTC)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31)), st.sampled_from(Unit))  # noqa: DTZ001 - the zone comes below
def test_the_same_instant_in_another_zone_has_the_same_deadline(
    packs: Packs, moment: datetime, unit: Unit
) -> None:
    instant = moment.replace(tzinfo=UTC)
    limit = Limit(amount=3, unit=unit)
    calendar = packs.calendars["PL"]
    elsewhere = instant.astimezone(ZoneInfo("Asia/Tokyo"))
    deadline = days.end(instant, limit, calendar)
    assert deadline == days.end(elsewhere, limit, calendar)
    assert deadline.tzinfo is UTC
    assert deadline > instant


def test_hours_are_elapsed_time_over_a_change_of_the_clock(packs: Packs) -> None:
    # 28 March 2026, 20:00 CET is 19:00 UTC; 24 hours later it is 21:00 CEST.
    received = datetime(2026, 3, 28, 20, tzinfo=WARSAW)
    deadline = days.end(received, Limit(amount=24, unit=Unit.HOURS), packs.calendars["PL"])
    assert deadline == datetime(2026, 3, 29, 19, tzinfo=UTC)
    assert deadline.astimezone(WARSAW).hour == 21


def test_a_time_without_offset_is_refused(packs: Packs) -> None:
    naive = datetime(2026, 11, 20, 9)  # noqa: DTZ001 - the point of this test
    with pytest.raises(ValueError, match="no offset"):
        days.end(naive, Limit(amount=1, unit=Unit.WEEKS), packs.calendars["PL"])


@pytest.mark.parametrize(
    ("last", "buffer", "expected"),
    [
        # Sunday 20 December 2026: the last business day is Friday 18, the one before Thursday 17.
        (date(2026, 12, 20), 1, datetime(2026, 12, 17, 23, tzinfo=UTC)),
        # Monday 23 November: sent on Monday, decided by the end of Friday 20.
        (date(2026, 11, 23), 1, datetime(2026, 11, 20, 23, tzinfo=UTC)),
        (date(2026, 11, 23), 0, datetime(2026, 11, 23, 23, tzinfo=UTC)),
    ],
)
def test_the_dispatch_buffer_leaves_whole_business_days(
    packs: Packs, last: date, buffer: int, expected: datetime
) -> None:
    calendar = packs.calendars["PL"]
    deadline = days.end_of(last, calendar.zone)
    assert (
        days.before(deadline, Buffer(amount=buffer, unit=Unit.BUSINESS_DAYS), calendar) == expected
    )


def test_the_banks_own_days_count_before_every_holiday(packs: Packs) -> None:
    calendar = packs.calendars["PL"]
    own = Calendar(
        "PL",
        "1",
        WARSAW,
        country="PL",
        closed=frozenset({date(2026, 11, 23)}),
        opened=frozenset({date(2026, 11, 11), date(2026, 11, 21)}),
    )
    for day in (date(2026, 11, 11), date(2026, 11, 21), date(2026, 11, 23)):
        assert own.is_open(day) is not calendar.is_open(day)


def test_the_weekend_is_that_of_the_country() -> None:
    there = Calendar("IL", "1", ZoneInfo("Asia/Jerusalem"), country="IL")
    week = [date(2026, 11, 16) + timedelta(days=number) for number in range(7)]
    closed = {day.strftime("%a") for day in week if not there.is_open(day)}
    assert closed == {day.strftime("%a") for day in week if there.is_weekend(day)} == {"Fri", "Sat"}
    # From Thursday the next business day is Sunday.
    assert days.business_days_after(date(2026, 11, 19), 1, there) == date(2026, 11, 22)


def test_the_weekend_is_that_of_the_year() -> None:
    # Since 2022 the United Arab Emirates rest on Saturday and Sunday.
    there = Calendar("AE", "1", ZoneInfo("Asia/Dubai"), country="AE")
    assert not there.is_open(date(2021, 11, 19))
    assert there.is_open(date(2022, 11, 18))


def test_us_banks_work_on_the_friday_before_a_holiday_on_saturday(packs: Packs) -> None:
    # 4 July 2026 is a Saturday; 6 July 2026 is no holiday either.
    assert packs.calendars["US"].is_open(date(2026, 7, 3))


def test_a_russian_saturday_that_is_worked_counts(packs: Packs) -> None:
    # Saturday 27 April 2024 was worked for Monday 29 April.
    calendar = packs.calendars["RU"]
    assert calendar.is_open(date(2024, 4, 27))
    assert not calendar.is_open(date(2024, 4, 29))


def test_no_holiday_is_a_day_off_in_ukraine_under_martial_law(packs: Packs) -> None:
    # Monday 24 August 2026, Independence Day.
    assert packs.calendars["UA"].is_open(date(2026, 8, 24))
    assert not packs.calendars["UA"].is_open(date(2026, 8, 23))
