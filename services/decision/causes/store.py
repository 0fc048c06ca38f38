"""Causes in the database: suggested a batch at a time, confirmed and removed by people.

Invariant: what the rules suggested for a case is never renamed. A person's other name for a cause
is an alias (`merged_into`), so that later cases with the old name count for it, too; what a person
confirmed for one case is not suggested over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias
from uuid import UUID

from services.decision.causes.suggest import Suggested, title_of
from shared.postgres import Connection

State: TypeAlias = Literal["suggested", "confirmed", "removed"]

_NOTE = """
WITH said AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[],
                         $6::numeric[], $7::text[])
        AS s(case_id, key, title, customer_id, received_at, euros, rule)
), withdrawn AS (
    DELETE FROM case_causes k USING said s
     WHERE k.case_id = s.case_id AND s.key IS NULL AND k.confirmed_by IS NULL
), named AS (
    INSERT INTO causes (key, title, state, first_seen)
    SELECT key, min(title), 'suggested', min(received_at) FROM said
     WHERE key IS NOT NULL GROUP BY key ORDER BY key
    ON CONFLICT (key) DO NOTHING
)
INSERT INTO case_causes AS k (case_id, key, customer_id, received_at, euros, suggested_by)
SELECT case_id, key, customer_id, received_at, euros, rule FROM said
 WHERE key IS NOT NULL ORDER BY case_id
ON CONFLICT (case_id) DO UPDATE
   SET key = excluded.key, euros = excluded.euros, suggested_by = excluded.suggested_by
 WHERE k.confirmed_by IS NULL
"""


async def note(tx: Connection, suggestions: Sequence[Suggested]) -> None:
    """Store what the rules suggested, in one statement; the last one of a case counts.

    One without a key withdraws what was suggested for its case before: give it only for a case that
    was looked at before.
    """
    last = {one.case_id: one for one in suggestions}.values()
    if not last:
        return
    await tx.execute(
        _NOTE,
        [one.case_id for one in last],
        [one.key for one in last],
        [title_of(one.key) if one.key else None for one in last],
        [one.customer_id for one in last],
        [one.received_at for one in last],
        [one.euros for one in last],
        [one.rule for one in last],
    )


_HOLD = """
SELECT key, title, state, owner FROM causes
 WHERE key = (SELECT coalesce(merged_into, key) FROM causes WHERE key = $1)
   FOR NO KEY UPDATE
"""


@dataclass(frozen=True, slots=True)
class Held:
    """A cause that nobody else changes before this transaction ends."""

    key: str
    title: str
    state: State
    owner: str | None


async def hold(tx: Connection, key: str) -> Held | None:
    """Lock a cause, by any of its names."""
    row = await tx.fetchrow(_HOLD, key)
    return Held(**row) if row else None


_NAME = """
INSERT INTO causes (key, title, state, first_seen) VALUES ($1, $2, 'suggested', $3)
ON CONFLICT (key) DO NOTHING
"""
_STAND_ALONE = "UPDATE causes SET merged_into = NULL WHERE key = $1"
_MERGE = "UPDATE causes SET merged_into = $2 WHERE key = $1 OR (merged_into = $1 AND key <> $2)"


async def rename(tx: Connection, old: str, new: str, now: datetime) -> None:
    """Make a cause count as another, which begins with this where there is none."""
    await tx.execute(_NAME, new, title_of(new), now)
    await tx.execute(_STAND_ALONE, new)
    await tx.execute(_MERGE, old, new)


_CONFIRM = """
UPDATE causes SET state = 'confirmed', title = $2, owner = $3, confirmed_by = $4,
                  confirmed_at = $5, removed_by = NULL, removed_at = NULL
 WHERE key = $1
"""
_CONFIRM_CASES = """
UPDATE case_causes SET confirmed_by = $2
 WHERE confirmed_by IS NULL
   AND key IN (SELECT key FROM causes WHERE key = $1 OR merged_into = $1)
"""


async def confirm(tx: Connection, held: Held, who: str, now: datetime) -> None:
    """Store that a person confirmed a cause, with the title and the owner in `held`."""
    await tx.execute(_CONFIRM, held.key, held.title, held.owner, who, now)
    await tx.execute(_CONFIRM_CASES, held.key, who)


_ASSIGN = """
UPDATE case_causes SET key = $2, confirmed_by = $3 WHERE case_id = $1 RETURNING case_id
"""
_ASSIGN_NEW = """
INSERT INTO case_causes (case_id, key, customer_id, received_at, euros, suggested_by, confirmed_by)
SELECT case_id, $2, customer_id, received_at, $4, 'person', $3 FROM cases WHERE case_id = $1
"""


async def assign(  # noqa: PLR0913 - who says what of which case, and when
    tx: Connection,
    case_id: UUID,
    key: str,
    who: str,
    now: datetime,
    *,
    euros: Decimal = Decimal(0),
) -> None:
    """Store the cause that a person named for one case; the rules do not change it any more."""
    await tx.execute(_NAME, key, title_of(key), now)
    if await tx.fetchval(_ASSIGN, case_id, key, who) is None:
        await tx.execute(_ASSIGN_NEW, case_id, key, who, euros)


_REMOVE = """
UPDATE causes SET state = 'removed', removed_by = $2, removed_at = $3 WHERE key = $1
"""


async def remove(tx: Connection, key: str, who: str, now: datetime) -> None:
    """Store that a cause was removed: cases after this moment mean that it came back."""
    await tx.execute(_REMOVE, key, who, now)


_AFFECTED = """
INSERT INTO affected (key, customer_id, named_by, named_at)
SELECT $1, customer, $3, $4 FROM unnest($2::text[]) AS customer ORDER BY customer
ON CONFLICT (key, customer_id) DO NOTHING
RETURNING customer_id
"""


async def name_affected(
    tx: Connection, key: str, customers: Sequence[str], who: str, now: datetime
) -> int:
    """Store customers whom the cause affected; return how many were not named before."""
    return len(await tx.fetch(_AFFECTED, key, sorted(set(customers)), who, now))


_REDRESSED = """
INSERT INTO affected AS a (key, customer_id, named_by, named_at, redressed_at, redressed_by)
SELECT $1, customer, $3, $4, $4, $3 FROM unnest($2::text[]) AS customer ORDER BY customer
ON CONFLICT (key, customer_id) DO UPDATE
   SET redressed_at = excluded.redressed_at, redressed_by = excluded.redressed_by
 WHERE a.redressed_at IS NULL
RETURNING customer_id
"""


async def mark_redressed(
    tx: Connection, key: str, customers: Sequence[str], who: str, now: datetime
) -> int:
    """Store whom the bank has made it good to; return how many were not marked before."""
    return len(await tx.fetch(_REDRESSED, key, sorted(set(customers)), who, now))
