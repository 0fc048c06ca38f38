"""What the notifier keeps of notices: what is told, and the queue of those still to be sent.

Invariants: a notice is queued once; a claimed row is written only by the holder of its lease; the
database's clock says what is due.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from services.notifier.attempts import Again, Back, Settled, Verdict
from services.notifier.domain import Channel, Language, Outgoing, Planned, Unreachable
from services.notifier.rows import plan_of, recipient_of
from shared.postgres import Connection

WAKE: Final = "notifier_queue"
"""The PostgreSQL channel that says, at the commit, that something was queued."""

_QUEUE = """
WITH added AS (
    INSERT INTO notices (id, case_id, customer_id, notice, sequence, channel, language, content,
                         cause_id, traceparent, planned_at)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::integer[], $6::text[],
                         $7::text[], $8::json[], $9::uuid[], $10::text[], $11::timestamptz[])
    ON CONFLICT (id) DO NOTHING
 RETURNING id, channel, planned_at
), queued AS (
    INSERT INTO queue (notice_id, channel, due_at)
    SELECT id, channel, least(now(), planned_at) FROM added
)
SELECT pg_notify($12, '')
"""

_GIVE_UP = """
INSERT INTO notices (id, case_id, customer_id, notice, sequence, channel, language, content,
                     cause_id, traceparent, planned_at, outcome, settled_at)
SELECT n.*, 'no_contact', now()
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::integer[], $6::text[],
              $7::text[], $8::json[], $9::uuid[], $10::text[], $11::timestamptz[]) AS n
ON CONFLICT (id) DO NOTHING
RETURNING id
"""


async def queue(tx: Connection, notices: Sequence[Planned]) -> None:
    """Queue notices for sending and wake the senders at the commit; repeats change nothing."""
    if notices:
        await tx.execute(_QUEUE, *_columns(notices, [n.channel for n in notices]), WAKE)


async def give_up(tx: Connection, notices: Sequence[Unreachable]) -> set[UUID]:
    """Note that there is no way to these customers; returns the ids that are new."""
    if not notices:
        return set()
    columns = _columns(notices, ["none"] * len(notices))
    return {row["id"] for row in await tx.fetch(_GIVE_UP, *columns)}


def _columns(
    notices: Sequence[Planned | Unreachable], channels: Sequence[str]
) -> tuple[Sequence[object], ...]:
    plans = [n.plan for n in notices]
    return (
        [n.id for n in notices],
        [p.case_id for p in plans],
        [p.customer_id for p in plans],
        [p.content.notice for p in plans],
        [p.sequence for p in plans],
        channels,
        [n.language for n in notices],
        [p.content.model_dump_json() for p in plans],
        [p.cause_id for p in plans],
        [p.traceparent for p in plans],
        [p.planned_at for p in plans],
    )


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
SELECT n.id, n.case_id, n.customer_id, n.sequence, n.language, n.content, n.cause_id,
       n.traceparent, n.planned_at, n.queued_at, c.attempts,
       r.name, r.email, r.webhook, r.jurisdiction
  FROM claimed c JOIN notices n ON n.id = c.notice_id JOIN recipients r USING (case_id)
 ORDER BY n.planned_at
"""


async def claim(
    connection: Connection, channel: Channel, most: int, hold: timedelta
) -> list[Outgoing]:
    """Lease due notices of a channel, those planned first first."""
    lease = uuid4()
    return [
        Outgoing(
            row["id"],
            lease,
            row["attempts"],
            row["queued_at"],
            plan_of(row),
            channel,
            Language(row["language"]),
            recipient_of(row),
        )
        for row in await connection.fetch(_CLAIM, channel, most, lease, hold)
    ]


_SETTLE = """
WITH s AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[])
        AS s(id, lease, outcome, detail)
), done AS (
    DELETE FROM queue q USING s WHERE q.notice_id = s.id AND q.lease = s.lease
 RETURNING s.id, s.outcome, s.detail
)
UPDATE notices n SET outcome = done.outcome, detail = done.detail, settled_at = now()
  FROM done WHERE n.id = done.id
RETURNING n.id, n.settled_at
"""

_AGAIN = """
UPDATE queue q
   SET lease = NULL, leased_until = '-infinity', attempts = q.attempts + 1, due_at = now() + s.pause
  FROM unnest($1::uuid[], $2::uuid[], $3::interval[]) AS s(id, lease, pause)
 WHERE q.notice_id = s.id AND q.lease = s.lease
"""

_BACK = """
UPDATE queue q SET lease = NULL, leased_until = '-infinity'
  FROM unnest($1::uuid[], $2::uuid[]) AS s(id, lease)
 WHERE q.notice_id = s.id AND q.lease = s.lease
"""


async def settle(
    tx: Connection, verdicts: Sequence[tuple[Outgoing, Verdict]]
) -> dict[UUID, datetime]:
    """Write what follows from attempts, bulk by bulk; returns when each notice was closed.

    A notice whose lease was lost is not written and not returned.
    """
    settled = [(o.id, o.lease, v.outcome, v.detail) for o, v in verdicts if isinstance(v, Settled)]
    again = [(o.id, o.lease, v.after) for o, v in verdicts if isinstance(v, Again)]
    back = [(o.id, o.lease) for o, v in verdicts if isinstance(v, Back)]
    if again:
        await tx.execute(_AGAIN, *zip(*again, strict=True))
    if back:
        await tx.execute(_BACK, *zip(*back, strict=True))
    if not settled:
        return {}
    rows = await tx.fetch(_SETTLE, *zip(*settled, strict=True))
    return {row["id"]: row["settled_at"] for row in rows}


_QUEUED = "SELECT count(*) FROM (SELECT 1 FROM queue WHERE channel = $1 LIMIT 100000) q"


async def queued(connection: Connection, channel: Channel) -> int:
    """Count the notices that are not yet settled (100,000 stands for more)."""
    return int(await connection.fetchval(_QUEUED, channel))
