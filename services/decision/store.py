"""The cases as they stand: loaded and stored a batch at a time.

Order of locks, for everybody who changes a case: customers (`lock_customers`), cases (`standing`),
certificates, the end of the log. `version` grows with every change of a row.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Final, Literal, TypeAlias
from uuid import UUID

from shared.events.catalogue import Queue
from shared.postgres import Connection

State: TypeAlias = Literal["decided", "referred", "verifying", "asked"]
"""`decided`: an answer stands, whatever a person still has to do with the case."""

HANDED_OVER: Final = "handed_over"
TOLD: Final = frozenset(
    {
        "vulnerable",
        "staff_conduct",
        "trust_contradicted",
        "verification_overdue",
        "verification_unanswered",
        "verification_answered_late",
        HANDED_OVER,
    }
)
"""Reasons to tell a person of a case whose answer stands and whose customer waits for nothing."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A case as it stands; positions are those of the decision log.

    `thought_position` is the last deliberation (answer or proposal; its inputs are the case with
    all its messages), `decided_position` the decision that stands. `answer_due_at` is the last day
    for the answer of a person, or of the customer where the case is `asked`.
    """

    case_id: UUID
    customer_id: str
    state: State
    sequence: int
    received_at: datetime
    goodwill_eur: Decimal | None = None
    revision: int = 0
    version: int = 0
    waiting: bool = False
    queue: Queue | None = None
    reason: str | None = None
    assignee: str | None = None
    referred_at: datetime | None = None
    answer_due_at: datetime | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    decided_position: int | None = None
    thought_position: int | None = None
    cause: str | None = None

    @property
    def customer_waits(self) -> bool:
        """Whether the customer waits for an answer: there is none, or they have written since."""
        return self.state != "decided" or (self.waiting and self.reason not in TOLD)


_LOCK = "SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS key"


async def lock_customers(tx: Connection, customers: Iterable[str]) -> None:
    """Let nobody else decide for these customers until the transaction ends.

    What was given to a customer is counted and added to under this lock, whoever decides. It is
    taken in one order by everybody, so that two batches cannot wait for each other.
    """
    await tx.execute(_LOCK, sorted({_key(customer) for customer in customers}))


def _key(customer: str) -> int:
    digest = hashlib.blake2b(customer.encode(), digest_size=8, person=b"customer").digest()
    return int.from_bytes(digest, "big", signed=True)


_STANDING = """
SELECT case_id, customer_id, state, sequence, received_at, goodwill_eur, revision, version, waiting,
       queue, reason, assignee, referred_at, answer_due_at, decided_by, decided_at,
       decided_position, thought_position, cause
  FROM cases WHERE case_id = ANY($1) ORDER BY case_id FOR UPDATE
"""


async def standing(tx: Connection, cases: Sequence[UUID]) -> dict[UUID, Standing]:
    """Lock these cases and return how they stand; one that is new is not in the result."""
    return {
        row["case_id"]: Standing(
            **{**row, "queue": Queue(row["queue"]) if row["queue"] else None},
        )
        for row in await tx.fetch(_STANDING, cases)
    }


_INSERTED: Final = (
    "case_id",
    "customer_id",
    "state",
    "sequence",
    "received_at",
    "goodwill_eur",
    "waiting",
    "queue",
    "reason",
    "referred_at",
    "answer_due_at",
    "decided_by",
    "decided_at",
    "decided_position",
    "thought_position",
    "cause",
    "revision",
)
_values = attrgetter(*_INSERTED)
_UPDATE = """
UPDATE cases c
   SET state = r.state, sequence = r.sequence, goodwill_eur = r.goodwill_eur, waiting = r.waiting,
       queue = r.queue, reason = r.reason, referred_at = r.referred_at,
       answer_due_at = r.answer_due_at, decided_by = r.decided_by, decided_at = r.decided_at,
       decided_position = r.decided_position, thought_position = r.thought_position,
       cause = r.cause, received_at = r.received_at, revision = r.revision,
       assignee = r.assignee,
       taken_until = CASE WHEN r.assignee IS NULL THEN NULL ELSE c.taken_until END,
       version = c.version + 1
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::integer[], $5::timestamptz[], $6::numeric[],
              $7::boolean[], $8::text[], $9::text[], $10::timestamptz[], $11::timestamptz[],
              $12::text[], $13::timestamptz[], $14::bigint[], $15::bigint[], $16::text[],
              $17::integer[], $18::text[])
       AS r(case_id, customer_id, state, sequence, received_at, goodwill_eur, waiting, queue,
            reason, referred_at, answer_due_at, decided_by, decided_at, decided_position,
            thought_position, cause, revision, assignee)
 WHERE c.case_id = r.case_id
"""


async def store(tx: Connection, rows: Sequence[Standing]) -> None:
    """Store how cases stand now; `version` 0 is a new case, others were loaded by `standing`."""
    new = [row for row in rows if row.version == 0]
    changed = [row for row in rows if row.version > 0]
    if new:
        await tx.copy_records_to_table("cases", records=map(_values, new), columns=_INSERTED)
    if changed:
        await tx.execute(
            _UPDATE,
            *_columns(changed),
            [row.assignee for row in changed],
        )


def _columns(rows: Sequence[Standing]) -> list[tuple[object, ...]]:
    return list(zip(*map(_values, rows), strict=True))
