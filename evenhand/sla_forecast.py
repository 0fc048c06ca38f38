"""`evenhand sla forecast`: how many cases would lapse in the coming weeks, and what would help.

Each figure is the mean of some simulated courses of events, given with where nine in ten of them
lie; a change is simulated on the same cases, so that a difference is the change's own.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from statistics import mean
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from evenhand import settings, sla_chart, sla_inputs
from evenhand.database import connected
from evenhand.output import AsJson, emit, line, table, terminal
from evenhand.sla_inputs import Inputs
from evenhand.sla_packs import Folder
from services.decision import workload
from services.decision.clock import load
from services.decision.clock.forecast import (
    Forecast,
    Order,
    Scenario,
    extra_person,
    fewer_verifications,
    variants,
)
from services.decision.clock.forecast import forecast as simulated
from services.decision.workload import Workload
from shared.errors import EvenhandError

_LOW: Final = 0.05
_HIGH: Final = 0.95


@dataclass(frozen=True, slots=True)
class Outlook:
    """What comes of a scenario: means over its runs, and the bounds of nine runs in ten."""

    runs: tuple[Forecast, ...]

    @property
    def lapses(self) -> float:
        return round(mean(run.lapses for run in self.runs), 1)

    @property
    def bounds(self) -> tuple[int, int]:
        ordered = sorted(run.lapses for run in self.runs)
        last = len(ordered) - 1
        return ordered[round(last * _LOW)], ordered[round(last * _HIGH)]

    def by_week(self, queue: int) -> list[float]:
        """Return the mean lapses of a queue, week by week."""
        weeks = zip(*(run.queues[queue].lapses for run in self.runs), strict=True)
        return [round(mean(week), 1) for week in weeks]

    def wait_hours(self, queue: int) -> float:
        return round(mean(run.queues[queue].mean_wait_hours for run in self.runs), 1)

    def left_open(self, queue: int) -> float:
        return round(mean(run.queues[queue].left_open for run in self.runs), 1)


def forecast(  # noqa: PLR0913 - what is known, what is asked, what is shown
    *,
    source: Annotated[
        Path | None, typer.Option("--from", help="Inputs as JSON; none: from the database.")
    ] = None,
    staff: Annotated[
        list[str] | None,
        typer.Option(help="QUEUE=PEOPLE, Monday to Friday from 9 to 17; may be given again."),
    ] = None,
    weeks: Annotated[int, typer.Option(min=1, max=52, help="How far to look ahead.")] = 4,
    order: Annotated[Order, typer.Option(help="How cases are taken up.")] = Order.WORK,
    extra: Annotated[
        list[str] | None,
        typer.Option("--extra-person", help="What if this queue had one person more?"),
    ] = None,
    fewer: Annotated[
        float | None,
        typer.Option(
            "--fewer-verifications", min=0, max=1, help="What if this share were not checked?"
        ),
    ] = None,
    back: Annotated[int, typer.Option(min=1, help="Days over which rates are measured.")] = 28,
    zone: Annotated[str, typer.Option(help="Time zone of the working hours.")] = "UTC",
    calendar: Annotated[
        str | None, typer.Option(help="Whose holidays nobody works on, such as PL; none: nobody's.")
    ] = None,
    folder: Folder = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed, the same forecast.")] = 1,
    runs: Annotated[int, typer.Option(min=1, help="Simulated courses of events.")] = 20,
    chart: Annotated[Path | None, typer.Option(help="Write the chart to this .svg file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Simulate the coming weeks: how many cases would lapse, when, in which queue, what would help.

    Open cases, arrivals, handling times and people at work come from the database; what it does not
    show is assumed and said. Without a what-if of your own, the usual ones are shown. That a limit
    in business days stands still over a weekend is not simulated.
    """
    if chart is not None and chart.suffix != ".svg":
        raise typer.BadParameter("--chart: the chart is written as SVG; name a file that ends so")
    people = _people(staff or ())
    inputs = sla_inputs.read(source) if source else _measured(back, zone)
    calendars = load.load(folder or load.SHIPPED).calendars
    inputs = sla_inputs.with_holidays(sla_inputs.staffed(inputs, people), calendar, calendars)
    sla_inputs.expect_queues(inputs, extra or ())
    base = sla_inputs.scenario(inputs, calendars, weeks=weeks, seed=seed, order=order)
    asked = _asked(base, extra or (), fewer)
    here = _outlook(base, runs)
    others = {name: _outlook(changed, runs) for name, changed in asked.items()}
    if chart is not None:
        _write(chart, _drawn(inputs, here, others, weeks))
    if as_json:
        emit({"order": order, "seed": seed, **_json(inputs, here, others, weeks)})
    else:
        _print(terminal(), inputs, here, others, weeks)


