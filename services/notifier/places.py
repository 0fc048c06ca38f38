"""What the clocks and calendars say at a customer's place. Pure.

Invariant: where a place is not known, its clock is UTC and its only days off are week-ends; a day
that is told is then too late rather than too early.
"""

from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import holidays

ZONES: Final = {
    "AT": "Europe/Vienna",
    "BE": "Europe/Brussels",
    "BG": "Europe/Sofia",
    "CY": "Asia/Nicosia",
    "CZ": "Europe/Prague",
    "DE": "Europe/Berlin",
    "DK": "Europe/Copenhagen",
    "EE": "Europe/Tallinn",
    "ES": "Europe/Madrid",
    "FI": "Europe/Helsinki",
    "FR": "Europe/Paris",
    "GB": "Europe/London",
    "GR": "Europe/Athens",
    "HR": "Europe/Zagreb",
    "HU": "Europe/Budapest",
    "IE": "Europe/Dublin",
    "IT": "Europe/Rome",
    "LT": "Europe/Vilnius",
    "LU": "Europe/Luxembourg",
    "LV": "Europe/Riga",
    "MT": "Europe/Malta",
    "NL": "Europe/Amsterdam",
    "PL": "Europe/Warsaw",
    "PT": "Europe/Lisbon",
    "RO": "Europe/Bucharest",
    "RU": "Europe/Moscow",
    "SE": "Europe/Stockholm",
    "SI": "Europe/Ljubljana",
    "SK": "Europe/Bratislava",
    "UA": "Europe/Kyiv",
    "US": "America/New_York",
}
_SATURDAY: Final = 5


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def load_zones() -> None:
    """Look the time zones up once, so that a machine without them fails at the start.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: the machine has no time zones (package tzdata).

    """
    for name in ZONES.values():
        _zone(name)


def there(instant: datetime, place: str) -> datetime:
    """Return an instant as the clocks of a place show it; UTC where we know none."""
    name = ZONES.get(place)
    return instant.astimezone(_zone(name)) if name else instant


def last_day(deadline: datetime, place: str) -> date:
    """Return the last day before a deadline; one at midnight ends the day before."""
    return there(deadline - timedelta(microseconds=1), place).date()


def last_moment(deadline: datetime, place: str) -> datetime:
    """Return the last second before a deadline at midnight; any other deadline as it is."""
    at_midnight = last_day(deadline, place) < there(deadline, place).date()
    return deadline - timedelta(seconds=1) if at_midnight else deadline


@lru_cache(maxsize=1024)
def _holidays(place: str, year: int) -> frozenset[date]:
    if place not in ZONES:
        return frozenset()
    return frozenset(holidays.country_holidays(place, years=year))


def working_day_after(instant: datetime, days: int, place: str) -> date:
    """Return the day that is so many working days after the day of an instant."""
    day = there(instant, place).date()
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < _SATURDAY and day not in _holidays(place, day.year)
    return day
