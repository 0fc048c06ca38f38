"""Causes as they stand: what each did so far, under all its names; those that repeat lead."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias

import asyncpg

from services.decision.causes.store import State
from shared.postgres import Connection

Trend: TypeAlias = Literal["rising", "steady", "falling"]

_LATELY: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause with what it did so far; `euros` is what its cases cost, or would by the table.

    `lately` and `before` count the cases of the last 30 days and of the 30 days before those;
    `returned` those received after it was removed.
    """

    key: str
    title: str
    state: State
    owner: str | None
    confirmed_by: str | None
    confirmed_at: datetime | None
    removed_by: str | None
    removed_at: datetime | None
    names: tuple[str, ...]
    cases: int
    customers: int
    euros: Decimal
    first_at: datetime
    last_at: datetime | None
    lately: int
    before: int
    returned: int
    affected: int
    redressed: int

    @property
    def repeated(self) -> bool:
        return self.cases > 1

    @property
    def trend(self) -> Trend:
        if self.lately == self.before:
            return "steady"
        return "rising" if self.lately > self.before else "falling"


# A cause and its other names count as one. Those that came back, and then those that go on, lead.
_LISTED = """
SELECT c.key, c.title, c.state, c.owner, c.confirmed_by, c.confirmed_at, c.removed_by,
       c.removed_at, n.names, k.cases, k.customers, k.euros,
       coalesce(k.first_at, c.first_seen) AS first_at, k.last_at, k.lately, k.before, k.returned,
       a.affected, a.redressed
  FROM causes c
 CROSS JOIN LATERAL (
    SELECT array_agg(o.key ORDER BY o.key) AS names FROM causes o
     WHERE o.key = c.key OR o.merged_into = c.key
 ) n
 CROSS JOIN LATERAL (
    SELECT count(*) AS cases, count(DISTINCT customer_id) AS customers,
           coalesce(sum(euros), 0) AS euros, min(received_at) AS first_at,
           max(received_at) AS last_at,
           count(*) FILTER (WHERE received_at > $1::timestamptz - $2::interval) AS lately,
           count(*) FILTER (WHERE received_at > $1::timestamptz - 2 * $2::interval
                              AND received_at <= $1::timestamptz - $2::interval) AS before,
           count(*) FILTER (WHERE received_at > c.removed_at) AS returned
      FROM case_causes WHERE key = ANY(n.names)
 ) k
 CROSS JOIN LATERAL (
    SELECT count(DISTINCT customer_id) AS affected,
           count(DISTINCT customer_id) FILTER (WHERE redressed_at IS NOT NULL) AS redressed
      FROM affected WHERE key = ANY(n.names)
 ) a
 WHERE c.merged_into IS NULL AND ($3::text IS NULL OR c.state = $3)
   AND ($4::text IS NULL OR $4 = ANY(n.names))
 ORDER BY k.returned > 0 DESC, c.state = 'removed', k.cases > 1 DESC, k.lately DESC,
          k.euros DESC, c.key
 LIMIT $5
"""


async def listed(
    connection: Connection, now: datetime, *, state: State | None = None, most: int = 200
) -> list[Cause]:
    """Return causes, those first that came back or go on."""
    return [_cause(row) for row in await connection.fetch(_LISTED, now, _LATELY, state, None, most)]


async def find(connection: Connection, key: str, now: datetime) -> Cause | None:
    """Return a cause by any of its names."""
    row = await connection.fetchrow(_LISTED, now, _LATELY, None, key, 1)
    return _cause(row) if row else None


def _cause(row: asyncpg.Record) -> Cause:
    values: dict[str, Any] = dict(row)
    return Cause(**{**values, "names": tuple(values["names"])})
