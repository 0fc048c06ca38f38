"""What the notifier keeps: recipients, notices and the queue of those still to be sent.

Invariants: a notice is queued once; a claimed row is written only by the holder of its lease; the
database's clock says what is due.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import asyncpg

from services.notifier.domain import (
    CONTENT,
    Again,
    Back,
    Channel,
    Language,
    Outgoing,
    Plan,
    Planned,
    Recipient,
    Settled,
    Unreachable,
    Verdict,
)
from shared.postgres import Connection

WAKE: Final = "notifier_queue"
"""The PostgreSQL channel that says, at the commit, that something was queued."""

# Rows are written in the order of their keys: two batches that share cases then cannot deadlock.
_REMEMBER = """
INSERT INTO recipients AS r (case_id, known, name, email, webhook, language, jurisdiction)
SELECT s.case_id, true, s.name, s.email, s.webhook, s.language, s.jurisdiction
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
       AS s(case_id, name, email, webhook, language, jurisdiction)
 ORDER BY s.case_id
ON CONFLICT (case_id) DO UPDATE
   SET known = true, name = excluded.name, email = excluded.email, webhook = excluded.webhook,
       language = excluded.language, jurisdiction = excluded.jurisdiction
 WHERE NOT r.known
RETURNING r.case_id, (xmax <> 0) AS awaited
"""

_RELEASE = """
DELETE FROM waiting WHERE case_id = ANY($1)
RETURNING case_id, customer_id, sequence, content, language, cause_id, traceparent, planned_at
"""


async def remember(tx: Connection, recipients: Mapping[UUID, Recipient]) -> list[Plan]:
    """Store whom cases' notices go to; returns the plans that waited for it, oldest first."""
    if not recipients:
        return []
    known = list(recipients.values())
    rows = await tx.fetch(
        _REMEMBER,
        list(recipients),
        [r.name for r in known],
        [r.email for r in known],
        [r.webhook for r in known],
        [r.language for r in known],
        [r.jurisdiction for r in known],
    )
    awaited = [row["case_id"] for row in rows if row["awaited"]]
    if not awaited:
        return []
    released = [_plan(row) for row in await tx.fetch(_RELEASE, awaited)]
    return sorted(released, key=lambda plan: plan.planned_at)


_RECIPIENTS = """
SELECT case_id, name, email, webhook, language, jurisdiction
  FROM recipients WHERE case_id = ANY($1) AND known
"""

# Locks the case's row, so that the case itself, coming at the same time, sees that we wait.
_AWAIT = """
INSERT INTO recipients AS r (case_id, known)
SELECT s.case_id, false FROM unnest($1::uuid[]) AS s(case_id) ORDER BY s.case_id
ON CONFLICT (case_id) DO UPDATE SET known = r.known
RETURNING r.case_id, r.known, r.name, r.email, r.webhook, r.language, r.jurisdiction
"""


async def recipients_of(tx: Connection, cases: Collection[UUID]) -> dict[UUID, Recipient]:
    """Return the recipients of cases; for a case left out, the next `remember` releases plans."""
    if not cases:
        return {}
    found = {row["case_id"]: _recipient(row) for row in await tx.fetch(_RECIPIENTS, list(cases))}
    missing = [case_id for case_id in set(cases) if case_id not in found]
    if missing:
        rows = await tx.fetch(_AWAIT, missing)
        found |= {row["case_id"]: _recipient(row) for row in rows if row["known"]}
    return found


_WAIT = """
INSERT INTO waiting (case_id, notice, sequence, customer_id, language, content, cause_id,
                     traceparent, planned_at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::jsonb[],
                     $7::uuid[], $8::text[], $9::timestamptz[])
ON CONFLICT DO NOTHING
"""


async def keep_waiting(tx: Connection, plans: Sequence[Plan]) -> None:
    """Keep plans until their case's recipient is known."""
    if plans:
        await tx.execute(
            _WAIT,
            [p.case_id for p in plans],
            [p.content.notice for p in plans],
            [p.sequence for p in plans],
            [p.customer_id for p in plans],
            [p.language for p in plans],
            [p.content.model_dump_json() for p in plans],
            [p.cause_id for p in plans],
            [p.traceparent for p in plans],
            [p.planned_at for p in plans],
        )


_QUEUE = """
WITH added AS (
    INSERT INTO notices (id, case_id, customer_id, notice, sequence, channel, language, content,
                         cause_id, traceparent, planned_at, outcome, settled_at)
    SELECT n.*, $12, CASE WHEN $12::text IS NOT NULL THEN now() END
      FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::integer[], $6::text[],
                  $7::text[], $8::jsonb[], $9::uuid[], $10::text[], $11::timestamptz[]) AS n
    ON CONFLICT (id) DO NOTHING
 RETURNING id, channel, planned_at
), queued AS (
    INSERT INTO queue (notice_id, channel, due_at)
    SELECT id, channel, least(now(), planned_at) FROM added WHERE $12::text IS NULL
)
SELECT id FROM added
"""
_NOTIFY = f"NOTIFY {WAKE}"


