"""Closes cases of which nothing was heard since their answer, and tells their customers.

Invariant: a case is closed once for each time that it was answered and fell silent; whatever comes
of it later opens it again (recipients.reopen). Closing decides nothing: the answer stands.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.notifier import recipients, store
from services.notifier.domain import Channel, Closed, Plan, Planned, Unreachable
from services.notifier.forgetting import first_id_of
from services.notifier.notified import closed, unreachable
from services.notifier.reaching import address
from services.notifier.status_page import store as status_page
from services.notifier.status_page import story
from services.notifier.status_page.happenings import Closing as ClosedNow
from services.notifier.status_page.happenings import Happening, Message
from services.notifier.status_page.store import Owner
from shared import outbox
from shared.events.case import Status
from shared.events.envelope import event_id
from shared.outbox import Saying
from shared.postgres import Connection, is_transient
from shared.publisher import wait
from shared.run import Parts

_log = logging.getLogger(__name__)

_MOST: Final = 100
_EVERY: Final = 60.0
_PAUSE: Final = 0.2
_FIRST: Final = UUID(int=0)
_WHY: Final = "no_news"

_NOW = "SELECT now()"
_OPEN = """
SELECT case_id FROM recipients
 WHERE closed_at IS NULL AND known AND case_id > $1 AND case_id < $2
 ORDER BY case_id LIMIT $3 FOR UPDATE SKIP LOCKED
"""
_SILENT = """
SELECT r.case_id FROM unnest($1::uuid[]) AS r(case_id)
 WHERE NOT EXISTS (SELECT FROM happenings h WHERE h.case_id = r.case_id AND h.at > $2)
   AND NOT EXISTS (SELECT FROM notices n WHERE n.case_id = r.case_id
                    AND (n.outcome IS NULL OR n.queued_at > $2))
   AND NOT EXISTS (SELECT FROM replies p WHERE p.case_id = r.case_id
                    AND (p.outcome IS NULL OR p.written_at > $2))
   AND NOT EXISTS (SELECT FROM documents d WHERE d.case_id = r.case_id
                    AND (d.state = 'quarantined' OR d.added_at > $2))
"""
_CLOSE = "UPDATE recipients SET closed_at = now() WHERE case_id = ANY($1)"


@dataclass(frozen=True, slots=True)
class _Silent:
    """A case to be closed: where it stands, and whose it is."""

    case_id: UUID
    owner: Owner
    story: story.Story


@dataclass(frozen=True, slots=True)
class Closing:
    """The loop; a case is closed `after` so long without news since its answer."""

    parts: Parts
    after: timedelta
    offered: Collection[Channel]

    async def run(self, stop: asyncio.Event) -> None:
        """Look through the open cases, a little at a time, until `stop`."""
        last = _FIRST
        while not stop.is_set():
            try:
                found = await self.close_some(last)
            except Exception as error:
                if not is_transient(error):
                    raise
                found = None
            last = found or _FIRST
            await wait(stop, _PAUSE if found else _EVERY)

    async def close_some(self, last: UUID) -> UUID | None:
        """Close what can be of some cases after this one; returns the last one looked at."""
        parts = self.parts
        async with parts.pool.acquire() as connection, connection.transaction():
            now = await connection.fetchval(_NOW)
            until = now - self.after
            rows = await connection.fetch(_OPEN, last, first_id_of(until), _MOST)
            if not rows:
                return None
            candidates = [row["case_id"] for row in rows]
            silent = await _answered_and_silent(connection, candidates, until)
            sayings = await self._close(connection, silent, now)
            pending = await outbox.add(
                connection, parts.source, parts.tracer, sayings, parts.publisher.hold
            )
        if pending:
            await parts.publisher.publish_soon(pending)
        return UUID(int=candidates[-1].int)

    async def _close(self, tx: Connection, silent: list[_Silent], now: datetime) -> list[Saying]:
        """Write that these cases are closed, and return what is said of it."""
        if not silent:
            return []
        known = await recipients.of(tx, [one.case_id for one in silent])
        plans = [plan for one in silent if (plan := _plan(one, now)) is not None]
        found = [address(plan, known[plan.case_id], self.offered) for plan in plans]
        await store.queue(tx, list(_planned(found)))
        nowhere = [one for one in found if isinstance(one, Unreachable)]
        await store.give_up(tx, nowhere)
        await status_page.note(
            tx, [Happening(plan.cause_id, plan.case_id, now, ClosedNow()) for plan in plans]
        )
        await tx.execute(_CLOSE, [plan.case_id for plan in plans])
        _log.info("closed %d cases", len(plans))
        return [*map(unreachable, nowhere), *(closed(plan, _WHY) for plan in plans)]


async def _answered_and_silent(
    tx: Connection, candidates: list[UUID], until: datetime
) -> list[_Silent]:
    rows = await tx.fetch(_SILENT, candidates, until)
    silent = [row["case_id"] for row in rows]
    happened = await status_page.happened(tx, silent)
    owners = await status_page.owners(tx, silent)
    stories = {case_id: story.tell(happened.get(case_id, ())) for case_id in silent}
    return [
        _Silent(case_id, owners[case_id], told)
        for case_id, told in stories.items()
        if told.status is Status.DECIDED and case_id in owners
    ]


def _plan(silent: _Silent, now: datetime) -> Plan | None:
    answer, answered_at = silent.story.answer, silent.story.answered_at
    if answer is None or answered_at is None:
        return None
    messages = (h.body.sequence for h in silent.story.happened if isinstance(h.body, Message))
    return Plan(
        case_id=silent.case_id,
        customer_id=silent.owner.customer_id,
        sequence=max(messages, default=0),
        content=Closed(
            answered_at=answered_at, disposition=answer.disposition, remedies=answer.remedies
        ),
        language=silent.owner.language,
        cause_id=event_id(str(silent.case_id), "closed", str(len(silent.story.happened))),
        traceparent=silent.owner.traceparent,
        planned_at=now,
    )


def _planned(found: Iterable[list[Planned] | Unreachable]) -> Iterable[Planned]:
    for one in found:
        if not isinstance(one, Unreachable):
            yield from one
