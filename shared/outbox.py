"""Events leave by the outbox: written with the state they tell of, published after the commit.

Invariant: an event is at the broker, or its row is in `outbox_pending`. A row is leased to the
process that wrote it and published by that process at once; where that did not happen (crash,
broker away) the lease runs out and any sweeper publishes the row. Publishing twice is harmless:
the event keeps its id.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from opentelemetry.context import Context
from opentelemetry.trace import Span, Tracer

from shared import telemetry
from shared.events.base import Model
from shared.events.catalogue import Topic
from shared.events.envelope import Envelope
from shared.postgres import Connection

LEASE: Final = timedelta(seconds=10)
_POSTPONED: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Saying:
    """An event to be said.

    `parent` is the span context of what caused it; `passed` stands in for it where the trace is not
    recorded, as the header to send on.
    """

    event_id: UUID
    topic: Topic
    key: str
    subject: str
    body: bytes
    said_at: datetime
    cause_id: UUID | None = None
    redrive: int = 0
    parent: Context | None = None
    passed: str | None = None


def saying(  # noqa: PLR0913 - one argument per CloudEvents attribute
    event: Model,
    *,
    event_id: UUID,
    topic: Topic,
    key: str,
    subject: str,
    said_at: datetime,
    cause_id: UUID | None = None,
    redrive: int = 0,
    parent: Context | None = None,
    passed: str | None = None,
) -> Saying:
    """Put an event into the form in which it is stored and published."""
    return Saying(
        event_id,
        topic,
        key,
        subject,
        event.model_dump_json().encode(),
        said_at,
        cause_id,
        redrive,
        parent,
        passed,
    )


@dataclass(frozen=True, slots=True)
class Pending:
    """A stored event that is leased to this process for publishing."""

    position: int
    lease: UUID
    topic: str
    key: str
    body: bytes
    envelope: Envelope
    span: Span | None = None


_ADD = """
WITH added AS (
    INSERT INTO outbox (event_id, cause_id, topic, key, subject, traceparent, said_at, redrive,
                        body)
    SELECT s.event_id, s.cause_id, s.topic, s.key, s.subject, s.traceparent, s.said_at, s.redrive,
           s.body
      FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[],
                  $7::timestamptz[], $8::integer[], $9::bytea[]) WITH ORDINALITY
           AS s(event_id, cause_id, topic, key, subject, traceparent, said_at, redrive, body, n)
     ORDER BY s.n
 RETURNING position, redrive
)
INSERT INTO outbox_pending (position, redrive, lease, leased_until)
SELECT position, redrive, $10, now() + $11 FROM added
RETURNING position
"""


async def add(
    tx: Connection,
    source: str,
    tracer: Tracer,
    sayings: Sequence[Saying],
    hold: timedelta = LEASE,
) -> list[Pending]:
    """Store events inside the caller's transaction; publish what is returned after the commit.

    `hold` is how long this process keeps the rows to itself; zero leaves them to the sweeper.
    """
    if not sayings:
        return []
    lease = uuid4()
    spans = [
        None
        if s.passed
        else telemetry.start_send(tracer, s.topic, s.subject, s.parent or Context())
        for s in sayings
    ]
    parents = [
        telemetry.traceparent_of(span) if span else s.passed
        for s, span in zip(sayings, spans, strict=True)
    ]
    rows = await tx.fetch(
        _ADD,
        [s.event_id for s in sayings],
        [s.cause_id for s in sayings],
        [s.topic for s in sayings],
        [s.key for s in sayings],
        [s.subject for s in sayings],
        parents,
        [s.said_at for s in sayings],
        [s.redrive for s in sayings],
        [s.body for s in sayings],
        lease,
        hold,
    )
    positions = sorted(row["position"] for row in rows)
    return [
        Pending(
            position,
            lease,
            s.topic,
            s.key,
            s.body,
            Envelope(s.event_id, s.topic, source, s.subject, s.said_at, s.redrive, parent or None),
            span,
        )
        for position, s, span, parent in zip(positions, sayings, spans, parents, strict=True)
    ]


_SAY_AGAIN = """
INSERT INTO outbox_pending (position, redrive, lease, leased_until)
SELECT o.position, c.redrive, $3, now()
  FROM outbox o
  JOIN unnest($1::uuid[], $2::integer[]) AS c(cause_id, redrive) USING (cause_id)
