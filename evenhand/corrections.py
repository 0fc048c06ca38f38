"""`evenhand corrections`: what people said that tags should have been, for the next training."""

import asyncio
import hashlib
import os
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from evenhand import settings
from evenhand.database import connected
from evenhand.output import AsJson, complain, emit, example, line
from services.classifier import corrections, exporting
from shared.errors import Rejected

app = typer.Typer(
    name="corrections",
    rich_markup_mode=None,
    no_args_is_help=True,
    help="People's corrections of tags, for the next training.",
    epilog=example("evenhand corrections export corrections.jsonl"),
)

_SCHEMA = "SET LOCAL search_path TO classifier"
_READABLE_BY_ME = 0o600


@app.callback()
def group() -> None:
    """Look after the corrections of tags; needs the database's owner."""


@app.command(epilog=example("evenhand corrections export corrections.jsonl"))
def export(
    file: Annotated[Path, typer.Argument(help="Made anew, readable by you alone.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Write the corrections as training cases, with personal data covered.

    A name that nothing announces stays in its text: read the file before it goes anywhere.
    """
    written = asyncio.run(_lines())
    content = "".join(f"{one}\n" for one in written).encode()
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _READABLE_BY_ME)
        with os.fdopen(handle, "wb") as out:
            out.write(content)
    except OSError as error:
        raise Rejected(f"{file}: {error.strerror}") from error
    digest = hashlib.sha256(content).hexdigest()
    if as_json:
        emit({"file": str(file), "cases": len(written), "sha256": digest})
    else:
        line(f"{len(written)} cases  sha256 {digest}")


@app.command(
    epilog=example(
        "evenhand corrections erase --case 019aa3…", "evenhand corrections erase --customer C-1029"
    )
)
def erase(
    *,
    case: Annotated[UUID | None, typer.Option(help="All that was corrected in this case.")] = None,
    customer: Annotated[str | None, typer.Option(help="All of this customer.")] = None,
    as_json: AsJson = False,
) -> None:
    """Erase the corrections of a case or of a customer. What was trained before stays trained."""
    if (case is None) == (customer is None):
        raise typer.BadParameter("give either --case or --customer")
    erased = asyncio.run(_erase(case, customer))
    if as_json:
        emit({"erased": erased})
    elif erased:
        line(f"{erased} corrections erased")
    else:
        complain("there was nothing to erase")


async def _lines() -> list[str]:
    async with connected(settings.admin_database_url()) as connection, connection.transaction():
        await connection.execute(_SCHEMA)
        return list(exporting.lines(await corrections.stored(connection)))


async def _erase(case: UUID | None, customer: str | None) -> int:
    async with connected(settings.admin_database_url()) as connection, connection.transaction():
        await connection.execute(_SCHEMA)
        if case is not None:
            return await corrections.erase_case(connection, case)
        return await corrections.erase_customer(connection, customer or "")
