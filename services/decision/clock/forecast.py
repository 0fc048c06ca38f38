"""How many cases would lapse in the coming weeks, by simulating the queues event by event.

Pure and seeded: the same scenario gives the same forecast. The cases of a seed do not depend on
staff, order or checking, so two forecasts of one seed differ by what was changed and nothing else.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from heapq import heappop, heappush
from itertools import chain
from typing import Final, assert_never

import numpy as np

from services.decision.clock.work_order import PATIENCE

HOURS_OF_WEEK: Final = 168


_PATIENCE_HOURS: Final = PATIENCE.total_seconds() / 3600


class Order(StrEnum):
    """By what the next case is taken up: arrival, deadline, or the desk's work order.

    Within a queue the work order is the deadline or the end of a case's patience, whichever comes
    first: what else it looks at (safety, vulnerability, effort) is not drawn here.
    """

    FIFO = "fifo"
    DUE = "due"
    WORK = "work"


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case that waits already. `due` is in hours from now and may be past, or infinite."""

    due: float
    waited: float = 0.0


@dataclass(frozen=True, slots=True)
class Queue:
    """The load of one queue. `staff` counts people for each hour of the week, hour 0 being now.

    `times_to_decide` are hours from arrival to deadline, of which each new case draws one. In the
    hours of `closed`, counted from now, nobody begins anything: public holidays.
    """

    name: str
    open_cases: tuple[OpenCase, ...]
    arrivals_per_hour: float
    staff: tuple[int, ...]
    handling_hours: float
    times_to_decide: tuple[float, ...]
    verified_share: float = 0.0
    verification_hours: float = 0.0
    closed: frozenset[int] = frozenset()

    def people(self, hour: int) -> int:
        """Return how many are at work in an hour, counted from now."""
        return 0 if hour in self.closed else self.staff[hour % HOURS_OF_WEEK]

    def __post_init__(self) -> None:
        """Refuse what cannot be simulated."""
        if len(self.staff) != HOURS_OF_WEEK:
            raise ValueError(f"{self.name}: staff needs one number for each of 168 hours")
        if min(self.staff) < 0 or self.arrivals_per_hour < 0:
            raise ValueError(f"{self.name}: staff and arrivals are never negative")
        times = (*self.times_to_decide, self.verification_hours)
        if self.handling_hours <= 0 or min(times) < 0 or not self.times_to_decide:
            raise ValueError(f"{self.name}: times are positive")
        if not 0 <= self.verified_share <= 1:
            raise ValueError(f"{self.name}: verified_share is a share")


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is forecast: queues, weeks, order, seed."""

    queues: tuple[Queue, ...]
    weeks: int
    seed: int
    order: Order = Order.WORK


@dataclass(frozen=True, slots=True)
class QueueForecast:
    """What comes of one queue. Lapses stand in the week in which the deadline falls."""

    name: str
    cases: int
    lapses: tuple[int, ...]
    mean_wait_hours: float
    left_open: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """What comes of all queues."""

    queues: tuple[QueueForecast, ...]

    @property
    def lapses(self) -> int:
        """Return the lapses of all queues and weeks."""
        return sum(sum(queue.lapses) for queue in self.queues)


@dataclass(frozen=True, slots=True)
class _Job:
    since: float
    """Where a case waited before now, its arrival is still what its patience counts from."""
    arrives: float
    due: float
    hours: float


def forecast(scenario: Scenario) -> Forecast:
    """Simulate a scenario."""
    horizon = float(scenario.weeks * HOURS_OF_WEEK)
    seeds = np.random.SeedSequence(scenario.seed).spawn(len(scenario.queues))
    return Forecast(
        tuple(
            _run(queue, _jobs(queue, horizon, np.random.default_rng(seed)), scenario)
            for queue, seed in zip(scenario.queues, seeds, strict=True)
        )
    )


def variants(scenario: Scenario) -> Mapping[str, Scenario]:
    """Return a scenario with one thing changed each; all of them have the same cases."""
    return {
        **{
            f"one more person: {queue.name}": extra_person(scenario, queue.name)
            for queue in scenario.queues
        },
        "half the verifications": fewer_verifications(scenario, 0.5),
        **{
            f"order: {order}": replace(scenario, order=order)
            for order in Order
            if order is not scenario.order
        },
    }


def extra_person(scenario: Scenario, name: str) -> Scenario:
    """Add a person to a queue, in every hour in which somebody works there."""
    return replace(
        scenario,
        queues=tuple(
            replace(queue, staff=tuple(people and people + 1 for people in queue.staff))
            if queue.name == name
            else queue
            for queue in scenario.queues
        ),
    )


def fewer_verifications(scenario: Scenario, share: float) -> Scenario:
    """Trust more: leave out this share of the verifications of every queue."""
    return replace(
        scenario,
        queues=tuple(
            replace(queue, verified_share=queue.verified_share * (1 - share))
            for queue in scenario.queues
        ),
    )


def _jobs(queue: Queue, horizon: float, rng: np.random.Generator) -> list[_Job]:
    """Draw the cases of a queue: what is open, then Poisson arrivals; exponential handling."""
    expected = queue.arrivals_per_hour * horizon
    count = int(rng.poisson(expected))
    arrivals = np.sort(rng.uniform(0.0, horizon, count)).tolist()
    number = count + len(queue.open_cases)
    hours = rng.exponential(queue.handling_hours, number)
    hours += np.where(rng.random(number) < queue.verified_share, queue.verification_hours, 0.0)
    allowed = rng.choice(queue.times_to_decide, count).tolist()
    starts = chain(
        ((-case.waited, case.due) for case in queue.open_cases),
        ((arrives, arrives + time) for arrives, time in zip(arrivals, allowed, strict=True)),
    )
    return [
        _Job(since, max(0.0, since), due, needed)
        for (since, due), needed in zip(starts, hours.tolist(), strict=True)
    ]


def _run(queue: Queue, jobs: list[_Job], scenario: Scenario) -> QueueForecast:
    """Let people take up cases in order; work once begun is finished, also after hours."""
    horizon = float(scenario.weeks * HOURS_OF_WEEK)
    waiting: list[tuple[float, int]] = []
    finished: list[float] = []
    lapses: Counter[int] = Counter()
    waits = 0.0
    begun = 0
    following = 0
    for moment in _moments(queue, jobs, finished, horizon):
        while finished and finished[0] <= moment:
            heappop(finished)
        while following < len(jobs) and jobs[following].arrives <= moment:
            heappush(waiting, (_rank(jobs[following], scenario.order), following))
            following += 1
        people = queue.people(int(moment))
        while waiting and len(finished) < people:
            job = jobs[heappop(waiting)[1]]
            heappush(finished, moment + job.hours)
            waits += moment - job.arrives
            begun += 1
            _count(lapses, job, moment + job.hours, horizon)
    for _, number in waiting:
        _count(lapses, jobs[number], horizon, horizon)
    weeks = tuple(lapses[week] for week in range(scenario.weeks))
    return QueueForecast(
        queue.name, len(jobs), weeks, waits / begun if begun else 0.0, len(waiting)
    )


def _rank(job: _Job, order: Order) -> float:
    match order:
        case Order.FIFO:
            return job.since
        case Order.DUE:
            return job.due
        case Order.WORK:
            return min(job.due, job.since + _PATIENCE_HOURS)
        case _:
            assert_never(order)


def _count(lapses: Counter[int], job: _Job, ends: float, horizon: float) -> None:
    """Count a case whose deadline is still ahead, in the horizon, and passes before work ends."""
    if 0 < job.due < horizon and job.due <= ends:
        lapses[int(job.due // HOURS_OF_WEEK)] += 1


def _moments(
    queue: Queue, jobs: list[_Job], finished: list[float], horizon: float
) -> Iterator[float]:
    """Yield every moment at which something may begin: arrivals, ends of work, changes of staff."""
    shifts = iter(
        float(hour) for hour in range(int(horizon)) if queue.people(hour) != queue.people(hour - 1)
    )
    arrivals = iter([job.arrives for job in jobs])
    arrival, shift = next(arrivals, horizon), next(shifts, horizon)
    while True:
        ends = finished[0] if finished else horizon
        moment = min(arrival, shift, ends)
        if moment >= horizon:
            return
        yield moment
        while arrival <= moment:
            arrival = next(arrivals, horizon)
        while shift <= moment:
            shift = next(shifts, horizon)
