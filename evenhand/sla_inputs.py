"""What a forecast starts from: read from the database or a file, changed by options.

Invariant: what was neither measured nor given is assumed, and `assumed` names it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.decision.clock.calendars import Calendar
from services.decision.clock.forecast import HOURS_OF_WEEK, OpenCase, Order, Queue, Scenario
from services.decision.workload import QueueLoad, Workload
from shared.errors import EvenhandError
from shared.events.base import Instant

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_HANDLING: Final = 20.0
_CHECKING: Final = 8.0
"""Minutes of staff for checking one claim, as the default policy counts them."""
_TO_DECIDE: Final = (7.0,)
_Days = Annotated[float, Field(ge=0)]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Shift(_Part):
    """People at work from one full hour to another on some days of the week."""

    days: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri")
    since: Annotated[int, Field(ge=0, le=23)] = 9
    until: Annotated[int, Field(ge=1, le=24)] = 17
    people: Annotated[int, Field(ge=0)]


class Open(_Part):
    """A case that waits; without `due` it has no last day."""

    since: Instant | None = None
    due: Instant | None = None


_MAY_BE_ASSUMED: Final = (
    "shifts",
    "handling_minutes",
    "days_to_decide",
    "verified_share",
    "verification_minutes",
)


class QueueInputs(_Part):
    """One queue, in the units in which people speak of it."""

    name: str
    open: tuple[Open, ...] = ()
    arrivals_per_hour: Annotated[float, Field(ge=0)] = 0.0
    shifts: tuple[Shift, ...] = (Shift(people=1),)
    handling_minutes: Annotated[float, Field(gt=0)] = _HANDLING
    days_to_decide: Annotated[tuple[_Days, ...], Field(min_length=1)] = _TO_DECIDE
    """Days from arrival to the last day, of which each new case draws one."""
    verified_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    verification_minutes: Annotated[float, Field(ge=0)] = _CHECKING

    @property
    def assumed(self) -> tuple[str, ...]:
        """Return what nobody measured or gave."""
        return tuple(name for name in _MAY_BE_ASSUMED if name not in self.model_fields_set)


class Inputs(_Part):
    """All queues as of an instant; shifts are in the time of `zone`.

    `calendar` names one of the packs': on its holidays nobody is at work. None: there are none.
    """

    at: Instant
    zone: str = "UTC"
    calendar: str | None = None
    queues: Annotated[tuple[QueueInputs, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_and_zone_are_sound(self) -> "Inputs":
        names = [queue.name for queue in self.queues]
        if len(set(names)) < len(names):
            raise ValueError("queues: two of the same name")
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"zone: {self.zone!r} is no known time zone") from error
        return self


def read(path: Path) -> Inputs:
    """Read a file.

    Raises:
        EvenhandError: it cannot be read, or something in it is wrong; the text names the field.

    """
    try:
        return Inputs.model_validate_json(path.read_bytes())
    except OSError as error:
        raise EvenhandError(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"])) or "file"
        raise EvenhandError(f"{path}: {field}: {first['msg']}") from error


def measured(found: Workload, zone: str) -> Inputs:
    """Turn what the database knows into inputs.

    Raises:
        EvenhandError: nothing is open and nothing came lately, so there is nothing to forecast.

    """
    if not found.queues:
        raise EvenhandError("no case waits for people and none came lately: nothing to forecast")
    try:
        there = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise EvenhandError(f"{zone!r} is no known time zone") from error
    hours = (found.at - found.since) / _HOUR
    queues = tuple(_queue(queue, hours, there) for queue in found.queues)
    return Inputs(at=found.at, zone=zone, queues=queues)


def _queue(load: QueueLoad, hours: float, zone: ZoneInfo) -> QueueInputs:
    given: dict[str, object] = {}
    if load.handling is not None:
        given["handling_minutes"] = load.handling.total_seconds() / 60
    if load.to_decide:
        given["days_to_decide"] = tuple(max(time / _DAY, 0.0) for time in load.to_decide)
    if load.verified_share is not None:
        given["verified_share"] = load.verified_share
    if shifts := _shifts(load.people, hours / HOURS_OF_WEEK, zone):
        given["shifts"] = shifts
    return QueueInputs.model_validate(
        {
            "name": load.name,
            "open": tuple(Open(since=one.since, due=one.due) for one in load.open),
            "arrivals_per_hour": load.arrived / hours,
            **given,
        }
    )


def _shifts(people: Mapping[datetime, float], weeks: float, zone: ZoneInfo) -> tuple[Shift, ...]:
    """Return the usual week: the mean of each hour, of which less than a half is nobody."""
    usual = [0.0] * HOURS_OF_WEEK
    for hour, count in people.items():
        there = hour.astimezone(zone)
        usual[there.weekday() * 24 + there.hour] += count / max(weeks, 1.0)
    return tuple(
        Shift(days=(_DAYS[number // 24],), since=number % 24, until=number % 24 + 1, people=count)
        for number, mean in enumerate(usual)
        if (count := int(mean + 0.5))
    )


def staffed(inputs: Inputs, people: Mapping[str, int]) -> Inputs:
    """Put so many people into queues, Monday to Friday from nine to five.

    Raises:
        EvenhandError: there is no such queue.

    """
    expect_queues(inputs, people)
    return inputs.model_copy(
        update={
            "queues": tuple(
                queue.model_copy(update={"shifts": (Shift(people=people[queue.name]),)})
                if queue.name in people
                else queue
                for queue in inputs.queues
            )
        }
    )


def with_holidays(inputs: Inputs, calendar: str | None, known: Mapping[str, Calendar]) -> Inputs:
    """Let nobody work on the holidays of a calendar.

    Raises:
        EvenhandError: there is no such calendar.

    """
    wanted = calendar or inputs.calendar
    if wanted is not None and wanted not in known:
        raise EvenhandError(f"there is no calendar {wanted!r}; there are: {', '.join(known)}")
    return inputs.model_copy(update={"calendar": wanted})


def expect_queues(inputs: Inputs, names: Mapping[str, object] | Sequence[str]) -> None:
    """Let only queues be named that there are.

    Raises:
        EvenhandError: there is no such queue.

    """
    known = [queue.name for queue in inputs.queues]
    for name in names:
        if name not in known:
            raise EvenhandError(f"there is no queue {name!r}; there are: {', '.join(known)}")


def scenario(
    inputs: Inputs, calendars: Mapping[str, Calendar], *, weeks: int, seed: int, order: Order
) -> Scenario:
    """Return what is simulated."""
    closed = _closed(inputs, calendars, weeks)
    queues = tuple(_simulated(queue, inputs, closed) for queue in inputs.queues)
    return Scenario(queues, weeks, seed, order)


def _closed(inputs: Inputs, calendars: Mapping[str, Calendar], weeks: int) -> frozenset[int]:
    """Return the hours from now that lie on holidays; weekends are a matter of the shifts."""
    if inputs.calendar is None:
        return frozenset()
    calendar, zone = calendars[inputs.calendar], ZoneInfo(inputs.zone)
    days = {
        hour: (inputs.at + hour * _HOUR).astimezone(zone).date()
        for hour in range(weeks * HOURS_OF_WEEK)
    }
    off = {
        day
        for day in set(days.values())
        if not calendar.is_weekend(day) and not calendar.is_open(day)
    }
    return frozenset(hour for hour, day in days.items() if day in off)


def _simulated(queue: QueueInputs, inputs: Inputs, closed: frozenset[int]) -> Queue:
    at = inputs.at
    return Queue(
        name=queue.name,
        open_cases=tuple(
            OpenCase(
                due=float("inf") if one.due is None else (one.due - at) / _HOUR,
                waited=0.0 if one.since is None else max((at - one.since) / _HOUR, 0.0),
            )
            for one in queue.open
        ),
        arrivals_per_hour=queue.arrivals_per_hour,
        staff=_staff(queue.shifts, at.astimezone(ZoneInfo(inputs.zone))),
        handling_hours=queue.handling_minutes / 60,
        times_to_decide=tuple(days * 24 for days in queue.days_to_decide),
        verified_share=queue.verified_share,
        verification_hours=queue.verification_minutes / 60,
        closed=closed,
    )


def _staff(shifts: Sequence[Shift], begins: datetime) -> tuple[int, ...]:
    """Return the people of each hour of the week that begins now, in the zone's present offset."""
    week = [0] * HOURS_OF_WEEK
    for shift in shifts:
        for day in shift.days:
            for hour in range(shift.since, shift.until):
                week[_DAYS.index(day) * 24 + hour] += shift.people
    first = begins.weekday() * 24 + begins.hour
    return tuple(week[(first + number) % HOURS_OF_WEEK] for number in range(HOURS_OF_WEEK))
