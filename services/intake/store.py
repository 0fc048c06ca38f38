"""A customer's later messages, and what the HTTP interface reads of the cases."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
from opentelemetry.context import Context
from opentelemetry.trace import Tracer

from services.intake.claims import claim
from services.intake.domain import Accepted, Conflict, Idempotency, Unknown
from services.intake.submission import ACCEPTED, saying_of
from shared import outbox
from shared.events.catalogue import CaseSubmitted
from shared.outbox import Pending
from shared.postgres import Connection, Pool
from shared.publisher import Publisher

NEWEST: Final = UUID(int=(1 << 128) - 1)
_CONNECT = 3.0

_LOCK = """
SELECT s.opened, c.messages FROM cases c JOIN submissions s USING (case_id)
 WHERE c.case_id = $1 FOR UPDATE OF c
"""
_COUNT = "UPDATE cases SET messages = $2 WHERE case_id = $1"
_ADD_MESSAGE = """
WITH added AS (
    INSERT INTO messages (case_id, sequence, channel, body, received_at, accepted_at)
    VALUES ($1, $2, $3, $4, $5, $6)
)
INSERT INTO journeys (case_id, sequence, submitted_event_id, accepted_at, next_redrive_at)
VALUES ($1, $2, $7, $6, now() + $8::interval)
"""


@dataclass(frozen=True, slots=True)
class Messages:
    """Stores a later message together with its event."""

    pool: Pool
    publisher: Publisher
    tracer: Tracer
    source: str
    redrive_after: timedelta
    publish: Callable[[Sequence[Pending]], None]

    async def add(
        self,
        case_id: UUID,
        build: Callable[[CaseSubmitted, int], CaseSubmitted],
        idempotency: Idempotency | None,
        parent: Context,
    ) -> Accepted | Conflict | Unknown:
        """Store the message that `build` makes of the case and the next sequence number.

        Raises:
            OSError, asyncpg.PostgresError: the database is away.

        """
        async with self.pool.acquire(timeout=_CONNECT) as connection, connection.transaction():
            case = await connection.fetchrow(_LOCK, case_id)
            if case is None:
                return Unknown()
            sequence = case["messages"] + 1
            if idempotency is not None:
                taken = await claim(connection, [(idempotency, case_id, sequence)])
                for first, first_case, first_sequence in taken.values():
                    if first.fingerprint != idempotency.fingerprint:
                        return Conflict()
                    return Accepted(first_case, first_sequence, fresh=False)
            event = build(CaseSubmitted.model_validate_json(case["opened"]), sequence)
            saying = saying_of(event, event.model_dump_json(), parent)
            await connection.execute(_COUNT, case_id, sequence)
            await connection.execute(
                _ADD_MESSAGE,
                case_id,
                sequence,
                event.channel.value,
                event.text,
                event.received_at,
                event.accepted_at,
                saying.event_id,
                self.redrive_after,
            )
            pending = await outbox.add(
                connection, self.source, self.tracer, [saying], self.publisher.hold
            )
        ACCEPTED.labels("message").inc()
        self.publish(pending)
        return Accepted(case_id, sequence, fresh=True)


@dataclass(frozen=True, slots=True)
class StoredCase:
    """Everything that is stored of one case."""

    case: asyncpg.Record
    messages: Sequence[asyncpg.Record]
    timeline: Sequence[asyncpg.Record]


_CASE = "SELECT c.*, s.opened FROM cases c JOIN submissions s USING (case_id) WHERE case_id = $1"
_MESSAGES = """
SELECT sequence, channel, body, received_at, accepted_at FROM messages
 WHERE case_id = $1 ORDER BY sequence
"""
_TIMELINE = """
SELECT at, event, detail FROM timeline WHERE case_id = $1 ORDER BY at, event_id
"""


async def find(connection: Connection, case_id: UUID) -> StoredCase | None:
    """Return a case with its messages and timeline."""
    case = await connection.fetchrow(_CASE, case_id)
    if case is None:
        return None
    return StoredCase(
        case,
        await connection.fetch(_MESSAGES, case_id),
        await connection.fetch(_TIMELINE, case_id),
    )


@dataclass(frozen=True, slots=True)
class Filter:
    """Which cases are listed; a case that was answered is due no more."""

    status: str | None = None
    customer: str | None = None
    due_before: datetime | None = None


# One statement for each index that may lead: newest first is the id, downwards.
_BY_CUSTOMER = """
SELECT * FROM cases
 WHERE customer_id = $1 AND case_id < $2 AND ($3::text IS NULL OR status = $3)
   AND ($4::timestamptz IS NULL
        OR answer_due_at < $4 AND status NOT IN ('decided', 'closed'))
 ORDER BY case_id DESC LIMIT $5
"""
_BY_DUE = """
SELECT * FROM cases
 WHERE answer_due_at < $1 AND status NOT IN ('decided', 'closed')
   AND case_id < $2 AND ($3::text IS NULL OR status = $3)
 ORDER BY case_id DESC LIMIT $4
"""
_BY_STATUS = """
SELECT * FROM cases WHERE status = $1 AND case_id < $2 ORDER BY case_id DESC LIMIT $3
"""
_ALL = "SELECT * FROM cases WHERE case_id < $1 ORDER BY case_id DESC LIMIT $2"


async def listed(
    connection: Connection, chosen: Filter, before: UUID, most: int
) -> list[asyncpg.Record]:
    """Return cases older than `before`, newest first."""
    arguments: tuple[Any, ...]
    if chosen.customer is not None:
        arguments = (chosen.customer, before, chosen.status, chosen.due_before, most)
        return await connection.fetch(_BY_CUSTOMER, *arguments)
    if chosen.due_before is not None:
        return await connection.fetch(_BY_DUE, chosen.due_before, before, chosen.status, most)
    if chosen.status is not None:
        return await connection.fetch(_BY_STATUS, chosen.status, before, most)
    return await connection.fetch(_ALL, before, most)
