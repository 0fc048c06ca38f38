"""The acts of `evenhand desk`: take, hand over, decide, approve.

Every act names the version of the case that was seen; without --version, the case is looked at
first, and only a change in that moment is refused.
"""

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from evenhand.output import AsJson, emit, example, line
from evenhand.service import Json, open_desk
from shared.errors import Rejected
from shared.events.catalogue import Queue

Case = Annotated[str, typer.Argument(metavar="CASE")]
Approval = Annotated[str, typer.Argument(metavar="APPROVAL", help="As `desk approvals` shows it.")]
Version = Annotated[
    int | None, typer.Option("--version", min=1, help="The version that you have seen.")
]
Reasons = Annotated[list[str] | None, typer.Option("--reason", help="A reason's code.")]
Note = Annotated[str | None, typer.Option(help="For staff only; never in an event.")]


def register(app: typer.Typer) -> None:
    """Add the acts to the desk's group."""
    app.command(epilog=example("evenhand desk take 019aa3…"))(take)
    app.command(epilog=example("evenhand desk release 019aa3…"))(release)
    app.command(
        "hand-over",
        epilog=example("evenhand desk hand-over 019aa3… --queue specialist"),
    )(hand_over)
    app.command(epilog=example("evenhand desk done 019aa3…"))(done)
    app.command(
        epilog=example(
            "evenhand desk decide 019aa3… --as-proposed --reason seen",
            'evenhand desk decide 019aa3… --disposition upheld --remedy "refund 40 EUR"'
            " --remedy apology --reason promise_broken",
        )
    )(decide)
    app.command(
        "name-cause",
        epilog=example("evenhand desk name-cause 019aa3… broken_promise:courier"),
    )(name_cause)
    app.command(
        "end-service",
        epilog=example(
            "evenhand desk end-service 019aa3… --analysis analysis.txt --cause threats:branch-12"
        ),
    )(end_service)
    app.command(
        "take-back",
        epilog=example("evenhand desk take-back 7c1e… --case 019aa3… --reason claim_untrue"),
    )(take_back)
    app.command(epilog=example("evenhand desk approve 5f0c2a9b…"))(approve)
    app.command(epilog=example('evenhand desk refuse 5f0c2a9b… --note "The promise is on file"'))(
        refuse
    )


def take(case_id: Case, *, version: Version = None, as_json: AsJson = False) -> None:
    """Take a case into your hands, for 8 hours unless the bank set another time."""
    _act(case_id, "take", {}, version, as_json=as_json)


def release(case_id: Case, *, version: Version = None, as_json: AsJson = False) -> None:
    """Put your case back into its queue."""
    _act(case_id, "release", {}, version, as_json=as_json)


def hand_over(
    case_id: Case,
    *,
    queue: Annotated[Queue | None, typer.Option(help="Into another queue.")] = None,
    version: Version = None,
    as_json: AsJson = False,
) -> None:
    """Hand your case over to others. Nobody asks for a reason."""
    _act(case_id, "hand-over", {"queue": queue} if queue else {}, version, as_json=as_json)


def done(case_id: Case, *, version: Version = None, as_json: AsJson = False) -> None:
    """Close an answered case that you had only to see; its answer stands."""
    _act(case_id, "done", {}, version, as_json=as_json)


def decide(  # noqa: PLR0913 - one option per part of a decision
    case_id: Case,
    *,
    as_proposed: Annotated[
        bool, typer.Option("--as-proposed", help="Confirm the proposal as it is.")
    ] = False,
    disposition: Annotated[
        str | None, typer.Option(help="upheld, goodwill, partly_upheld or declined.")
    ] = None,
    remedy: Annotated[
        list[str] | None, typer.Option(help='"refund 40 EUR", or "apology"; may be given again.')
    ] = None,
    situation: Annotated[
        str | None, typer.Option(help="The row of the matrix; default: the proposal's.")
    ] = None,
    reason: Reasons = None,
    note: Note = None,
    version: Version = None,
    as_json: AsJson = False,
) -> None:
    """Decide your case: at once inside your certificate, otherwise with a second person."""
    if as_proposed == (disposition is not None):
        raise typer.BadParameter("give either --as-proposed or --disposition")
    with open_desk() as desk:
        seen = desk.get(case_path(case_id)) if as_proposed or version is None else {}
        body: Json = {"version": version or seen["version"]}
        if as_proposed:
            body |= _as_proposed(seen)
        else:
            body |= {"disposition": disposition, "remedies": [_remedy(one) for one in remedy or ()]}
            body |= {"situation": situation} if situation else {}
        body["reasons"] = [*(reason or ())] or (["as_proposed"] if as_proposed else [])
        body |= {"note": note} if note else {}
        _tell(desk.post(f"{case_path(case_id)}/decide", body), as_json=as_json)


