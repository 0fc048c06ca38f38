"""`evenhand case`: what became of cases, once or live until they are settled."""

import time
from itertools import islice
from typing import Annotated, Final

import typer
from rich.console import Console

from evenhand import outcome
from evenhand.case_explain import explain
from evenhand.intake import Intake
from evenhand.output import AsJson, complain, emit, example, line, table, terminal
from evenhand.service import Json
from shared.errors import Retryable
from shared.events.case import Status

app = typer.Typer(
    name="case",
    rich_markup_mode=None,
    no_args_is_help=True,
    help="What became of cases.",
    epilog=example("evenhand case list --status in_review", "evenhand case watch 019a…"),
)

_COLUMNS: Final = (
    "case",
    "customer",
    "status",
    "disposition",
    "category",
    "language",
    "received at",
)
_EVERY: Final = 0.5


@app.command(epilog=example("evenhand case show 019aa3… --json | jq .decision"))
def show(case_id: Annotated[str, typer.Argument()], *, as_json: AsJson = False) -> None:
    """Show one case: status, tags, decision with its reasons, timeline."""
    with Intake.from_settings() as intake:
        case = intake.case(case_id)
    if as_json:
        emit(case)
    else:
        _print(terminal(), case)


@app.command(
    "list", epilog=example("evenhand case list --status in_review --due-before 2026-12-01T00:00Z")
)
def list_(
    *,
    status: Annotated[Status | None, typer.Option(help="Only with this status.")] = None,
    customer: Annotated[str | None, typer.Option(help="Only of this customer.")] = None,
    due_before: Annotated[
        str | None, typer.Option(help="Only with a final answer due before this instant.")
    ] = None,
    most: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List cases, newest first."""
    wanted = {"status": status, "customer": customer, "due_before": due_before}
    filters = {name: str(value) for name, value in wanted.items() if value is not None}
    with Intake.from_settings() as intake:
        cases = islice(intake.cases(filters), most)
        if as_json:
            for case in cases:
                emit(case)
            return
        rows = [_summary(case) for case in cases]
    if rows:
        terminal().print(table(_COLUMNS, rows))
    else:
        line("No cases.")


@app.command(epilog=example("evenhand case watch 019aa3… 019aa4…"))
def watch(
    case_ids: Annotated[list[str], typer.Argument()],
    *,
    within: Annotated[
        float | None, typer.Option("--timeout", min=0, help="Give up after so many seconds.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Follow cases until each is decided or waits for a person; exits 1 on a time-out."""
    give_up = None if within is None else time.monotonic() + within
    with Intake.from_settings() as intake:
        waiting = dict.fromkeys(case_ids, "")
        while waiting:
            for case_id in list(waiting):
                case = _again(intake, case_id)
                if case is None:
                    continue
                if case["status"] != waiting[case_id]:
                    waiting[case_id] = case["status"]
                    _tell(case, as_json=as_json)
                if outcome.settled(case):
                    del waiting[case_id]
            if not waiting:
                return
            if give_up is not None and time.monotonic() > give_up:
                complain(f"not settled in {within:g} s: {', '.join(waiting)}")
                raise typer.Exit(1)
            time.sleep(_EVERY)


app.command(
    epilog=example("evenhand case explain 019aa3…", "evenhand case explain 019aa3… --replay --json")
)(explain)


def _again(intake: Intake, case_id: str) -> Json | None:
    """Read a case; a server that is away for a moment does not end the watch."""
    try:
        return intake.case(case_id)
    except Retryable as error:
        complain(str(error))
        return None


def _tell(case: Json, *, as_json: bool) -> None:
    if as_json:
        emit({"case_id": case["case_id"], "status": case["status"], **outcome.answer(case)})
    else:
        told = " · ".join(str(part) for part in outcome.answer(case).values() if part)
        line(f"{case['case_id']}  {case['status']}" + (f"  {told}" if told else ""))


def _print(screen: Console, case: Json) -> None:
    screen.print(table(("", "case"), outcome.facts_of(case)))
    screen.print(table(("at", "event", "detail"), [_row(entry) for entry in case["timeline"]]))


def _row(entry: Json) -> tuple[str, str, str]:
    known = ("at", "event")
    detail = (f"{name}={value}" for name, value in entry.items() if name not in known and value)
    return entry["at"], entry["event"], " ".join(detail)


def _summary(case: Json) -> list[str | None]:
    return [
        case["case_id"],
        case["customer"]["id"],
        case["status"],
        case["disposition"],
        case["category"],
        case["language"],
        case["received_at"],
    ]
