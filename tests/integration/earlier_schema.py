"""A service's tables as an earlier version left them, and the way from there to those of today."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg

from shared.postgres import Connection

_ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Earlier:
    """A schema of its own, and what is still to be applied to it."""

    connection: Connection
    later: tuple[Path, ...]

    async def migrate(self) -> None:
        """Bring it to the tables of today, each file in a transaction of its own."""
        for path in self.later:
            async with self.connection.transaction():
                await self.connection.execute(path.read_text(encoding="utf-8"))


@contextlib.asynccontextmanager
async def before(admin: str, service: str, number: str) -> AsyncIterator[Earlier]:
    """Open the schema of a service as it was before a migration (`0005`)."""
    files = [
        *sorted((_ROOT / "shared" / "migrations").glob("*.sql")),
        *sorted((_ROOT / "services" / service / "migrations").glob("*.sql")),
    ]
    connection = await asyncpg.connect(admin)
    await connection.execute("CREATE SCHEMA earlier; SET search_path TO earlier")
    for path in files:
        if path.name < number:
            await connection.execute(path.read_text(encoding="utf-8"))
    yield Earlier(connection, tuple(path for path in files if path.name >= number))
    await connection.close()
