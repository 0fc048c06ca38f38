"""`evenhand desk causes|sweep|…`: root causes of company faults, from the desk."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import quote

import typer

from evenhand.output import AsJson, emit, example, line, table, terminal
from evenhand.service import Json, open_desk
from shared.errors import Rejected

Key = Annotated[str, typer.Argument(help="The cause, as `desk causes` shows it.")]
Customers = Annotated[
    list[str] | None, typer.Argument(help="Ids of customers; or --from a file, one a line.")
]
From = Annotated[Path | None, typer.Option("--from", help="File with one customer's id a line.")]

_CAUSES: Final = "/v1/desk/causes"
_AT_ONCE: Final = 1000
_COLUMNS: Final = (
    "cause",
    "state",
    "cases",
    "customers",
    "EUR",
    "30 days",
    "before",
    "trend",
    "owner",
    "affected",
    "redressed",
)
_FIELDS: Final = (
    "key",
    "state",
    "cases",
    "customers",
    "cost_eur",
    "last_30_days",
    "the_30_days_before",
    "trend",
    "owner",
    "affected",
    "redressed",
)


def register(app: typer.Typer) -> None:
    """Add the commands of causes to the desk's group."""
    app.command(epilog=example("evenhand desk causes --state confirmed"))(causes)
    app.command(epilog=example("evenhand desk sweep malfunction:INC-25-0318"))(sweep)
    app.command(
        "confirm-cause",
        epilog=example("evenhand desk confirm-cause wrong_fee:fee_dispute --owner cards.it"),
    )(confirm)
    app.command(
        epilog=example(
            "evenhand desk affected malfunction:INC-25-0318 C-1029 C-1044",
            "evenhand desk affected malfunction:INC-25-0318 --from customers.txt",
        )
    )(affected)
    app.command(epilog=example("evenhand desk redressed malfunction:INC-25-0318 C-1029"))(redressed)
    app.command(
        "remove-cause",
        epilog=example('evenhand desk remove-cause wrong_fee:fee_dispute --note "Fee table fixed"'),
    )(remove)


def causes(
    *,
    state: Annotated[str | None, typer.Option(help="suggested, confirmed or removed.")] = None,
    most: Annotated[int, typer.Option("--limit", min=1, max=500, help="At most so many.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List root causes: those that came back, repeat and cost most lead."""
    asked: dict[str, str | int] = {"limit": most, **({"state": state} if state else {})}
    with open_desk() as desk:
        found = desk.get(_CAUSES, asked)["causes"]
    if as_json:
        for cause in found:
            emit(cause)
    elif found:
        rows = [[_came_back(cause, name) for name in _FIELDS] for cause in found]
        terminal().print(table(_COLUMNS, rows))
    else:
        line("No causes.")


def sweep(
    key: Key,
    *,
    most: Annotated[int, typer.Option("--limit", min=1, max=500, help="At most so many.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List whom redress may be due to: look-alike cases answered less well, and the silent."""
    with open_desk() as desk:
        found = desk.get(_path(key, "sweep"), {"limit": most})
    if as_json:
        emit(found)
        return
    screen = terminal()
    if found["look_alikes"]:
        screen.print(
            table(
                ("case", "customer", "received at", "alike by", "was", "would be", "EUR"),
                [_look_alike(one) for one in found["look_alikes"]],
                "Answered less well" + (" (and more)" if found["more"] else ""),
            )
        )
    if found["silent"]:
        screen.print(
            table(
                ("customer", "named by", "named at"),
                [(one["customer_id"], one["named_by"], one["named_at"]) for one in found["silent"]],
                "Affected, never complained",
            )
        )
    if not (found["look_alikes"] or found["silent"]):
        line("Nobody is left to be made good.")


def confirm(
    key: Key,
    *,
    name: Annotated[str | None, typer.Option("--key", help="Its right name, if another.")] = None,
    title: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    owner: Annotated[str | None, typer.Option(help="Who removes it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Confirm a cause; then sweep for those who suffered from it in silence."""
    said = {"key": name, "title": title, "owner": owner}
    body = {field: value for field, value in said.items() if value is not None}
    _act(key, "confirm", body, as_json=as_json)


def affected(
    key: Key, customers: Customers = None, *, file: From = None, as_json: AsJson = False
) -> None:
    """Name customers whom a cause affected, whether or not they complained."""
    _name(key, "affected", _ids(customers, file), as_json=as_json)


def redressed(
    key: Key, customers: Customers = None, *, file: From = None, as_json: AsJson = False
) -> None:
    """Mark customers to whom it was made good."""
    _name(key, "redressed", _ids(customers, file), as_json=as_json)


def remove(
    key: Key,
    *,
    note: Annotated[str, typer.Option(help="What was done.")],
    as_json: AsJson = False,
) -> None:
    """State that a confirmed cause is gone; cases after this show that it came back."""
    _act(key, "remove", {"note": note}, as_json=as_json)


def _act(key: str, act: str, body: Json, *, as_json: bool) -> None:
    with open_desk() as desk:
        done = desk.post(_path(key, act), body)
    if as_json:
        emit(done)
    else:
        line(f"{done['key']}  {done['state']}  owner {done['owner'] or '-'}")


def _name(key: str, act: str, customers: Sequence[str], *, as_json: bool) -> None:
    number = 0
    with open_desk() as desk:
        for start in range(0, len(customers), _AT_ONCE):
            part = customers[start : start + _AT_ONCE]
            number += desk.post(_path(key, act), {"customers": part})["customers"]
    if as_json:
        emit({"key": key, "customers": number})
    else:
        line(f"{key}  {number} customers {act}")


def _ids(customers: Sequence[str] | None, file: Path | None) -> list[str]:
    if bool(customers) == (file is not None):
        raise typer.BadParameter("name customers, or give --from a file")
    if file is None:
        return list(customers or ())
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file}: cannot be read ({type(error).__name__})") from error
    ids = [text.strip() for text in lines if text.strip()]
    if not ids:
        raise Rejected(f"{file}: holds no customer's id")
    return ids


def _path(key: str, act: str) -> str:
    return f"{_CAUSES}/{quote(key, safe='')}/{act}"


def _came_back(cause: Json, field: str) -> object:
    if field == "state" and cause["since_it_was_removed"]:
        return f"came back ({cause['since_it_was_removed']})"
    return cause[field]


def _look_alike(one: Json) -> tuple[object, ...]:
    was, would = one["answered"], one["would_be"]
    return (
        one["case_id"],
        one["customer_id"],
        one["received_at"],
        one["likeness"],
        f"{was['disposition']} ({was['basis']})",
        f"{would['disposition']} ({would['basis']})",
        one["cost_eur"],
    )
