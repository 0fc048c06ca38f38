"""Receivers of webhooks that keep failing: they are disabled, and the operator is told.

Invariant: one success forgets every failure before it; a disabled receiver is called only when an
operator sends something again.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from shared.postgres import Connection

MOST_FAILURES: Final = 10
FOR_AT_LEAST: Final = timedelta(days=1)

_SUCCEEDED = "DELETE FROM webhooks WHERE url = ANY($1)"

# In the order of their keys: two processes that settle at once then cannot deadlock.
_FAILED = """
INSERT INTO webhooks AS w (url, failures, why, disabled_at)
SELECT s.url, count(*), max(s.why), CASE WHEN bool_or(s.gone) THEN now() END
  FROM unnest($1::text[], $2::text[], $3::boolean[]) AS s(url, why, gone)
 GROUP BY s.url ORDER BY s.url
ON CONFLICT (url) DO UPDATE
   SET failures = w.failures + excluded.failures, why = excluded.why,
       disabled_at = coalesce(
           w.disabled_at, excluded.disabled_at,
           CASE WHEN w.failures + excluded.failures >= $4 AND w.failing_since < now() - $5::interval
                THEN now() END)
RETURNING (disabled_at = now()) AS disabled_now
"""


async def note(
    tx: Connection, succeeded: Sequence[str], failed: Sequence[tuple[str, str, bool]]
) -> int:
    """Note how receivers took their calls; returns how many of them are disabled by it.

    `failed` holds the address, the reason, and whether the receiver said that it is gone.
    """
    if succeeded:
        await tx.execute(_SUCCEEDED, sorted(set(succeeded)))
    if not failed:
        return 0
    rows = await tx.fetch(_FAILED, *zip(*failed, strict=True), MOST_FAILURES, FOR_AT_LEAST)
    return sum(bool(row["disabled_now"]) for row in rows)


_DISABLED = "SELECT count(*) FROM webhooks WHERE disabled_at IS NOT NULL"


async def disabled(connection: Connection) -> int:
    """Count the receivers that are disabled."""
    return int(await connection.fetchval(_DISABLED))
