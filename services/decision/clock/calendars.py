"""Which days a bank works: public holidays of a country or market, and the bank's own days.

The pack decides, not the library: a country for which the library knows no holiday at all in a
year (Ukraine under martial law) needs a calendar that says so, with the reason.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.metadata import version
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import holidays
from pydantic import Field

from services.decision.clock.model import Part

_SATURDAY: Final = 5
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
    """A calendar as it stands in its file. Without country and market it knows weekends only."""

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
        off, worked = public_days(self.country, self.subdivision, self.market, day.year)
        if day.weekday() >= _SATURDAY:
            return day in worked
        return day not in off


@lru_cache(maxsize=1024)
def public_days(
    country: str | None, subdivision: str | None, market: str | None, year: int
) -> tuple[frozenset[date], frozenset[date]]:
    """Return the public holidays of a year, and the weekend days that are worked instead.

    Raises:
        NotImplementedError: the library does not know the country, market or subdivision.

    """
    if market is not None:
        days = holidays.financial_holidays(market, years=year)
    elif country is not None:
        days = holidays.country_holidays(country, subdiv=subdivision, years=year)
    else:
        return frozenset(), frozenset()
    worked = frozenset(day for day in days.weekend_workdays if day.year == year)
    return frozenset(day for day in days if day.year == year), worked
