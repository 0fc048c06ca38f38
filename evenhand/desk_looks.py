"""`evenhand desk tags|ledger|samples|review`: what is looked at again, and corrected."""

from typing import Annotated, Final

import typer

from evenhand.desk_acts import Case, Version, case_path
from evenhand.output import AsJson, emit, example, line, table, terminal
from evenhand.service import Json, open_desk
from shared.events.fault import Fault
from shared.events.tags import Flag, Pressure, Tone

_LEDGER: Final = ("grant", "case", "customer", "EUR", "state", "granted at", "evidence")
_SAMPLES: Final = ("sample", "case", "decided by", "decided at", "reviewed by", "finding")
_MOST: Final = 200


def register(app: typer.Typer) -> None:
    """Add the commands to the desk's group."""
    app.command(
        epilog=example(
            'evenhand desk tags 019aa3… --tone upset --flag vulnerable --note "Ill, not rude"'
        )
    )(tags)
    app.command(epilog=example("evenhand desk ledger --state contradicted"))(ledger)
    app.command(epilog=example("evenhand desk samples --open"))(samples)
    app.command(epilog=example('evenhand desk review 4711 --finding "Well explained"'))(review)


def tags(  # noqa: PLR0913 - one option per tag
    case_id: Case,
    *,
    tone: Annotated[Tone | None, typer.Option()] = None,
    pressure: Annotated[Pressure | None, typer.Option()] = None,
    fault: Annotated[Fault | None, typer.Option()] = None,
    flag: Annotated[list[Flag] | None, typer.Option(help="All that are right.")] = None,
    no_flags: Annotated[bool, typer.Option("--no-flags", help="None is right.")] = False,
    note: Annotated[str, typer.Option(help="Why; for colleagues, never for the customer.")],
    version: Version = None,
    as_json: AsJson = False,
) -> None:
    """Say what tags your case should have; a new proposal is made, and nothing is decided."""
    named = {"tone": tone, "pressure": pressure, "fault": fault}
    body: Json = {name: value for name, value in named.items() if value is not None}
    if flag or no_flags:
        body["flags"] = [] if no_flags else flag
    if not body or (flag and no_flags):
        raise typer.BadParameter("name what is right: --tone, --pressure, --fault, --flag")
    with open_desk() as desk:
        body["note"] = note
        body["version"] = version or desk.get(case_path(case_id))["version"]
        told = desk.post(f"{case_path(case_id)}/tags", body)
    if as_json:
        emit(told)
        return
    proposal = told["proposal"]
    said = f"{proposal['disposition']} ({proposal['basis']})" if proposal else "nothing"
    line(f"{told['case_id']}  version {told['version']}  proposed now: {said}")


def ledger(
    *,
    state: Annotated[
        str | None,
        typer.Option(help="provisional, verified, contradicted, unanswered or taken_back."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List what was granted on trust, and what became of its check."""
    asked: dict[str, str | int] = {"limit": _MOST, **({"state": state} if state else {})}
    with open_desk() as desk:
        found = desk.get("/v1/desk/ledger", asked)["ledger"]
    names = ("verification_id", "case_id", "customer_id", "euros", "state", "granted_at")
    _list(_LEDGER, (*names, "evidence"), found, "Nothing was granted on trust.", as_json=as_json)


def samples(
    *,
    still_open: Annotated[
        bool, typer.Option("--open", help="Only what nobody has reviewed yet.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the random sample of people's decisions."""
    asked: dict[str, str | int] = {"limit": _MOST, **({"reviewed": "false"} if still_open else {})}
    with open_desk() as desk:
        found = desk.get("/v1/desk/samples", asked)["samples"]
    names = ("position", "case_id", "decided_by", "decided_at", "reviewed_by", "finding")
    _list(_SAMPLES, names, found, "No samples.", as_json=as_json)


def review(
    position: Annotated[int, typer.Argument(metavar="SAMPLE", min=1)],
    *,
    finding: Annotated[str, typer.Option(help="What is to be learnt from it.")],
    as_json: AsJson = False,
) -> None:
    """Keep what is to be learnt from somebody else's decision."""
    with open_desk() as desk:
        told = desk.post(f"/v1/desk/samples/{position}/review", {"finding": finding})
    if as_json:
        emit(told)
    else:
        line(f"{position}  reviewed by {told['reviewed_by']}")


def _list(
    columns: tuple[str, ...],
    names: tuple[str, ...],
    found: list[Json],
    nothing: str,
    *,
    as_json: bool,
) -> None:
    if as_json:
        for each in found:
            emit(each)
    elif found:
        terminal().print(table(columns, [[each[name] for name in names] for each in found]))
    else:
        line(nothing)
