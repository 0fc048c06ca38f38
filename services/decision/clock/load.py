"""Reading of the packs: a mistake stops the service at its start, with file, field and reason."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, ValidationError

from services.decision.clock.calendars import LIBRARY, Calendar, CalendarFile, public_days
from services.decision.clock.days import end
from services.decision.clock.ladder import Action, Ladder
from services.decision.clock.model import Extension, Limit, Matter, Pack, Part, Pause, Role
from shared.errors import EvenhandError
from shared.yaml_file import parsed

SHIPPED: Final = Path(__file__).resolve().parent / "packs"
OF_THE_CUSTOMER: Final = "jurisdiction"
PLAIN: Final = "plain"
_ANYWHERE: Final = "any"
_SAMPLE: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
ModelT = TypeVar("ModelT", bound=BaseModel)


class PackError(EvenhandError):
    """A pack, ladder or calendar cannot be used."""

    def __init__(self, file: str, field: str, reason: str) -> None:
        super().__init__(f"{file}: {field}: {reason}")
        self.file, self.field, self.reason = file, field, reason


class Ladders(Part):
    """The ladders by their name."""

    ladders: dict[str, Ladder]


class Eea(Part):
    """The member states for which the EU packs hold, with the zone of their days."""

    version: date
    source: str
    zones: dict[str, str]


@dataclass(frozen=True, slots=True)
class Packs:
    """Everything that a plan depends on, apart from the case."""

    packs: tuple[Pack, ...]
    ladders: dict[str, Ladder]
    calendars: dict[str, Calendar]
    eea: frozenset[str]
    stamps: dict[str, str]
    """Pack id → version and content hash, which stand on every clock."""

    def calendar(self, pack: Pack, jurisdiction: str | None) -> Calendar:
        """Return the calendar of a pack; a country that is not known has weekends only, in UTC."""
        if pack.calendar != OF_THE_CUSTOMER:
            return self.calendars[pack.calendar]
        return self.calendars.get(jurisdiction or PLAIN, self.calendars[PLAIN])


def load(folder: Path = SHIPPED) -> Packs:
    """Read packs, ladders and calendars of a folder.

    Raises:
        PackError: something in it is missing or wrong.

    """
    ladders = _read(folder / "ladders.yaml", Ladders).ladders
    eea = _read(folder / "eea.yaml", Eea)
    states = {
        state: Calendar(state, f"{eea.version}+{LIBRARY}", _zone("eea.yaml", zone), country=state)
        for state, zone in eea.zones.items()
    }
    calendars = {**states, **_calendars(folder / "calendars")}
    packs: list[Pack] = []
    stamps: dict[str, str] = {}
    for path in sorted(folder.glob("*.yaml")):
        if path.name in {"ladders.yaml", "eea.yaml"}:
            continue
        pack = _read(path, Pack)
        _check(path.name, pack, packs, ladders, calendars)
        packs.append(pack)
        climbed = [pack.ladder, *([pack.told.last_ladder] if pack.told else [])]
        rungs = "".join(ladders[name].model_dump_json() for name in climbed)
        content = hashlib.sha256((pack.model_dump_json() + rungs).encode())
        stamps[pack.id] = f"{pack.version}+{content.hexdigest()[:12]}"
    if (Role.ANSWER, _ANYWHERE, Matter.ANY) not in {(p.role, p.place, p.matter) for p in packs}:
        raise PackError("packs", "role", "none is for every answer: place any, matter any")
    return Packs(tuple(packs), ladders, calendars, frozenset(eea.zones), stamps)


def _read(path: Path, model: type[ModelT]) -> ModelT:
    try:
        return model.model_validate(parsed(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError) as error:
        raise PackError(path.name, "file", str(error)) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"])) or "file"
        raise PackError(path.name, field, first["msg"]) from error


def _zone(file: str, name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise PackError(file, "zone", f"{name!r} is no known time zone") from error


def _calendars(folder: Path) -> dict[str, Calendar]:
    found: dict[str, Calendar] = {}
    for path in sorted(folder.glob("*.yaml")):
        calendar = _calendar(path)
        if calendar.id in found:
            reason = f"there are two calendars {calendar.id!r}"
            raise PackError(f"calendars/{path.name}", "id", reason)
        found[calendar.id] = calendar
    if PLAIN not in found:
        raise PackError("calendars", PLAIN, "there must be a calendar of this name")
    return found


def _calendar(path: Path) -> Calendar:
    raw = _read(path, CalendarFile)
    file = f"calendars/{path.name}"
    for year, own in raw.years.items():
        for name, days in (("closed", own.closed), ("open", own.open)):
            for day in days:
                if day.year != year:
                    raise PackError(file, f"years.{year}.{name}", f"{day} lies in another year")
        for day in set(own.closed) & set(own.open):
            raise PackError(file, f"years.{year}", f"{day} is both closed and open")
    zone = _zone(file, raw.zone)
    _check_the_library(file, raw)
    return Calendar(
        raw.id,
        f"{raw.version}+{LIBRARY}",
        zone,
        raw.country,
        raw.subdivision,
        raw.market,
        frozenset(day for own in raw.years.values() for day in own.closed),
        frozenset(day for own in raw.years.values() for day in own.open),
    )


def _check_the_library(file: str, raw: CalendarFile) -> None:
    """Compare what the library knows with what the file expects, this year and the next."""
    if raw.country is None and raw.market is None:
        return
    for year in (raw.version.year, raw.version.year + 1):
        try:
            off = public_days(raw.country, raw.subdivision, raw.market, year).holidays
        except NotImplementedError as error:
            raise PackError(file, "country", str(error)) from error
        expects_none = raw.no_holidays is not None and raw.no_holidays.since <= year
        if not off and not expects_none:
            raise PackError(
                file, "no_holidays", f"the library knows no holiday in {year}; say why that is so"
            )
        if off and expects_none:
            raise PackError(
                file, "no_holidays", f"the library knows holidays in {year} again: look anew"
            )


def _check(
    file: str,
    pack: Pack,
    others: list[Pack],
    ladders: dict[str, Ladder],
    calendars: dict[str, Calendar],
) -> None:
    if pack.ladder not in ladders:
        raise PackError(file, "ladder", f"there is no ladder {pack.ladder!r}")
    if pack.calendar not in calendars and pack.calendar != OF_THE_CUSTOMER:
        raise PackError(file, "calendar", f"there is no calendar {pack.calendar!r}")
    for other in others:
        if other.id == pack.id:
            raise PackError(file, "id", f"there are two packs {pack.id!r}")
        if (other.role, other.place, other.matter) == (pack.role, pack.place, pack.matter):
            raise PackError(file, "matter", f"{other.id!r} claims the same role, place and matter")
    if pack.told is not None:
        _check_the_last(file, pack.told.last_ladder, ladders)
    actions = {rung.action for rung in ladders[pack.ladder].rungs}
    if Action.HOLDING_LETTER in actions and not pack.holding_letter:
        raise PackError(
            file, "holding_letter", f"missing, but the ladder {pack.ladder!r} sends one"
        )
    calendar = calendars.get(pack.calendar, calendars[PLAIN])
    terms: tuple[tuple[str, Extension | Pause | None], ...] = (
        ("extension.until", pack.extension),
        ("pause.until", pack.pause),
    )
    for field, term in terms:
        if term is not None and not _is_later(term.until, pack.limit, calendar):
            raise PackError(file, field, "does not end later than the limit itself")


def _check_the_last(file: str, name: str, ladders: dict[str, Ladder]) -> None:
    """Refuse a ladder of the last date that tells another: the chain of dates has an end."""
    if name not in ladders:
        raise PackError(file, "told.last_ladder", f"there is no ladder {name!r}")
    if {rung.action for rung in ladders[name].rungs} & {Action.WARN, Action.HOLDING_LETTER}:
        raise PackError(file, "told.last_ladder", f"the ladder {name!r} tells another date")


def _is_later(until: Limit, limit: Limit | None, calendar: Calendar) -> bool:
    return limit is None or end(_SAMPLE, until, calendar) > end(_SAMPLE, limit, calendar)
