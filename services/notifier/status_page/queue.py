"""Replies on their way to intake, as a queue.

Invariants: a reply is settled by the holder of its lease alone, and stays until intake has it; the
database's clock says what is due.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from shared.postgres import Connection


@dataclass(frozen=True, slots=True)
class Leased:
    """A reply that this process may hand over until its lease runs out."""

    id: UUID
    lease: UUID
    case_id: UUID
    body: str
    attempts: int


_CLAIM = """
WITH due AS (
    SELECT id FROM replies
     WHERE outcome IS NULL AND due_at <= now() AND leased_until <= now()
     ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED
)
UPDATE replies r SET lease = $2, leased_until = now() + $3 FROM due WHERE r.id = due.id
RETURNING r.id, r.case_id, r.body, r.attempts
"""


async def claim(connection: Connection, most: int, hold: timedelta) -> list[Leased]:
    """Lease replies that are due."""
    lease = uuid4()
    return [
        Leased(row["id"], lease, row["case_id"], row["body"], row["attempts"])
        for row in await connection.fetch(_CLAIM, most, lease, hold)
    ]


_HANDED_OVER = """
UPDATE replies SET outcome = 'handed_over', settled_at = now(), sequence = $3, body = '',
                   lease = NULL
 WHERE id = $1 AND lease = $2
"""
_REFUSED = """
UPDATE replies SET outcome = 'refused', settled_at = now(), detail = $3, lease = NULL
 WHERE id = $1 AND lease = $2
"""
_AGAIN = """
UPDATE replies SET lease = NULL, leased_until = '-infinity', attempts = attempts + 1,
                   due_at = now() + $3
 WHERE id = $1 AND lease = $2
"""


async def handed_over(connection: Connection, reply: Leased, sequence: int) -> None:
    """Note that intake has a reply; nothing where the lease was lost."""
    await connection.execute(_HANDED_OVER, reply.id, reply.lease, sequence)


async def refused(connection: Connection, reply: Leased, why: str) -> None:
    """Note that intake will never take a reply; its words stay, for the operator."""
    await connection.execute(_REFUSED, reply.id, reply.lease, why)


async def again(connection: Connection, reply: Leased, pause: timedelta) -> None:
    """Put a reply back, to be handed over after a pause."""
    await connection.execute(_AGAIN, reply.id, reply.lease, pause)


_WAITING: Final = "SELECT count(*) FROM replies WHERE outcome IS NULL"


async def waiting(connection: Connection) -> int:
    """Count the replies that intake does not have yet."""
    return int(await connection.fetchval(_WAITING))
