"""The pool of a service and what counts as a passing trouble of the database."""

from typing import Final, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

# SQLSTATE that says nothing against the statement: connection, login (a rotated password), rollback
# (deadlock, serialisation), resources, operator intervention, system error; a lock that is held; a
# replica that is not yet the new primary.
_TRANSIENT: Final = ("08", "28", "40", "53", "57", "58", "55P03", "25006")


def is_transient(error: BaseException) -> bool:
    """Say whether the same statement may succeed later."""
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate or "").startswith(_TRANSIENT)
    # A pool or connection that was closed under a running call, at whatever point of the protocol.
    return isinstance(
        error, (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError)
    )


async def connect(url: str, *, schema: str, connections: int) -> Pool:
    """Open a pool that sees only the service's own schema.

    Raises:
        OSError, asyncpg.PostgresError: the database cannot be reached or refuses the role.

    """
    return await asyncpg.create_pool(
        url,
        min_size=2,
        max_size=connections,
        command_timeout=30,
        timeout=10,
        server_settings={
            "search_path": schema,
            "application_name": f"evenhand-{schema}",
            "timezone": "UTC",
        },
    )
