"""`evenhand policy simulate` and `policy shadow`: whom a changed policy would treat differently."""

import asyncio
import sys
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from evenhand import samples, settings
from evenhand.database import connected
from evenhand.output import AsJson, emit, line, table, terminal
from services.decision import rereading
from services.decision.policy import loading
from services.decision.policy.model import Policy
from services.decision.rereading import Beside, Candidate
from services.decision.simulating import (
    Change,
    Costs,
    Counted,
    Past,
    Report,
    Sample,
    simulate,
    why,
)
from services.decision.treatment import Treatment
from shared import clock

_CENT: Final = Decimal("0.01")
_MOVERS: Final = 20
_MOVED: Final = ("customer", "case", "from", "to", "EUR", "for the customer", "why")


def simulate_(  # noqa: PLR0913 - what is compared, and on which cases
    *,
    candidate: Annotated[Path, typer.Option(help="Folder of the changed policy.")],
    against: Annotated[
        Path | None, typer.Option(help="Folder of the policy it is held against; none: shipped.")
    ] = None,
    cases: Annotated[
        list[Path] | None, typer.Option(help="JSON lines of cases; may be given again.")
    ] = None,
    stored: Annotated[
        bool, typer.Option("--stored", help="The newest cases of the database.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many stored cases.")] = 10_000,
    movers: Annotated[int, typer.Option(min=0, help="List so many whom it moves most.")] = _MOVERS,
    as_json: AsJson = False,
) -> None:
    """Backtest a changed policy: who would be treated differently, what it costs, by kind.

    Goodwill runs forward under each policy by itself: what it gives today counts tomorrow. Reads
    cases as intake takes them, classified ones, or those of the database; changes nothing.
    """
    if bool(cases) == stored:
        raise typer.BadParameter("give --cases FILE or --stored, and only one of them")
    new = loading.load(candidate)
    old = loading.load(against)
    if stored:
        found, past = asyncio.run(_stored(limit))
    else:
        found, past = samples.read(cases or (), clock.now()), Past()
    report = _run(found, old, new, past, silent=as_json)
    if as_json:
        emit(report_json(report, old, new, movers))
    else:
        _print(terminal(), report, old, new, movers)


