"""Which days a bank works: weekends and holidays of a country or market, and the bank's own days.

The pack decides, not the library: a country for which the library knows no holiday at all in a
year (Ukraine under martial law) needs a calendar that says so, with the reason.
"""

from calendar import isleap
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from importlib.metadata import version
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import holidays
from pydantic import Field

from services.decision.clock.model import Part

_SATURDAY: Final = 5
_DAY: Final = timedelta(days=1)
LIBRARY: Final = f"holidays-{version('holidays')}"


class OwnDays(Part):
    """What the bank changes in one year: days it is closed, and holidays it works on."""

    closed: tuple[date, ...] = ()
    open: tuple[date, ...] = ()


class NoHolidays(Part):
    """Since when a country has no public holidays, and by which rule."""

    since: int
    rule: str


class CalendarFile(Part):
    """A calendar as it stands in its file.

    Without country and market it knows no holidays, and rests on Saturday and Sunday.
    """

    id: Annotated[str, Field(pattern=r"^([A-Z]{2}|plain)$")]
    version: date
    source: str
    zone: str
    country: str | None = None
    subdivision: str | None = None
    market: str | None = None
    no_holidays: NoHolidays | None = None
    years: dict[int, OwnDays] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The working days of one place, and the zone in which its days begin and end."""

    id: str
    version: str
    zone: ZoneInfo
    country: str | None = None
    subdivision: str | None = None
    market: str | None = None
    closed: frozenset[date] = frozenset()
    opened: frozenset[date] = frozenset()

    def is_open(self, day: date) -> bool:
        """Say whether the bank works on this day."""
        if day in self.opened:
            return True
        if day in self.closed:
            return False
        known = public_days(self.country, self.subdivision, self.market, day.year)
        if day in known.weekend:
            return day in known.worked
        return day not in known.holidays

    def is_weekend(self, day: date) -> bool:
        """Say whether this is a day of the weekly rest, worked or not."""
        return day in public_days(self.country, self.subdivision, self.market, day.year).weekend


@dataclass(frozen=True, slots=True)
class PublicDays:
    """The days of a year that differ from others; `worked` are those of the weekend that do not."""

    holidays: frozenset[date]
    weekend: frozenset[date]
    worked: frozenset[date]


@lru_cache(maxsize=1024)
def public_days(
    country: str | None, subdivision: str | None, market: str | None, year: int
) -> PublicDays:
    """Return the public holidays and the weekends of a year.

    Raises:
        NotImplementedError: the library does not know the country, market or subdivision.

    """
    span = [date(year, 1, 1) + number * _DAY for number in range(365 + isleap(year))]
    if market is not None:
        days = holidays.financial_holidays(market, years=year)
    elif country is not None:
        days = holidays.country_holidays(country, subdiv=subdivision, years=year)
    else:
        return PublicDays(
            frozenset(), frozenset(day for day in span if day.weekday() >= _SATURDAY), frozenset()
        )
    return PublicDays(
        frozenset(day for day in days if day.year == year),
        frozenset(day for day in span if days.is_weekend(day)),
        frozenset(day for day in days.weekend_workdays if day.year == year),
    )