def _people(given: Sequence[str]) -> Mapping[str, int]:
    people: dict[str, int] = {}
    for one in given:
        queue, _, count = one.partition("=")
        if not queue or not count.isascii() or not count.isdigit():
            raise typer.BadParameter(f"--staff {one}: write QUEUE=PEOPLE, for example review=3")
        people[queue] = int(count)
    return people


def _measured(back: int, zone: str) -> Inputs:
    return sla_inputs.measured(asyncio.run(_workload(timedelta(days=back))), zone)


async def _workload(back: timedelta) -> Workload:
    async with connected(settings.admin_database_url()) as connection:
        await connection.execute("SET search_path TO decision")
        return await workload.workload(connection, back)


def _asked(base: Scenario, extra: Sequence[str], fewer: float | None) -> Mapping[str, Scenario]:
    asked = {f"one more person: {name}": extra_person(base, name) for name in extra}
    if fewer is not None:
        asked[f"{fewer:.0%} fewer verifications"] = fewer_verifications(base, fewer)
    return asked or variants(base)


def _outlook(scenario: Scenario, runs: int) -> Outlook:
    seeds = range(scenario.seed, scenario.seed + runs)
    return Outlook(tuple(simulated(replace(scenario, seed=seed)) for seed in seeds))


def _mondays(inputs: Inputs, weeks: int) -> list[str]:
    """Return the days on which the weeks begin, which are counted from now."""
    today = inputs.at.astimezone(ZoneInfo(inputs.zone)).date()
    return [(today + timedelta(weeks=week)).isoformat() for week in range(weeks)]


def _json(
    inputs: Inputs, here: Outlook, others: Mapping[str, Outlook], weeks: int
) -> dict[str, Any]:
    begins = _mondays(inputs, weeks)
    return {
        "runs": len(here.runs),
        **_total(here),
        "queues": [
            {
                "name": queue.name,
                "weeks": [
                    {"from": first, "lapses": lapses}
                    for first, lapses in zip(begins, here.by_week(number), strict=True)
                ],
                "mean_wait_hours": here.wait_hours(number),
                "left_open": here.left_open(number),
                "assumed": queue.assumed,
            }
            for number, queue in enumerate(inputs.queues)
        ],
        "what_if": [
            {"name": name, **_total(other), "difference": round(other.lapses - here.lapses, 1)}
            for name, other in others.items()
        ],
        "inputs": inputs.model_dump(mode="json", exclude_unset=True),
    }


def _total(outlook: Outlook) -> dict[str, Any]:
    low, high = outlook.bounds
    return {"lapses": outlook.lapses, "low": low, "high": high}


def _print(
    screen: Console, inputs: Inputs, here: Outlook, others: Mapping[str, Outlook], weeks: int
) -> None:
    names = ("queue", "open", "new a day", "people", "minutes a case", "days to decide", "assumed")
    rows = [
        (
            queue.name,
            len(queue.open),
            f"{queue.arrivals_per_hour * 24:.1f}",
            max(shift.people for shift in queue.shifts) if queue.shifts else 0,
            f"{queue.handling_minutes:.0f}",
            " to ".join(f"{days:.1f}" for days in _ends(queue.days_to_decide)),
            ", ".join(queue.assumed),
        )
        for queue in inputs.queues
    ]
    screen.print(table(names, rows, f"As of {inputs.at:%Y-%m-%d %H:%M %Z}"))
    columns = ("lapses in the week from", *_mondays(inputs, weeks), "left open", "wait, hours")
    lapses = [
        (
            queue.name,
            *(f"{week:g}" for week in here.by_week(number)),
            f"{here.left_open(number):g}",
            f"{here.wait_hours(number):g}",
        )
        for number, queue in enumerate(inputs.queues)
    ]
    screen.print(table(columns, lapses))
    changes = [
        (name, f"{one.lapses:g}", "{} to {}".format(*one.bounds), f"{one.lapses - here.lapses:+g}")
        for name, one in {"as it is": here, **others}.items()
    ]
    screen.print(table(("what if", "lapses", "nine runs in ten", "difference"), changes))
    if here.lapses:
        line("Each of these deadlines would pass unanswered; nothing is decided by it.")


def _ends(values: Sequence[float]) -> list[float]:
    """Return the least and the most, once where they are the same."""
    return sorted({min(values), max(values)})


def _drawn(inputs: Inputs, here: Outlook, others: Mapping[str, Outlook], weeks: int) -> str:
    queues = [(queue.name, here.by_week(number)) for number, queue in enumerate(inputs.queues)]
    changes = [("as it is", here.lapses), *((name, one.lapses) for name, one in others.items())]
    title = f"Deadlines that would pass unanswered, from {inputs.at:%Y-%m-%d}"
    return sla_chart.draw(title, _mondays(inputs, weeks), queues, changes)


def _write(path: Path, chart: str) -> None:
    try:
        path.write_text(chart, encoding="utf-8")
    except OSError as error:
        raise EvenhandError(f"{path}: {error.strerror}") from error
