"""Forgets cases that are closed and old: whom they were, what was said, shown and added.

Invariant: a case goes whole or not at all; one without its final answer, or in which anything
happened lately, stays. Rows are locked: of several processes each forgets other cases.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from shared.postgres import Connection, Pool, is_transient
from shared.publisher import wait

_log = logging.getLogger(__name__)

_MOST: Final = 200
_EVERY: Final = 60.0
_PAUSE: Final = 0.2
_FIRST: Final = UUID(int=0)

_NOW = "SELECT now()"

# Ids of cases grow with time (UUIDv7), so that the old ones are at the beginning of the key.
_OLD = """
SELECT case_id FROM recipients WHERE case_id > $1 AND case_id < $2
 ORDER BY case_id LIMIT $3 FOR UPDATE SKIP LOCKED
"""
# Old without its answer, and nobody knows whose it is: the case itself never came.
_CLOSED = """
SELECT r.case_id FROM unnest($1::uuid[]) AS r(case_id)
 WHERE (EXISTS (SELECT FROM notices n WHERE n.case_id = r.case_id AND n.notice = 'final_answer')
        OR EXISTS (SELECT FROM recipients c WHERE c.case_id = r.case_id AND NOT c.known))
   AND NOT EXISTS (SELECT FROM waiting w WHERE w.case_id = r.case_id AND w.planned_at > $2)
   AND NOT EXISTS (SELECT FROM notices n WHERE n.case_id = r.case_id
                    AND (n.outcome IS NULL OR n.queued_at > $2))
   AND NOT EXISTS (SELECT FROM happenings h WHERE h.case_id = r.case_id AND h.at > $2)
   AND NOT EXISTS (SELECT FROM replies p WHERE p.case_id = r.case_id
                    AND (p.outcome IS NULL OR p.written_at > $2))
   AND NOT EXISTS (SELECT FROM documents d WHERE d.case_id = r.case_id AND d.added_at > $2)
"""
# A receiver that nobody calls any more is not heard of again; its address may be somebody's.
_RECEIVERS = "DELETE FROM webhooks WHERE failing_since < $1"
_DOCUMENTS = """
DELETE FROM documents WHERE id IN (
    SELECT d.id FROM documents d JOIN recipients r USING (case_id)
     WHERE d.state <> 'quarantined' AND r.closed_at < now() - $1::interval
     LIMIT $2 FOR UPDATE OF d SKIP LOCKED)
"""
_FORGET: Final = (
    "DELETE FROM queue q USING notices n WHERE n.case_id = ANY($1) AND q.notice_id = n.id",
    "DELETE FROM failures f USING notices n WHERE n.case_id = ANY($1) AND f.notice_id = n.id",
    "DELETE FROM notices WHERE case_id = ANY($1)",
    "DELETE FROM happenings WHERE case_id = ANY($1)",
    "DELETE FROM replies WHERE case_id = ANY($1)",
    "DELETE FROM document_fetches WHERE case_id = ANY($1)",
    "DELETE FROM documents WHERE case_id = ANY($1)",
    "DELETE FROM waiting WHERE case_id = ANY($1)",
    "DELETE FROM recipients WHERE case_id = ANY($1)",
)


def first_id_of(instant: datetime) -> UUID:
    """Return an id before which all ids of cases are that were opened before this instant."""
    return UUID(int=int(instant.timestamp() * 1000) << 80)


async def forget(tx: Connection, after: UUID, keep: timedelta) -> UUID | None:
    """Forget some of what is old, from a case on; returns the last one looked at, if any."""
    until = await tx.fetchval(_NOW) - keep
    await tx.execute(_RECEIVERS, until)
    old = [row["case_id"] for row in await tx.fetch(_OLD, after, first_id_of(until), _MOST)]
    if not old:
        return None
    closed = [row["case_id"] for row in await tx.fetch(_CLOSED, old, until)]
    if closed:
        await erase(tx, closed)
        _log.info("forgot %d old cases", len(closed))
    return UUID(int=old[-1].int)


async def erase(tx: Connection, cases: Sequence[UUID]) -> None:
    """Forget cases whole, whatever their age: whose they are, what was said, shown and added."""
    for statement in _FORGET:
        await tx.execute(statement, cases)


async def forget_documents(tx: Connection, keep: timedelta) -> None:
    """Forget some documents of cases that were closed so long ago; that they were there stays."""
    await tx.execute(_DOCUMENTS, keep, _MOST)


@dataclass(frozen=True, slots=True)
class Forgetting:
    """The loop; documents may go before their cases."""

    pool: Pool
    keep: timedelta
    keep_documents: timedelta | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Look through what is old, a little at a time, until `stop`."""
        after = _FIRST
        while not stop.is_set():
            try:
                async with self.pool.acquire() as connection, connection.transaction():
                    last = await forget(connection, after, self.keep)
                    if self.keep_documents is not None:
                        await forget_documents(connection, self.keep_documents)
            except Exception as error:
                if not is_transient(error):
                    raise
                last = None
            after = last or _FIRST
            await wait(stop, _PAUSE if last else _EVERY)