ON CONFLICT (position) DO UPDATE SET redrive = greatest(outbox_pending.redrive, excluded.redrive)
"""


async def say_again(tx: Connection, causes: Sequence[tuple[UUID, int]]) -> None:
    """Queue the events that these causes led to once more; the sweeper publishes them."""
    await tx.execute(_SAY_AGAIN, [c for c, _ in causes], [n for _, n in causes], uuid4())


_TAKE_OVER = """
WITH due AS (
    SELECT position FROM outbox_pending
     WHERE leased_until <= now()
       -- Not past a row that somebody is publishing at this moment: order is kept.
       AND position < coalesce(
           (SELECT min(position) FROM outbox_pending
             WHERE leased_until > now() AND NOT postponed),
           9223372036854775807)
     ORDER BY position
     LIMIT $2
       FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE outbox_pending p SET lease = $1, leased_until = now() + $3
      FROM due WHERE p.position = due.position
 RETURNING p.position, p.redrive
)
SELECT o.position, t.redrive, o.event_id, o.topic, o.key, o.subject, o.traceparent, o.said_at,
       o.body
  FROM taken t JOIN outbox o USING (position)
 ORDER BY o.position
"""


async def take_over(connection: Connection, source: str, most: int) -> list[Pending]:
    """Lease rows whose holder is gone, oldest first."""
    lease = uuid4()
    rows = await connection.fetch(_TAKE_OVER, lease, most, LEASE * 3)
    return [
        Pending(
            row["position"],
            lease,
            row["topic"],
            row["key"],
            row["body"],
            Envelope(
                row["event_id"],
                row["topic"],
                source,
                row["subject"],
                row["said_at"],
                row["redrive"],
                row["traceparent"] or None,
            ),
        )
        for row in rows
    ]


_SENT = "DELETE FROM outbox_pending WHERE position = ANY($1) AND lease = ANY($2)"
_GIVE_BACK = """
UPDATE outbox_pending SET leased_until = now() WHERE position = ANY($1) AND lease = ANY($2)
"""


async def mark_sent(connection: Connection, sent: Iterable[Pending]) -> None:
    """Forget rows that the broker has acknowledged; a row whose lease was lost stays."""
    rows = list(sent)
    leases = list({p.lease for p in rows})
    await connection.execute(_SENT, [p.position for p in rows], leases)


async def give_back(connection: Connection, unsent: Iterable[Pending]) -> None:
    """Let the next sweep have rows that could not be published."""
    rows = list(unsent)
    leases = list({p.lease for p in rows})
    await connection.execute(_GIVE_BACK, [p.position for p in rows], leases)


_BACKLOG = "SELECT count(*) FROM (SELECT 1 FROM outbox_pending LIMIT 100000) p"


async def backlog(connection: Connection) -> int:
    """Count the events that are not yet at the broker (100,000 stands for more)."""
    return int(await connection.fetchval(_BACKLOG))


_POSTPONE = """
UPDATE outbox_pending SET leased_until = now() + $3, postponed = true
 WHERE position = $1 AND lease = $2
"""


async def postpone(connection: Connection, row: Pending) -> None:
    """Try a row that the broker refuses later again, and let the others pass it."""
    await connection.execute(_POSTPONE, row.position, row.lease, _POSTPONED)


_FORGET_MOST: Final = 5000
_FORGET: Final = (
    """
DELETE FROM outbox WHERE position IN (
    SELECT o.position FROM outbox o LEFT JOIN outbox_pending p USING (position)
     WHERE o.stored_at < now() - $1::interval AND p.position IS NULL
     ORDER BY o.position LIMIT $2)
""",
    """
DELETE FROM inbox WHERE ctid IN (
    SELECT ctid FROM inbox WHERE handled_at < now() - $1::interval LIMIT $2)
""",
    """
DELETE FROM dead_letters WHERE id IN (
    SELECT id FROM dead_letters WHERE replayed_at < now() - $1::interval LIMIT $2)
""",
)


async def forget(connection: Connection, older_than: timedelta) -> bool:
    """Drop some of what is past its keeping; says whether there is more."""
    counts = [
        int((await connection.execute(statement, older_than, _FORGET_MOST)).split()[-1])
        for statement in _FORGET
    ]
    return max(counts) == _FORGET_MOST
