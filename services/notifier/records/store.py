"""Reads what was sent in a case, and queues a notice once more for an operator.

Invariant: what is sent again is a notice of its own, with who asked for it and why in its row.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from services.notifier.store import WAKE
from shared.postgres import Connection

_COLUMNS: Final = """
SELECT n.id, n.case_id, n.customer_id, n.notice, n.sequence, n.channel, n.language, n.content,
       n.cause_id, n.traceparent, n.planned_at, n.queued_at, n.outcome, n.detail, n.settled_at,
       n.subject, n.said_sha256, n.texts, n.taken_at, n.delivered_at, n.bounced_at, n.again_of,
       n.again_at, n.asked_by, n.asked_because, q.attempts, q.due_at, h.read_at
"""

_OF_CASE = (
    _COLUMNS
    + """
  FROM notices n LEFT JOIN queue q ON q.notice_id = n.id
  LEFT JOIN happenings h ON h.case_id = n.case_id AND h.id = n.cause_id
 WHERE n.case_id = $1 ORDER BY n.planned_at, n.queued_at, n.id
"""
)
_RECIPIENT = """
SELECT name, email, webhook, language, jurisdiction, phone, preferred, unusable
  FROM recipients WHERE case_id = $1 AND known
"""


async def of_case(connection: Connection, case_id: UUID) -> list[asyncpg.Record]:
    """Return the notices of a case, oldest first."""
    return await connection.fetch(_OF_CASE, case_id)


async def recipient(connection: Connection, case_id: UUID) -> asyncpg.Record | None:
    """Return whom they go to; nothing where the case is not known."""
    return await connection.fetchrow(_RECIPIENT, case_id)


_FAILED = (
    _COLUMNS
    + """
       , f.at AS failed_at
  FROM failures f JOIN notices n ON n.id = f.notice_id LEFT JOIN queue q ON q.notice_id = n.id
  LEFT JOIN happenings h ON h.case_id = n.case_id AND h.id = n.cause_id
 WHERE (f.at, f.notice_id) < ($1, $2) ORDER BY f.at DESC, f.notice_id DESC LIMIT $3
"""
)


async def failed(
    connection: Connection, before: tuple[datetime, UUID], most: int
) -> list[asyncpg.Record]:
    """Return notices that did not reach their customer, the newest failure first."""
    return await connection.fetch(_FAILED, *before, most)


_WEBHOOKS = """
SELECT url, failures, failing_since, disabled_at, why FROM webhooks
 WHERE disabled_at IS NOT NULL ORDER BY disabled_at DESC LIMIT $1
"""


async def disabled_receivers(connection: Connection, most: int) -> list[asyncpg.Record]:
    """Return receivers of webhooks that are not called any more."""
    return await connection.fetch(_WEBHOOKS, most)


_AGAIN = """
WITH added AS (
    INSERT INTO notices (id, case_id, customer_id, notice, sequence, channel, language, content,
                         cause_id, traceparent, planned_at, again_of, again_at, asked_by,
                         asked_because)
    SELECT $2, case_id, customer_id, notice, sequence, channel, language, content, cause_id,
           traceparent, now(), id, settled_at, $3, $4
      FROM notices WHERE id = $1
    ON CONFLICT (id) DO NOTHING
 RETURNING id, channel, planned_at
), queued AS (
    INSERT INTO queue (notice_id, channel, due_at) SELECT id, channel, planned_at FROM added
)
SELECT count(*), pg_notify($5, '') FROM added
"""


async def again(tx: Connection, notice_id: UUID, new_id: UUID, actor: str, reason: str) -> bool:
    """Queue a settled notice once more; the same `new_id` again changes nothing."""
    row = await tx.fetchrow(_AGAIN, notice_id, new_id, actor, reason, WAKE)
    return row is not None and row["count"] == 1


_TEXTS = "SELECT body FROM texts WHERE version = $1"
_KEEP_TEXTS = "INSERT INTO texts (version, body) VALUES ($1, $2) ON CONFLICT DO NOTHING"


async def texts(connection: Connection, version: str) -> str | None:
    """Return the texts of a version, as JSON."""
    found = await connection.fetchval(_TEXTS, version)
    return None if found is None else str(found)


async def keep_texts(connection: Connection, version: str, body: str) -> None:
    """Keep the texts of a version for as long as this database lives."""
    await connection.execute(_KEEP_TEXTS, version, body)
