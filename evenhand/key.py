"""`evenhand key`: API keys of intake and the review desk. A key is shown once, when it is made."""

import asyncio
from typing import Annotated, Final, cast

import typer

from evenhand import settings
from evenhand.database import connected
from evenhand.output import AsJson, emit, example, line, table, terminal
from shared import keys
from shared.errors import EvenhandError
from shared.keys import Key, Role

app = typer.Typer(
    name="key",
    rich_markup_mode=None,
    no_args_is_help=True,
    help="API keys of intake and the review desk.",
    epilog=example("evenhand key create web-shop --role submit --role read"),
)

_COLUMNS: Final = ("id", "name", "roles", "created at", "revoked at")


@app.command(
    epilog=example(
        "evenhand key create web-shop --role submit --role read",
        "evenhand key create anna.nowak --role staff --role clerk",
    )
)
def create(
    name: Annotated[str, typer.Argument(help="Whose key it is.")],
    *,
    role: Annotated[list[str], typer.Option(help=f"May be given again. {keys.CHOICES}.")],
    as_json: AsJson = False,
) -> None:
    """Make a key and print it; it cannot be shown again."""
    if unknown := sorted(set(role).difference(*keys.ROLES.values())):
        raise typer.BadParameter(f"--role {unknown[0]}: choose from {keys.CHOICES}")
    key = asyncio.run(_create(name, [cast("Role", one) for one in role]))
    if as_json:
        emit({"name": name, "roles": role, "key": key})
    else:
        line(key)


@app.command("list", epilog=example("evenhand key list --json"))
def list_(*, as_json: AsJson = False) -> None:
    """List keys, oldest first, without their secrets."""
    found = asyncio.run(_listed())
    if as_json:
        for key in found:
            emit(key)
        return
    terminal().print(
        table(
            _COLUMNS,
            [(k.id, k.name, " ".join(k.roles), k.created_at, k.revoked_at) for k in found],
        )
    )


@app.command(epilog=example("evenhand key revoke 5f0c2a9b1d3e"))
def revoke(
    identity: Annotated[str, typer.Argument(metavar="ID", help="As `key list` shows it.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Refuse a key from now on (running services notice within seconds)."""
    if not asyncio.run(_revoke(identity)):
        raise EvenhandError(f"{identity}: no such key is in use; `evenhand key list` shows them")
    if as_json:
        emit({"id": identity, "revoked": True})
    else:
        line(f"{identity}  revoked")


async def _create(name: str, roles: list[Role]) -> str:
    async with connected(settings.admin_database_url()) as connection:
        return await keys.create(connection, name, roles)


async def _listed() -> list[Key]:
    async with connected(settings.admin_database_url()) as connection:
        return await keys.listed(connection)


async def _revoke(identity: str) -> bool:
    async with connected(settings.admin_database_url()) as connection:
        return await keys.revoke(connection, identity)
