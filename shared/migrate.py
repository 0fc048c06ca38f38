"""Applies the SQL migrations: one schema and one role per service, each file once, in order.

A file that was applied may not change afterwards (its hash is kept); two migrators at once wait
for each other.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg

from shared.errors import EvenhandError
from shared.postgres import Connection

SERVICES: Final = ("intake", "classifier", "decision", "notifier")
_ROOT: Final = Path(__file__).resolve().parent.parent
_LOCK: Final = 0x45564E48


class ChangedMigrationError(EvenhandError):
    """An applied migration file was edited; add a new file instead."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A migration that this run has applied."""

    schema: str
    name: str


def role_of(service: str) -> str:
    """Return the database role of a service."""
    return f"evenhand_{service}"


def _files(service: str) -> list[tuple[str, str]]:
    shared = sorted((_ROOT / "shared" / "migrations").glob("*.sql"))
    own = sorted((_ROOT / "services" / service / "migrations").glob("*.sql"))
    return [
        (f"{path.parent.parent.name}/{path.name}", path.read_text(encoding="utf-8"))
        for path in [*shared, *own]
    ]


async def migrate(url: str, services: Iterable[str] = SERVICES) -> list[Applied]:
    """Bring the schemas up to date, as the database's owner.

    Raises:
        ChangedMigrationError: an applied file differs from what was applied.
        asyncpg.PostgresError: a statement failed; nothing of its file remains.

    """
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        return [step for service in services for step in await _migrate(connection, service)]
    finally:
        await connection.close()


_ROLE_EXISTS = "SELECT 1 FROM pg_roles WHERE rolname = $1"


async def _migrate(connection: Connection, service: str) -> list[Applied]:
    role = role_of(service)
    if not await connection.fetchval(_ROLE_EXISTS, role):
        # Without a password: where one is needed, the operator sets it.
        await connection.execute(f"CREATE ROLE {role} LOGIN")
    await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {service}")
    await connection.execute(f"SET search_path TO {service}")
    await connection.execute("""
        CREATE TABLE IF NOT EXISTS migrations (
            name text PRIMARY KEY,
            sha256 text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        )
    """)
    rows = await connection.fetch("SELECT name, sha256 FROM migrations")
    known = {row["name"]: row["sha256"] for row in rows}
    applied = []
    for name, sql in _files(service):
        digest = hashlib.sha256(sql.encode()).hexdigest()
        if name in known:
            if known[name] != digest:
                raise ChangedMigrationError(
                    f"{service}: {name} was applied in another form; add a new file instead"
                )
            continue
        async with connection.transaction():
            await connection.execute(sql)
            await connection.execute(
                "INSERT INTO migrations (name, sha256) VALUES ($1, $2)", name, digest
            )
        applied.append(Applied(service, name))
    await connection.execute(f"""
        GRANT USAGE ON SCHEMA {service} TO {role};
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {service} TO {role};
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA {service} TO {role};
        REVOKE INSERT, UPDATE, DELETE ON {service}.migrations FROM {role};
    """)
    return applied
