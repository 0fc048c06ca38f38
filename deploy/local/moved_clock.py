"""Lets the time of the clocks jump, for tests and demonstrations.

Only the owner of the database can do this; the service's own role cannot, and it refuses to fire
timers while the time is moved unless its settings say that this may be.
"""

from datetime import timedelta

import asyncpg

_MOVE = """
CREATE OR REPLACE FUNCTION decision.clock_now() RETURNS timestamptz LANGUAGE sql STABLE
AS 'SELECT now() + interval ''{seconds} seconds'''
"""
_BACK = """
CREATE OR REPLACE FUNCTION decision.clock_now() RETURNS timestamptz LANGUAGE sql STABLE
AS 'SELECT now()'
"""
_WAKE = "SELECT pg_notify('evenhand_timers', '')"


async def move(admin_url: str, by: timedelta) -> None:
    """Set the time of the clocks to the database's own time plus `by` (negative: back)."""
    connection = await asyncpg.connect(admin_url)
    try:
        seconds = by.total_seconds()
        await connection.execute(_MOVE.format(seconds=seconds) if seconds else _BACK)
        await connection.execute(_WAKE)
    finally:
        await connection.close()
