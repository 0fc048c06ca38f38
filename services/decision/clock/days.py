"""Deadline arithmetic: aware instants in, dates of the bank's zone within, aware UTC instants out.

Day 0 is the day of receipt; a limit of one day ends with the next day. The end of a day is the
first instant of the day after it, found in the zone, so a day of 23 or 25 hours is whole.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, assert_never
from zoneinfo import ZoneInfo

from services.decision.clock.calendars import Calendar
from services.decision.clock.model import Buffer, Limit, Unit

_DAY: Final = timedelta(days=1)
_MONTHS: Final = 12
_REMEMBERED: Final = 4096
"""Answers that are kept: they follow from values, a calendar among them, and never change."""


def local(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return an instant as the clock on the bank's wall shows it.

    Raises:
        ValueError: the instant has no offset.

    """
    if instant.utcoffset() is None:
        raise ValueError(f"{instant.isoformat()} has no offset: it is no instant")
    return instant.astimezone(zone)


def day_zero(
    received_at: datetime, unit: Unit, calendar: Calendar, cut_off: time | None = None
) -> date:
    """Return the day of receipt; at the cut-off or after it, the next day that the unit counts."""
    arrival = local(received_at, calendar.zone)
    if cut_off is None or arrival.time() < cut_off:
        return arrival.date()
    if unit is Unit.BUSINESS_DAYS:
        return business_days_after(arrival.date(), 1, calendar)
    return arrival.date() + _DAY


def last_day(zero: date, limit: Limit, calendar: Calendar) -> date:
    """Return the last day of a limit that counts days.

    Raises:
        ValueError: the limit counts hours.

    """
    match limit.unit:
        case Unit.CALENDAR_DAYS:
            return zero + limit.amount * _DAY
        case Unit.BUSINESS_DAYS:
            return business_days_after(zero, limit.amount, calendar)
        case Unit.WEEKS:
            return zero + timedelta(weeks=limit.amount)
        case Unit.MONTHS:
            return months_after(zero, limit.amount)
        case Unit.HOURS:
            raise ValueError("hours end at an instant, not with a day")
        case _:
            assert_never(limit.unit)


def business_days_after(day: date, count: int, calendar: Calendar) -> date:
    """Return the `count`-th business day after `day`, which itself never counts."""
    while count:
        day += _DAY
        count -= calendar.is_open(day)
    return day


def business_days_before(day: date, count: int, calendar: Calendar) -> date:
    """Return the business day `count` before the last one that is not later than `day`."""
    while not calendar.is_open(day):
        day -= _DAY
    while count:
        day -= _DAY
        count -= calendar.is_open(day)
    return day


def business_days_between(first: date, last: date, calendar: Calendar) -> int:
    """Count the business days after `first` up to and with `last`."""
    return sum(
        calendar.is_open(first + (number + 1) * _DAY) for number in range((last - first).days)
    )


def months_after(day: date, count: int) -> date:
    """Return the same day of a later month, or that month's last day where it has no such day."""
    years, month = divmod(day.month - 1 + count, _MONTHS)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def end_of(day: date, zone: ZoneInfo, closes: time | None = None) -> datetime:
    """Return the instant at which a day is over: its closing time, or the following midnight."""
    if closes is not None:
        return datetime.combine(day, closes, tzinfo=zone).astimezone(UTC)
    return datetime.combine(day + _DAY, time.min, tzinfo=zone).astimezone(UTC)


def end(
    received_at: datetime,
    limit: Limit,
    calendar: Calendar,
    *,
    cut_off: time | None = None,
    closes: time | None = None,
) -> datetime:
    """Return the instant at which a limit ends.

    Raises:
        ValueError: the receipt has no offset.

    """
    if limit.unit is Unit.HOURS:
        return local(received_at, calendar.zone).astimezone(UTC) + timedelta(hours=limit.amount)
    zero = day_zero(received_at, limit.unit, calendar, cut_off)
    return _end_after(zero, limit, calendar, closes)


@lru_cache(_REMEMBERED)
def _end_after(zero: date, limit: Limit, calendar: Calendar, closes: time | None) -> datetime:
    """Return the end of a limit that counts days: the same for all cases of a day."""
    return end_of(last_day(zero, limit, calendar), calendar.zone, closes)


@lru_cache(_REMEMBERED)
def day_of(deadline: datetime, calendar: Calendar) -> date:
    """Return the day that a deadline ends: a deadline at midnight belongs to the day before."""
    return local(deadline - timedelta(microseconds=1), calendar.zone).date()


@lru_cache(_REMEMBERED)
def before(deadline: datetime, buffer: Buffer, calendar: Calendar) -> datetime:
    """Return by when to decide, so that the rest of the time suffices for sending."""
    if buffer.unit is Unit.HOURS:
        return deadline - timedelta(hours=buffer.amount)
    if not buffer.amount:
        return deadline
    day = business_days_before(day_of(deadline, calendar), buffer.amount, calendar)
    return min(deadline, end_of(day, calendar.zone))