def name_cause(
    case_id: Case,
    cause: Annotated[str, typer.Argument(help="The cause, as `desk causes` shows it, or new.")],
    *,
    version: Version = None,
    as_json: AsJson = False,
) -> None:
    """Say what brought a case about."""
    _act(case_id, "cause", {"cause": cause}, version, as_json=as_json)


def end_service(  # noqa: PLR0913 - what such a proposal needs
    case_id: Case,
    *,
    analysis: Annotated[Path, typer.Option(help="File with the analysis of this one case.")],
    cause: Annotated[str, typer.Option(help="The root cause.")],
    reason: Reasons = None,
    version: Version = None,
    as_json: AsJson = False,
) -> None:
    """Propose to end the customer's service; another person, head or executive, gives it."""
    try:
        text = analysis.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"--analysis: {analysis} cannot be read") from error
    body = {"analysis": text, "cause": cause, "reasons": [*(reason or ())]}
    _act(case_id, "end-service", body, version, as_json=as_json)


def take_back(  # noqa: PLR0913 - what such a proposal needs
    verification_id: Annotated[str, typer.Argument(metavar="GRANT", help="Id in the ledger.")],
    *,
    case: Annotated[str, typer.Option(help="The case of the grant.")],
    reason: Annotated[list[str], typer.Option(help="A reason's code; may be given again.")],
    note: Note = None,
    version: Version = None,
    as_json: AsJson = False,
) -> None:
    """Propose to take back a grant that evidence contradicts; another person gives it."""
    with open_desk() as desk:
        body: Json = {"version": version or desk.get(case_path(case))["version"], "reasons": reason}
        body |= {"note": note} if note else {}
        path = f"/v1/desk/ledger/{quote(verification_id, safe='')}/take-back"
        _tell(desk.post(path, body), as_json=as_json)


def approve(approval_id: Approval, *, note: Note = None, as_json: AsJson = False) -> None:
    """Agree, as the second person: it is done at once."""
    with open_desk() as desk:
        path = f"/v1/desk/approvals/{quote(approval_id, safe='')}/give"
        _tell(desk.post(path, {"note": note} if note else {}), as_json=as_json)


def refuse(
    approval_id: Approval,
    *,
    note: Annotated[str, typer.Option(help="Why; for the one who asked.")],
    as_json: AsJson = False,
) -> None:
    """Refuse, as the second person; the case stays with the first."""
    with open_desk() as desk:
        path = f"/v1/desk/approvals/{quote(approval_id, safe='')}/refuse"
        _tell(desk.post(path, {"note": note}), as_json=as_json)


def case_path(case_id: str) -> str:
    """Return where a case lies on the desk."""
    return f"/v1/desk/cases/{quote(case_id, safe='')}"


def _act(case_id: str, act: str, body: Json, version: int | None, *, as_json: bool) -> None:
    with open_desk() as desk:
        seen = version or desk.get(case_path(case_id))["version"]
        _tell(desk.post(f"{case_path(case_id)}/{act}", {"version": seen, **body}), as_json=as_json)


def _tell(told: Json, *, as_json: bool) -> None:
    if as_json:
        emit(told)
        return
    words = [told["case_id"], f"version {told['version']}"]
    if "decision" in told:
        words.append(f"{told['decision']['disposition']} ({told['decision']['basis']})")
    if told.get("approval") == "open":
        words.append(f"waits for a second person: approval {told['approval_id']}")
    elif told.get("approval"):
        words.append(f"approval {told['approval']}")
    elif "assignee" in told:
        words.append(f"with {told['assignee']}" if told["assignee"] else "with nobody")
    line("  ".join(words))


def _as_proposed(case: Json) -> Json:
    proposal = case.get("proposal")
    if proposal is None:
        raise Rejected("the policy proposes nothing for this case; give --disposition")
    kept = ("kind", "money")
    remedies = [
        {name: one[name] for name in kept if one.get(name) is not None}
        for one in proposal["remedies"]
    ]
    return {"disposition": proposal["disposition"], "remedies": remedies}


def _remedy(text: str) -> Json:
    kind, _, money = text.strip().partition(" ")
    if not money:
        return {"kind": kind}
    amount, _, currency = money.strip().partition(" ")
    if not currency:
        raise typer.BadParameter('--remedy: write "refund 40 EUR", or "apology"')
    return {"kind": kind, "money": {"amount": amount, "currency": currency.strip()}}
