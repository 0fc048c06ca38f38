"""`evenhand desk`: what people do with cases, as the review desk's HTTP interface lets them."""

from itertools import islice
from typing import Annotated, Any, Final

import typer

from evenhand import causes, desk_acts, desk_deadlines, desk_documents, desk_looks, outcome
from evenhand.desk_acts import case_path
from evenhand.output import AsJson, emit, example, line, table, terminal
from evenhand.service import Json, Service, open_desk
from shared.events.catalogue import Queue

app = typer.Typer(
    name="desk",
    rich_markup_mode=None,
    no_args_is_help=True,
    help="People decide: queue, take, decide, approve, causes.",
    epilog=example("evenhand desk queue", "evenhand desk decide 019aa3… --as-proposed"),
)

_QUEUE: Final = ("place", "case", "queue", "to do", "why", "due", "with", "version")
_APPROVALS: Final = ("approval", "case", "kind", "why", "wanted", "EUR", "asked by", "state")
_PAGE: Final = 200


@app.command(epilog=example("evenhand desk queue --queue fraud", "evenhand desk queue --mine"))
def queue(
    *,
    only: Annotated[Queue | None, typer.Option("--queue", help="Only this queue.")] = None,
    assignee: Annotated[str | None, typer.Option(help="Only what this person has.")] = None,
    mine: Annotated[bool, typer.Option("--mine", help="Only what you have.")] = False,
    most: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List what people have to do, most urgent first, each with the reason why it is there."""
    asked: dict[str, str | int] = {"limit": min(most, _PAGE)}
    asked |= {"queue": only.value} if only else {}
    asked |= {"assignee": assignee} if assignee else {}
    asked |= {"mine": "true"} if mine else {}
    with open_desk() as desk:
        cases = list(islice(_pages(desk, asked), most))
    if as_json:
        for case in cases:
            emit(case)
    elif cases:
        terminal().print(table(_QUEUE, [_row(case) for case in cases]))
    else:
        line("Nothing waits.")


@app.command(epilog=example("evenhand desk show 019aa3…", "evenhand desk show 019aa3… --show-text"))
def show(
    case_id: Annotated[str, typer.Argument()],
    *,
    show_text: Annotated[
        bool, typer.Option("--show-text", help="Uncover abusive passages; this is logged.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show one case: what was said and is known, the proposal, what you may choose, its history."""
    with open_desk() as desk:
        case = desk.get(case_path(case_id), {"show_text": "true"} if show_text else None)
    if as_json:
        emit(case)
    else:
        _print(case)


@app.command(epilog=example("evenhand desk approvals", "evenhand desk approvals --state all"))
def approvals(
    *,
    state: Annotated[str, typer.Option(help="open, given, refused, withdrawn or all.")] = "open",
    as_json: AsJson = False,
) -> None:
    """List what waits for a second person, the oldest first."""
    with open_desk() as desk:
        found = desk.get("/v1/desk/approvals", {"state": state, "limit": _PAGE})["approvals"]
    if as_json:
        for approval in found:
            emit(approval)
    elif found:
        terminal().print(table(_APPROVALS, [_approval(each) for each in found]))
    else:
        line("Nothing waits for a second person.")


@app.command(epilog=example("evenhand desk certificate"))
def certificate(*, as_json: AsJson = False) -> None:
    """Show what you may grant alone, and what you have granted this month (EUR)."""
    with open_desk() as desk:
        found = desk.get("/v1/desk/certificate")
    if as_json:
        emit(found)
        return
    limits = found["limits"]
    rows = [
        ("role", found["role"]),
        ("per case", limits["per_case"] or "no limit"),
        ("per month", limits["per_month"] or "no limit"),
        *((f"per case, {name}", limit) for name, limit in limits["situations"].items()),
        ("two people from", found["two_people_from"]),
        (f"granted in {found['month']}", f"{found['euros']} in {found['times']} cases"),
    ]
    terminal().print(table(("", "EUR"), rows))


def _pages(desk: Service, asked: dict[str, str | int]) -> Any:  # noqa: ANN401 - an iterator of JSON
    query = dict(asked)
    while True:
        page = desk.get("/v1/desk/queue", query)
        yield from page["cases"]
        if page["next_cursor"] is None:
            return
        query["cursor"] = page["next_cursor"]


def _row(case: Json) -> tuple[object, ...]:
    return (
        case["place"],
        case["case_id"],
        case["queue"],
        "second person" if case["approval_open"] else case["to_do"],
        case["why"],
        (case["answer_due_at"] or "")[:10],
        case["assignee"],
        case["version"],
    )


def _approval(each: Json) -> tuple[object, ...]:
    wanted = each["wanted"] or {}
    return (
        each["approval_id"],
        each["case_id"],
        each["kind"],
        each["why"].replace("_", " "),
        wanted.get("disposition"),
        each["euros"],
        each["asked_by"],
        each["state"],
    )


def _print(case: Json) -> None:
    names = ("case_id", "customer_id", "version", "state", "queue", "why", "assignee")
    rows: list[tuple[str, object]] = [(name.replace("_", " "), case[name]) for name in names]
    rows.append(("answer due at", case["answer_due_at"]))
    rows += [(f"deadline {each['clock']}", _deadline(each)) for each in case["deadlines"]]
    if not case["erased"]:
        rows += [
            *((f"message {each['sequence']}", each["text"]) for each in case["messages"]),
            ("facts", ", ".join(f"{name}={value}" for name, value in case["facts"].items())),
            ("look at", ", ".join(case["detail"])),
            ("proposal", _decision(case["proposal"])),
            ("choices", ", ".join(each["kind"] for each in case["choices"]["remedies"])),
        ]
    rows.append(("decision", _decision(case["decision"])))
    screen = terminal()
    screen.print(table(("", "case"), rows))
    history = [(each["at"], each["kind"], each["actor"], each["note"]) for each in case["history"]]
    screen.print(table(("at", "act", "by", "note"), history))


def _deadline(each: Json) -> str:
    words = [each["deadline"][:16], each["source"] or "", f"mark {each['confidence']}"]
    for name in ("extended_to", "cancelled_at", "withdrawn_at", "lapsed_at"):
        words += [f"{name.split('_')[0]} {each[name][:16]}"] if each[name] else []
    words += [f"called: {each['summoned']}"] if each["summoned"] else []
    return "; ".join(word for word in words if word)


def _decision(decision: Json | None) -> str | None:
    if decision is None:
        return None
    given = ", ".join(outcome.remedy(each) for each in decision["remedies"])
    reasons = ", ".join(decision["reasons"])
    return f"{decision['disposition']} ({decision['basis']}): {given or 'nothing'}; {reasons}"


desk_acts.register(app)
desk_looks.register(app)
desk_documents.register(app)
desk_deadlines.register(app)
causes.register(app)
