"""Leases notices of the queue to a process that sends them.

Invariant: one lease at a time, by the database's clock; whoever has lost one changes nothing more.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg

from services.notifier.domain import Channel, Language, Outgoing
from services.notifier.rows import plan_of, recipient_of
from services.notifier.telling import AT_ONCE
from shared.postgres import Connection

# What is claimed keeps its place in the queue: no index changes, and the row stays on its page.
_CLAIM = """
WITH due AS (
    SELECT notice_id FROM queue
     WHERE channel = $1 AND due_at <= now() AND leased_until <= now()
     ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE queue q SET lease = $3, leased_until = now() + $4
      FROM due WHERE q.notice_id = due.notice_id
 RETURNING q.notice_id, q.attempts
)
SELECT n.id, n.case_id, n.customer_id, n.sequence, n.channel, n.language, n.content, n.cause_id,
       n.traceparent, n.planned_at, n.queued_at, n.again_at, n.taken_at IS NOT NULL AS taken,
       c.attempts,
       r.name, r.email, r.webhook, r.jurisdiction, r.phone, r.preferred, r.unusable,
       CASE WHEN n.channel = 'webhook' AND n.again_of IS NULL
            THEN EXISTS (SELECT FROM webhooks w
                          WHERE w.url = r.webhook AND w.disabled_at IS NOT NULL)
            ELSE false END AS disabled,
       CASE WHEN n.notice = 'verifying' AND n.again_of IS NULL
            THEN EXISTS (SELECT FROM notices l
                          WHERE l.case_id = n.case_id
                            AND l.planned_at >= n.planned_at - $5::interval
                            AND l.notice IN ('final_answer', 'in_review', 'question', 'delayed'))
            ELSE false END AS overtaken
  FROM claimed c JOIN notices n ON n.id = c.notice_id JOIN recipients r USING (case_id)
 ORDER BY n.planned_at
"""


async def claim(
    connection: Connection, channel: Channel, most: int, hold: timedelta
) -> list[Outgoing]:
    """Lease due notices of a channel, those planned first first."""
    lease = uuid4()
    rows = await connection.fetch(_CLAIM, channel, most, lease, hold, AT_ONCE)
    return [_outgoing(row, lease) for row in rows]


def _outgoing(row: asyncpg.Record, lease: UUID) -> Outgoing:
    return Outgoing(
        row["id"],
        lease,
        row["attempts"],
        row["queued_at"],
        plan_of(row),
        Channel(row["channel"]),
        Language(row["language"]),
        recipient_of(row),
        row["again_at"],
        row["disabled"],
        row["taken"],
        row["overtaken"],
    )


_RENEW = """
UPDATE queue q SET leased_until = now() + $3
  FROM unnest($1::uuid[], $2::uuid[]) AS s(id, lease)
 WHERE q.notice_id = s.id AND q.lease = s.lease
RETURNING q.notice_id
"""


async def renew(connection: Connection, held: Sequence[Outgoing], hold: timedelta) -> set[UUID]:
    """Hold notices for longer; returns those that are still held."""
    ids, leases = [o.id for o in held], [o.lease for o in held]
    return {row["notice_id"] for row in await connection.fetch(_RENEW, ids, leases, hold)}


_TAKE = """
WITH claimed AS (
    UPDATE queue q SET lease = $2 WHERE q.notice_id = $1 AND q.channel = $3
 RETURNING q.notice_id, q.attempts
)
SELECT n.id, n.case_id, n.customer_id, n.sequence, n.channel, n.language, n.content, n.cause_id,
       n.traceparent, n.planned_at, n.queued_at, n.again_at, n.taken_at IS NOT NULL AS taken,
       coalesce(c.attempts, 0) AS attempts,
       c.notice_id IS NOT NULL AS queued,
       r.name, r.email, r.webhook, r.jurisdiction, r.phone, r.preferred, r.unusable,
       false AS disabled, false AS overtaken
  FROM notices n LEFT JOIN claimed c ON n.id = c.notice_id JOIN recipients r USING (case_id)
 WHERE n.id = $1 AND n.channel = $3
"""


async def take(tx: Connection, notice_id: UUID, channel: Channel) -> tuple[Outgoing, bool] | None:
    """Take a notice of a channel over from its holder; says whether it was still in the queue."""
    lease = uuid4()
    row = await tx.fetchrow(_TAKE, notice_id, lease, channel)
    return None if row is None else (_outgoing(row, lease), row["queued"])


_HELD = """
SELECT n.id, n.case_id, n.customer_id, n.sequence, n.channel, n.language, n.content, n.cause_id,
       n.traceparent, n.planned_at, n.queued_at, n.again_at, n.taken_at IS NOT NULL AS taken,
       q.attempts, q.lease,
       r.name, r.email, r.webhook, r.jurisdiction, r.phone, r.preferred, r.unusable,
       false AS disabled, false AS overtaken
  FROM unnest($1::uuid[], $2::uuid[]) AS s(id, lease)
  JOIN queue q ON q.notice_id = s.id AND q.lease = s.lease
  JOIN notices n ON n.id = s.id JOIN recipients r USING (case_id)
"""


async def held(tx: Connection, leases: Sequence[tuple[UUID, UUID]]) -> list[Outgoing]:
    """Return what is still in the queue under these leases, given as (notice, lease)."""
    rows = await tx.fetch(_HELD, [n for n, _ in leases], [lease for _, lease in leases])
    return [_outgoing(row, row["lease"]) for row in rows]
