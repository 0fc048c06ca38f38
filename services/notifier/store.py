"""What the notifier keeps of notices: what is told, and the queue of those still to be sent.

Invariants: a notice is queued once; a claimed row is settled only by the holder of its lease; the
database's clock says what is due.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from services.notifier.attempts import Again, Back, Dropped, Later, Settled, Verdict
from services.notifier.domain import (
    Channel,
    FinalAnswer,
    Outgoing,
    Planned,
    Unreachable,
)
from services.notifier.retelling import Answered, Told
from services.notifier.rows import content_of
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
 RETURNING id, channel, notice, planned_at
), queued AS (
    INSERT INTO queue (notice_id, channel, due_at)
    SELECT id, channel,
           CASE WHEN notice = 'verifying' THEN planned_at ELSE least(now(), planned_at) END
      FROM added
)
SELECT pg_notify($12, '')
"""

_TOLD = """
SELECT case_id, language, content, planned_at FROM notices
 WHERE case_id = ANY($1) ORDER BY planned_at
"""


async def told(tx: Connection, cases: Collection[UUID]) -> dict[UUID, Told]:
    """Return what was told in these cases, the newest last."""
    found: dict[UUID, Told] = {}
    for row in await tx.fetch(_TOLD, list(cases)):
        content = content_of(row["content"])
        so_far = found.get(row["case_id"], Told())
        answers = so_far.answers
        known = {one.answer for one in answers}
        if isinstance(content, FinalAnswer) and content not in known:
            answers = (*answers, Answered(content, row["planned_at"]))
        found[row["case_id"]] = Told(row["language"], answers)
    return found


_GIVE_UP = """
WITH added AS (
    INSERT INTO notices (id, case_id, customer_id, notice, sequence, channel, language, content,
                         cause_id, traceparent, planned_at, detail, outcome, settled_at)
    SELECT n.*, 'no_contact', now()
      FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::integer[], $6::text[],
                  $7::text[], $8::json[], $9::uuid[], $10::text[], $11::timestamptz[],
                  $12::text[]) AS n
    ON CONFLICT (id) DO NOTHING
 RETURNING id
), failed AS (
    INSERT INTO failures (notice_id) SELECT id FROM added ON CONFLICT DO NOTHING
)
SELECT id FROM added
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
    whys = [notice.why for notice in notices]
    return {row["id"] for row in await tx.fetch(_GIVE_UP, *columns, whys)}


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


_SETTLE = """
WITH s AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bytea[],
                         $7::text[])
        AS s(id, lease, outcome, detail, subject, said_sha256, texts)
), done AS (
    DELETE FROM queue q USING s WHERE q.notice_id = s.id AND q.lease = s.lease
 RETURNING s.*
), failed AS (
    INSERT INTO failures (notice_id) SELECT id FROM done WHERE outcome = 'failed'
    ON CONFLICT DO NOTHING
)
UPDATE notices n
   SET outcome = done.outcome, detail = done.detail, settled_at = now(), subject = done.subject,
       said_sha256 = done.said_sha256, texts = done.texts
  FROM done WHERE n.id = done.id
RETURNING n.id, n.settled_at
"""

_AGAIN = """
UPDATE queue q
   SET lease = NULL, leased_until = '-infinity', attempts = q.attempts + 1, due_at = now() + s.pause
  FROM unnest($1::uuid[], $2::uuid[], $3::interval[]) AS s(id, lease, pause)
 WHERE q.notice_id = s.id AND q.lease = s.lease
"""

_LATER = """
UPDATE queue q SET lease = NULL, leased_until = '-infinity', due_at = now() + s.pause
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
    settled = [
        (o.id, o.lease, v.outcome, v.detail, *_proof(v))
        for o, v in verdicts
        if isinstance(v, Settled)
    ]
    later = [(o.id, o.lease, v.after) for o, v in verdicts if isinstance(v, Later)]
    again = [(o.id, o.lease, v.after) for o, v in verdicts if isinstance(v, Again)]
    back = [(o.id, o.lease) for o, v in verdicts if isinstance(v, Back)]
    if again:
        await tx.execute(_AGAIN, *zip(*again, strict=True))
    if later:
        await tx.execute(_LATER, *zip(*later, strict=True))
    if back:
        await tx.execute(_BACK, *zip(*back, strict=True))
    dropped = [
        (o.id, o.lease, "overtaken", None, *_NO_PROOF)
        for o, v in verdicts
        if isinstance(v, Dropped)
    ]
    if not (settled or dropped):
        return {}
    rows = await tx.fetch(_SETTLE, *zip(*settled, *dropped, strict=True))
    return {row["id"]: row["settled_at"] for row in rows}


_NO_PROOF: Final = (None, None, None)


def _proof(verdict: Settled) -> tuple[str | None, bytes | None, str | None]:
    said = verdict.said
    return (said.subject, said.sha256, said.texts) if said else (None, None, None)


# Those kept back (night, too many to one contact) are not waiting for the receiving side.
_QUEUED = """
SELECT count(*) FROM (SELECT 1 FROM queue
                       WHERE channel = $1 AND (due_at <= now() OR attempts > 0) LIMIT 100000) q
"""


async def queued(connection: Connection, channel: Channel) -> int:
    """Count the notices that could not be sent yet (100,000 stands for more)."""
    return int(await connection.fetchval(_QUEUED, channel))