async def queue(tx: Connection, notices: Sequence[Planned]) -> None:
    """Queue notices for sending and wake the senders at the commit; repeats change nothing."""
    if notices:
        await _add(tx, notices, [n.channel for n in notices], outcome=None)
        await tx.execute(_NOTIFY)


async def give_up(tx: Connection, notices: Sequence[Unreachable]) -> set[UUID]:
    """Note that there is no way to these customers; returns the ids that are new."""
    if not notices:
        return set()
    return await _add(tx, notices, ["none"] * len(notices), outcome="no_contact")


async def _add(
    tx: Connection,
    notices: Sequence[Planned | Unreachable],
    channels: Sequence[str],
    outcome: str | None,
) -> set[UUID]:
    plans = [n.plan for n in notices]
    rows = await tx.fetch(
        _QUEUE,
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
        outcome,
    )
    return {row["id"] for row in rows}


_CLAIM = """
WITH due AS (
    SELECT notice_id FROM queue
     WHERE channel = $1 AND due_at <= now()
     ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE queue q SET lease = $3, due_at = now() + $4
      FROM due WHERE q.notice_id = due.notice_id
 RETURNING q.notice_id, q.attempts
)
SELECT n.id, n.case_id, n.customer_id, n.sequence, n.language, n.content, n.cause_id,
       n.traceparent, n.planned_at, c.attempts,
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
            _plan(row),
            channel,
            Language(row["language"]),
            _recipient(row),
        )
        for row in await connection.fetch(_CLAIM, channel, most, lease, hold)
    ]


@dataclass(frozen=True, slots=True)
class Closed:
    """A notice that now has its outcome; times by the database's clock."""

    queued_at: datetime
    settled_at: datetime


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
RETURNING n.id, n.queued_at, n.settled_at
"""

_AGAIN = """
UPDATE queue q SET lease = NULL, attempts = q.attempts + 1, due_at = now() + s.pause
  FROM unnest($1::uuid[], $2::uuid[], $3::interval[]) AS s(id, lease, pause)
 WHERE q.notice_id = s.id AND q.lease = s.lease
"""

_BACK = """
UPDATE queue q SET lease = NULL, due_at = least(now(), n.planned_at)
  FROM unnest($1::uuid[], $2::uuid[]) AS s(id, lease) JOIN notices n USING (id)
 WHERE q.notice_id = s.id AND q.lease = s.lease
"""


async def settle(
    tx: Connection, verdicts: Sequence[tuple[Outgoing, Verdict]]
) -> dict[UUID, Closed]:
    """Write what follows from attempts, bulk by bulk; returns the notices that were closed.

    A notice whose lease was lost is not written and not returned.
    """
    settled = [(o, v) for o, v in verdicts if isinstance(v, Settled)]
    again = [(o, v) for o, v in verdicts if isinstance(v, Again)]
    back = [o for o, v in verdicts if isinstance(v, Back)]
    if again:
        await tx.execute(
            _AGAIN,
            [o.id for o, _ in again],
            [o.lease for o, _ in again],
            [v.after for _, v in again],
        )
    if back:
        await tx.execute(_BACK, [o.id for o in back], [o.lease for o in back])
    if not settled:
        return {}
    rows = await tx.fetch(
        _SETTLE,
        [o.id for o, _ in settled],
        [o.lease for o, _ in settled],
        [v.outcome for _, v in settled],
        [v.detail for _, v in settled],
    )
    return {row["id"]: Closed(row["queued_at"], row["settled_at"]) for row in rows}


_QUEUED = "SELECT count(*) FROM (SELECT 1 FROM queue WHERE channel = $1 LIMIT 100000) q"


async def queued(connection: Connection, channel: Channel) -> int:
    """Count the notices that are not yet settled (100,000 stands for more)."""
    return int(await connection.fetchval(_QUEUED, channel))


def _plan(row: asyncpg.Record) -> Plan:
    return Plan(
        case_id=row["case_id"],
        customer_id=row["customer_id"],
        sequence=row["sequence"],
        content=CONTENT.validate_json(row["content"]),
        language=row["language"],
        cause_id=row["cause_id"],
        traceparent=row["traceparent"],
        planned_at=row["planned_at"],
    )


def _recipient(row: asyncpg.Record) -> Recipient:
    return Recipient(
        name=row["name"],
        email=row["email"],
        webhook=row["webhook"],
        language=row.get("language"),
        jurisdiction=row["jurisdiction"],
    )
