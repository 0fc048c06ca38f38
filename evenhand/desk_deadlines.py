"""`evenhand desk extend|expect|pause|resume|incidents|root-cause`: deadlines and incidents."""

from typing import Annotated, Final

import typer

from evenhand.desk_acts import Case, Version, case_path
from evenhand.output import AsJson, emit, example, line, table, terminal
from evenhand.service import Json, open_desk

Clock = Annotated[
    str | None, typer.Option("--clock", help="As the case shows it; default: for the answer.")
]
_INCIDENTS: Final = ("incident", "case", "clock", "deadline", "effect", "root cause", "found by")
_FIELDS: Final = (
    "incident_id",
    "case_id",
    "clock",
    "deadline",
    "legal_effect",
    "root_cause",
    "found_by",
)
_MOST: Final = 200


def register(app: typer.Typer) -> None:
    """Add the commands to the desk's group."""
    app.command(
        epilog=example(
            "evenhand desk extend 019aa3… --until 2027-01-15"
            ' --part "reason=The courier has not answered."'
            ' --part "facts_to_establish=Where the card went."'
        )
    )(extend)
    app.command(
        epilog=example(
            "evenhand desk expect 019aa3… --by 2026-12-28T16:00:00+01:00 --reason other_party"
        )
    )(expect)
    app.command(epilog=example("evenhand desk pause 019aa3… --reason information_asked"))(pause)
    app.command(epilog=example("evenhand desk resume 019aa3…"))(resume)
    app.command(epilog=example("evenhand desk incidents --state all"))(incidents)
    app.command(
        "root-cause",
        epilog=example(
            "evenhand desk root-cause 7c1e… staffing:december"
            ' --finding "Two people were ill at once."'
        ),
    )(root_cause)


def extend(  # noqa: PLR0913 - one option per part of an extension
    case_id: Case,
    *,
    until: Annotated[str, typer.Option(help="The new last day, such as 2027-01-15.")],
    part: Annotated[
        list[str], typer.Option(help="A part of the letter to the customer: NAME=WORDS.")
    ],
    later: Annotated[
        bool, typer.Option("--later", help="Send it when the letter's rung is due, not now.")
    ] = False,
    clock: Clock = None,
    version: Version = None,
    as_json: AsJson = False,
) -> None:
    """Extend the time for the answer as the law allows: once, before it ends, with the letter.

    Where the law demands only the letter (reasons, date, rights), it goes out and moves nothing.
    """
    reasons = dict(_part(each) for each in part)
    body: Json = {"new_date": until, "reasons": reasons, "later": later}
    _act(case_id, "extend", body, clock, version, as_json=as_json)


def expect(
    case_id: Case,
    *,
    by: Annotated[str, typer.Option(help="When, such as 2026-12-28T16:00:00+01:00.")],
    reason: Annotated[str, typer.Option(help="Why not before, as the customer hears it.")],
    version: Version = None,
    as_json: AsJson = False,
) -> None:
    """Say when you expect to answer: the date that the customer hears where a warning is due."""
    _act(case_id, "expect", {"by": by, "reason": reason}, None, version, as_json=as_json)


def pause(
    case_id: Case,
    *,
    reason: Annotated[str, typer.Option(help="What stops it, as the pack names it.")],
    clock: Clock = None,
    version: Version = None,
    as_json: AsJson = False,
) -> None:
    """Stop a clock, where its pack says that waiting stops it."""
    _act(case_id, "pause", {"reason": reason}, clock, version, as_json=as_json)


def resume(
    case_id: Case, *, clock: Clock = None, version: Version = None, as_json: AsJson = False
) -> None:
    """Let a clock run again."""
    _act(case_id, "resume", {}, clock, version, as_json=as_json)


def incidents(
    *,
    state: Annotated[str, typer.Option(help="open, explained or all.")] = "open",
    as_json: AsJson = False,
) -> None:
    """List deadlines that passed without an answer, the oldest first."""
    with open_desk() as desk:
        found = desk.get("/v1/desk/incidents", {"state": state, "limit": _MOST})["incidents"]
    if as_json:
        for each in found:
            emit(each)
    elif found:
        rows = [[each[name] for name in _FIELDS] for each in found]
        terminal().print(table(_INCIDENTS, rows))
    else:
        line("No deadline has passed without an answer.")


def root_cause(
    incident_id: Annotated[str, typer.Argument(metavar="INCIDENT")],
    cause: Annotated[str, typer.Argument(help="Its key, such as staffing:december.")],
    *,
    finding: Annotated[str, typer.Option(help="What happened, in words for staff.")],
    as_json: AsJson = False,
) -> None:
    """Write down what brought a lapse about; the lapse stays on record."""
    with open_desk() as desk:
        told = desk.post(
            f"/v1/desk/incidents/{incident_id}/root-cause",
            {"root_cause": cause, "finding": finding},
        )
    if as_json:
        emit(told)
    else:
        line(f"{incident_id}  {told['root_cause']}, found by {told['found_by']}")


def _act(  # noqa: PLR0913 - an act, its clock, and how it is told
    case_id: str, act: str, body: Json, clock: str | None, version: int | None, *, as_json: bool
) -> None:
    with open_desk() as desk:
        seen = version or desk.get(case_path(case_id))["version"]
        named = {"clock": clock} if clock else {}
        told = desk.post(f"{case_path(case_id)}/{act}", {"version": seen, **named, **body})
    if as_json:
        emit(told)
    else:
        runs = f"{told['clock']} until {told['new_due_at']}" if "clock" in told else None
        meant = runs or f"answer expected by {told['expected_by']}"
        line(f"{case_id}  version {told['version']}  {meant}")


def _part(text: str) -> tuple[str, str]:
    name, _, words = text.partition("=")
    if not words.strip():
        raise typer.BadParameter("--part: write NAME=WORDS, such as reason=The bank waits.")
    return name.strip(), words.strip()
