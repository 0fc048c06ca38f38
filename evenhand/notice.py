"""`evenhand notice`: what customers were told, and telling them again."""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from uuid import uuid4

import typer

from evenhand.output import AsJson, emit, example, line, table, terminal
from evenhand.service import open_notifier

_LIST_EXAMPLE: Final = example("evenhand notice list 019aa3…", "evenhand notice list --failed")

app = typer.Typer(
    name="notice",
    rich_markup_mode=None,
    no_args_is_help=True,
    help="What customers were told: list, resend.",
    epilog=_LIST_EXAMPLE,
)

_COLUMNS: Final = ("notice id", "notice", "channel", "state", "sent at", "subject", "detail")
_RECEIVERS: Final = ("webhook", "failures", "failing since", "disabled at", "why")


@app.command(
    "list", epilog=example("evenhand notice list 019aa3…", "evenhand notice list --failed")
)
def list_(
    case_id: Annotated[str | None, typer.Argument(metavar="CASE", help="Of which case.")] = None,
    *,
    failed: Annotated[
        bool, typer.Option("--failed", help="Of all cases, what did not reach its customer.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List what was sent, when, by which channel and what became of it."""
    if failed == (case_id is not None):
        raise typer.BadParameter("name a case, or give --failed")
    with open_notifier() as notifier:
        path = "/v1/notices/failed" if failed else f"/v1/cases/{case_id}/notices"
        found = notifier.get(path)
    if as_json:
        emit(found)
        return
    terminal().print(table(_COLUMNS, [_row(notice) for notice in found["notices"]]))
    if receivers := found.get("disabled_webhooks"):
        columns = ("url", "failures", "failing_since", "disabled_at", "why")
        terminal().print(table(_RECEIVERS, [tuple(one[c] for c in columns) for one in receivers]))


@app.command(epilog=example("evenhand notice resend 019aa3… 5b1c… --reason 'it never came'"))
def resend(
    case_id: Annotated[str, typer.Argument(metavar="CASE")],
    notice_id: Annotated[str, typer.Argument(metavar="NOTICE", help="As `notice list` shows it.")],
    *,
    reason: Annotated[str, typer.Option(help="Why; kept with your name.")],
    as_json: AsJson = False,
) -> None:
    """Send a notice once more, marked as sent again, with your name on it."""
    with open_notifier() as notifier:
        queued = notifier.post(
            f"/v1/cases/{case_id}/notices/{notice_id}/resend",
            {"reason": reason},
            {"Idempotency-Key": str(uuid4())},
        )
    if as_json:
        emit(queued)
    else:
        line(f"{queued['notice_id']}  queued")


def _row(notice: Mapping[str, Any]) -> tuple[Any, ...]:
    mark = " (again)" if notice["again_of"] else ""
    return (
        notice["notice_id"],
        f"{notice['notice']}{mark}",
        notice["channel"],
        notice["state"],
        notice["sent_at"],
        notice["subject"],
        notice["detail"],
    )
