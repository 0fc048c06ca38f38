"""`evenhand desk documents`: what customers added to a case on their status page."""

import hashlib
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import quote

import typer

from evenhand.desk_acts import Case
from evenhand.output import AsJson, emit, example, line, table, terminal
from evenhand.service import Json, Service, open_notifier
from shared.errors import EvenhandError

_COLUMNS: Final = ("document", "name", "bytes", "added at", "state", "fetched by")
_SHOWN: Final = 8


def register(app: typer.Typer) -> None:
    """Add the command to the desk's group."""
    app.command(
        epilog=example(
            "evenhand desk documents 019aa3…", "evenhand desk documents 019aa3… --save case/"
        )
    )(documents)


def documents(
    case_id: Case,
    *,
    save: Annotated[
        Path | None, typer.Option(help="Folder to save them in; your name is kept with each.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List what the customer added, and save it; needs a key of role `staff` or `auditor`."""
    path = f"/v1/cases/{quote(case_id, safe='')}/documents"
    with open_notifier() as notifier:
        found = notifier.get(path)["documents"]
        saved = [_save(notifier, path, one, save) for one in found] if save else []
    if as_json:
        emit({"case_id": case_id, "documents": found, "saved": [str(one) for one in saved if one]})
        return
    if not found:
        line("The customer has added no documents.")
        return
    terminal().print(table(_COLUMNS, [_row(one) for one in found]))
    for one in saved:
        if one is not None:
            line(str(one))


def _row(one: Json) -> tuple[object, ...]:
    by = ", ".join(sorted({each["by"] for each in one["fetched"]}))
    state = f"{one['state']}: {one['finding']}" if one["finding"] else one["state"]
    return (one["document_id"], one["name"], one["size"], one["added_at"], state, by)


def _save(notifier: Service, path: str, one: Json, folder: Path) -> Path | None:
    """Save a document under its name and part of its id; nothing that is there is written over."""
    if one["state"] != "kept":
        return None
    # Whoever answers us does not choose the folder.
    name = Path(one["name"]).name
    target = folder / f"{one['document_id'][:_SHOWN]}-{name}"
    data = notifier.content(f"{path}/{one['document_id']}")
    if hashlib.sha256(data).hexdigest() != one["sha256"]:
        raise EvenhandError(f"{name}: what arrived is not what the customer added; try again")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with target.open("xb") as file:
            file.write(data)
    except FileExistsError:
        if target.read_bytes() != data:
            raise EvenhandError(f"{target}: there is another file; move it away") from None
    return target