def shadow(
    *,
    candidate: Annotated[
        str | None, typer.Option(help="Hash of a candidate, or its beginning; none: the last one.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many cases.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List what a candidate policy that runs beside the active one would have changed.

    The decision service runs one when EVENHAND_SHADOW_POLICY_DIR names its folder; it only records.
    """
    candidates, found = asyncio.run(_beside(candidate, limit))
    if as_json:
        for one in candidates:
            emit({"candidate": one.hash, "cases": one.cases, "differs": one.differs})
        for case in found:
            emit(_beside_json(case))
        return
    if not candidates:
        line("No candidate has run beside the active policy.")
        return
    columns = ("candidate", "cases", "would change", "first", "last")
    rows = [(one.hash, one.cases, one.differs, one.first_at, one.last_at) for one in candidates]
    terminal().print(table(columns, rows))
    shown = [_beside_json(case) for case in found]
    names = ("case", "customer", "from", "to", "at")
    fields = ("case_id", "customer_id", "from", "to", "at")
    if shown:
        terminal().print(table(names, [[row[field] for field in fields] for row in shown]))


async def _stored(limit: int) -> tuple[list[Sample], Past]:
    async with connected(settings.admin_database_url()) as connection:
        await connection.execute("SET search_path TO decision")
        return await rereading.stored(connection, limit)


async def _beside(name: str | None, limit: int) -> tuple[list[Candidate], list[Beside]]:
    async with connected(settings.admin_database_url()) as connection:
        await connection.execute("SET search_path TO decision")
        known = list(await rereading.candidates(connection))
        chosen = [one for one in known if name is None or name in (one.hash, one.hash[: len(name)])]
        if not chosen:
            return known, []
        return known, list(await rereading.beside(connection, chosen[0].hash, limit))


def _run(found: list[Sample], old: Policy, new: Policy, past: Past, *, silent: bool) -> Report:
    live = sys.stderr.isatty() and not silent
    bars = Progress(
        TextColumn("decided twice"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not live,
    )
    with bars:
        task = bars.add_task("", total=len(found))
        return simulate(found, old, new, past, step=lambda: bars.advance(task))


def report_json(report: Report, old: Policy, new: Policy, movers: int) -> dict[str, Any]:
    """Return a report as one JSON document."""
    better = sum(change.direction == "better" for change in report.changes)
    worse = sum(change.direction == "worse" for change in report.changes)
    return {
        "against": {"version": old.version, "hash": old.hash},
        "candidate": {"version": new.version, "hash": new.hash},
        "cases": report.cases,
        "changed": len(report.changes),
        "better": better,
        "worse": worse,
        "before": _costs_json(report.before),
        "after": _costs_json(report.after),
        "by_language": {name: _counted_json(one) for name, one in report.languages.items()},
        "by_flag": {name: _counted_json(one) for name, one in report.flags.items()},
        "by_change": [
            {"from": was, "to": now, "cases": number} for (was, now), number in _ordered(report)
        ],
        "movers": [_change_json(change) for change in report.movers(movers)],
    }


def _costs_json(costs: Costs) -> dict[str, Any]:
    return {
        "decided": costs.decided,
        "entitlement_eur": _euros(costs.entitlement),
        "goodwill_eur": _euros(costs.goodwill),
        "waiting_eur": _euros(costs.waiting),
        "without_a_rate": costs.unpriced,
    }


def _counted_json(counted: Counted) -> dict[str, int]:
    return {
        "cases": counted.cases,
        "changed": counted.changed,
        "better": counted.better,
        "worse": counted.worse,
    }


def _change_json(change: Change) -> dict[str, Any]:
    return {
        "customer_id": change.case.customer_id,
        "case_id": str(change.case.case_id),
        "language": change.case.language,
        "from": _treatment_json(change.before),
        "to": _treatment_json(change.after),
        "eur": _euros(change.euros),
        "direction": change.direction,
        "why": why(change),
    }


def _treatment_json(one: Treatment) -> dict[str, Any]:
    decision = one.decision
    return {
        "way": one.way,
        "disposition": decision and decision.disposition,
        "basis": decision and decision.basis,
        "queue": one.queue,
        "reason": one.reason,
        "remedies": [r.model_dump(mode="json") for r in decision.remedies] if decision else [],
        "rule": decision and decision.rule,
        "row": decision and decision.row,
        "entitlement_eur": _euros(one.entitlement),
        "goodwill_eur": _euros(one.goodwill),
    }


def _beside_json(case: Beside) -> dict[str, Any]:
    return {
        "case_id": str(case.case_id),
        "customer_id": case.customer_id,
        "from": _named(case.active),
        "to": _named(case.candidate),
        "at": case.at.isoformat(),
    }


def _named(body: Mapping[str, Any]) -> str:
    """Name what a body of the log says: the way, the disposition, where it waits and why."""
    said = body["said"]
    answer = said.get("answer") or said.get("proposal")
    disposition = answer and answer["decision"]["disposition"]
    if body["outcome"] == "decided":
        return str(disposition)
    parts = (said.get("queue"), said.get("reason"), disposition and f"proposed {disposition}")
    return f"{body['outcome']} ({', '.join(part for part in parts if part)})"


def _print(screen: Console, report: Report, old: Policy, new: Policy, movers: int) -> None:
    changed, cases = len(report.changes), report.cases
    share = f" ({changed / cases:.1%})" if cases else ""
    screen.print(f"{old.version} → {new.version}: {changed} of {cases} cases differ{share}")
    screen.print(
        table(
            ("", "decided", "entitlement EUR", "goodwill EUR", "waiting EUR", "no rate"),
            [_costs_row("before", report.before), _costs_row("after", report.after)],
        )
    )
    for title, kinds in (("language", report.languages), ("flag", report.flags)):
        if kinds:
            columns = (title, "cases", "changed", "better", "worse")
            screen.print(table(columns, list(_counted_rows(kinds))))
    if report.moves:
        rows = [(was, now, number) for (was, now), number in _ordered(report)]
        screen.print(table(("from", "to", "cases"), rows))
    if report.changes and movers:
        screen.print(table(_MOVED, [_moved(change) for change in report.movers(movers)]))


def _costs_row(name: str, costs: Costs) -> tuple[object, ...]:
    sums = (costs.entitlement, costs.goodwill, costs.waiting)
    return (name, str(costs.decided), *(_euros(one) for one in sums), str(costs.unpriced))


def _counted_rows(kinds: Mapping[str, Counted]) -> Iterator[tuple[object, ...]]:
    for name, one in kinds.items():
        yield name, one.cases, str(one.changed), str(one.better), str(one.worse)


def _moved(change: Change) -> tuple[object, ...]:
    return (
        change.case.customer_id,
        change.case.case_id,
        change.before.label,
        change.after.label,
        _euros(change.euros),
        change.direction,
        why(change),
    )


def _ordered(report: Report) -> list[tuple[tuple[str, str], int]]:
    return sorted(report.moves.items(), key=lambda each: (-each[1], each[0]))


def _euros(amount: Decimal) -> str:
    return str(amount.quantize(_CENT, ROUND_HALF_UP))
