"""`evenhand migrate`: brings the database's schemas up to date."""

import asyncio

import typer

from evenhand import settings
from evenhand.database import reached
from evenhand.output import AsJson, emit, example, line
from shared.migrate import Applied
from shared.migrate import migrate as apply

app = typer.Typer(rich_markup_mode=None)


@app.command(
    epilog=example("EVENHAND_ADMIN_DATABASE_URL=postgresql://owner@db/evenhand evenhand migrate")
)
def migrate(*, as_json: AsJson = False) -> None:
    """Bring the database up to date.

    Applies what is missing in the schemas of all services; safe to run at any time.
    """
    for step in asyncio.run(_migrate(settings.admin_database_url())):
        if as_json:
            emit({"schema": step.schema, "name": step.name})
        else:
            line(f"{step.schema}: {step.name}")


async def _migrate(url: str) -> list[Applied]:
    with reached():
        return await apply(url)
