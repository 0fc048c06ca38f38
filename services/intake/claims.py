"""Idempotency-Keys: each is taken once, for one request, whoever comes first and however often.

Invariant: a key is taken in the transaction that stores its case, so neither is ever without the
other. Keys are taken in one order everywhere; two transactions never wait for each other.
"""

from collections.abc import Sequence
from typing import TypeAlias
from uuid import UUID

from services.intake.domain import Idempotency
from shared.postgres import Connection

_CLAIM = """
INSERT INTO idempotency (owner, key, fingerprint, case_id, sequence)
SELECT owner, key, fingerprint, case_id, sequence
  FROM unnest($1::text[], $2::text[], $3::bytea[], $4::uuid[], $5::integer[])
       AS u(owner, key, fingerprint, case_id, sequence)
 ORDER BY owner, key
ON CONFLICT (owner, key) DO NOTHING
RETURNING owner, key
"""

_CLAIMED = """
SELECT i.owner, i.key, i.fingerprint, i.case_id, i.sequence
  FROM idempotency i JOIN unnest($1::text[], $2::text[]) AS u(owner, key) USING (owner, key)
"""

Key: TypeAlias = tuple[str, str]
"""Owner and key."""


async def claim(
    tx: Connection, claims: Sequence[tuple[Idempotency, UUID, int]]
) -> dict[Key, tuple[Idempotency, UUID, int]]:
    """Take keys for these messages; returns, for each key taken before, what it stands for.

    Waits for a transaction that is taking one of the keys at the same time.
    """
    rows = await tx.fetch(
        _CLAIM,
        [use.owner for use, _, _ in claims],
        [use.key for use, _, _ in claims],
        [use.fingerprint for use, _, _ in claims],
        [case_id for _, case_id, _ in claims],
        [sequence for _, _, sequence in claims],
    )
    fresh = {(row["owner"], row["key"]) for row in rows}
    taken = [use for use, _, _ in claims if (use.owner, use.key) not in fresh]
    if not taken:
        return {}
    rows = await tx.fetch(_CLAIMED, [use.owner for use in taken], [use.key for use in taken])
    return {
        (row["owner"], row["key"]): (
            Idempotency(row["owner"], row["key"], row["fingerprint"]),
            row["case_id"],
            row["sequence"],
        )
        for row in rows
    }
