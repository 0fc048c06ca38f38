"""The cases' standing answers: loaded and stored a batch at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from shared.events.catalogue import Queue
from shared.postgres import Connection


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands for a case at this moment."""

    state: Literal["decided", "referred"]
    sequence: int
    queue: Queue | None


@dataclass(frozen=True, slots=True)
class PastGoodwill:
    """One goodwill that a customer was given."""

    case_id: UUID
    received_at: datetime
    euros: Decimal


@dataclass(frozen=True, slots=True)
class Row:
    """A case's answer as it is stored; `outcome` and `inputs` are JSON."""

    case_id: UUID
    customer_id: str
    state: Literal["decided", "referred"]
    sequence: int
    received_at: datetime
    goodwill_eur: Decimal | None
    queue: Queue | None
    outcome: str
    inputs: str
    policy: str
    decided_at: datetime


_STANDING = "SELECT case_id, state, sequence, queue FROM cases WHERE case_id = ANY($1)"
_GOODWILL = """
SELECT customer_id, case_id, received_at, goodwill_eur FROM cases
 WHERE customer_id = ANY($1) AND goodwill_eur IS NOT NULL
"""


async def standing(tx: Connection, cases: Sequence[UUID]) -> dict[UUID, Standing]:
    """Return what stands for these cases; a case that is new is not in the result."""
    rows = await tx.fetch(_STANDING, cases)
    return {
        row["case_id"]: Standing(
            row["state"], row["sequence"], Queue(row["queue"]) if row["queue"] else None
        )
        for row in rows
    }


async def past_goodwill(tx: Connection, customers: Sequence[str]) -> dict[str, list[PastGoodwill]]:
    """Return every goodwill that these customers were given."""
    past: dict[str, list[PastGoodwill]] = {}
    for row in await tx.fetch(_GOODWILL, list(set(customers))):
        past.setdefault(row["customer_id"], []).append(
            PastGoodwill(row["case_id"], row["received_at"], row["goodwill_eur"])
        )
    return past


_STORE = """
INSERT INTO cases (case_id, customer_id, state, sequence, received_at, goodwill_eur, queue,
                   outcome, inputs, policy, decided_at)
SELECT r.case_id, r.customer_id, r.state, r.sequence, r.received_at, r.goodwill_eur, r.queue,
       r.outcome::json, r.inputs, r.policy, r.decided_at
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::integer[], $5::timestamptz[], $6::numeric[],
              $7::text[], $8::text[], $9::text[], $10::text[], $11::timestamptz[])
       AS r(case_id, customer_id, state, sequence, received_at, goodwill_eur, queue, outcome,
            inputs, policy, decided_at)
ON CONFLICT (case_id) DO UPDATE
   SET sequence = greatest(cases.sequence, excluded.sequence),
       queue = coalesce(excluded.queue, cases.queue),
       outcome = CASE WHEN cases.state = 'decided' THEN cases.outcome ELSE excluded.outcome END,
       inputs = CASE WHEN cases.state = 'decided' THEN cases.inputs ELSE excluded.inputs END,
       policy = CASE WHEN cases.state = 'decided' THEN cases.policy ELSE excluded.policy END
"""


async def store(tx: Connection, rows: Sequence[Row]) -> None:
    """Store answers; a decision that stands is never written over."""
    values = _one_per_case(rows)
    await tx.execute(
        _STORE,
        [r.case_id for r in values],
        [r.customer_id for r in values],
        [r.state for r in values],
        [r.sequence for r in values],
        [r.received_at for r in values],
        [r.goodwill_eur for r in values],
        [r.queue for r in values],
        [r.outcome for r in values],
        [r.inputs for r in values],
        [r.policy for r in values],
        [r.decided_at for r in values],
    )


def _one_per_case(rows: Sequence[Row]) -> list[Row]:
    """Merge the messages of one case in one batch: its decision stays, a referral is renewed."""
    merged: dict[UUID, Row] = {}
    for row in rows:
        earlier = merged.get(row.case_id)
        if earlier is None or earlier.state == "referred":
            merged[row.case_id] = row
        else:
            merged[row.case_id] = replace(earlier, sequence=row.sequence, queue=row.queue)
    return list(merged.values())
