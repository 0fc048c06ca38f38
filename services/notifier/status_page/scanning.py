"""Has documents scanned before anybody of the bank can fetch them.

Invariant: a document leaves quarantine only by the scanner's word; while the scanner is away it
waits, for as long as that takes, and the operator sees how many do.
"""

import asyncio
import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from prometheus_client import Counter

from services.notifier import recipients
from services.notifier import store as notices
from services.notifier.domain import Channel, DocumentRefused, Plan, Unreachable
from services.notifier.notified import unreachable
from services.notifier.reaching import address
from services.notifier.status_page import documents, store
from services.notifier.status_page.clamd import Clamd, Clean, Found, NoAnswer, Verdict
from services.notifier.status_page.documents import Waiting
from services.notifier.status_page.waiting import for_work
from shared import clock, outbox
from shared.postgres import Connection, is_transient
from shared.run import Parts

_log = logging.getLogger(__name__)

SCANNED: Final = Counter("evenhand_documents_scanned", "Documents scanned, by result", ["result"])

_LOOK_EVERY: Final = 2.0
_PAUSES: Final = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600))


@dataclass(frozen=True, slots=True)
class Scanning:
    """The loop; `wake` is set when a document was added, `replies` when a case is to be told."""

    parts: Parts
    clamd: Clamd
    wake: asyncio.Event
    replies: asyncio.Event
    offered: Collection[Channel]

    async def run(self, stop: asyncio.Event) -> None:
        """Scan until `stop`; a scan that is cut off is made again."""
        while not stop.is_set():
            self.wake.clear()
            try:
                scanned = await self.scan_one()
            except Exception as error:
                if not is_transient(error):
                    raise
                _log.warning("documents wait: database is away: %s", type(error).__name__)
                scanned = False
            if not scanned:
                await for_work(_LOOK_EVERY, stop, self.wake)

    async def scan_one(self) -> bool:
        """Scan a document that is due; says whether there was one."""
        hold = timedelta(seconds=2 * self.clamd.patience)
        async with self.parts.pool.acquire() as connection:
            waiting = await documents.claim(connection, hold)
        if waiting is None:
            return False
        verdict = await self.clamd.scan(waiting.content)
        SCANNED.labels(type(verdict).__name__.lower()).inc()
        await self._settle(waiting, verdict)
        return True

    async def _settle(self, waiting: Waiting, verdict: Verdict) -> None:
        match verdict:
            case Clean():
                async with self.parts.pool.acquire() as connection, connection.transaction():
                    await documents.release(connection, waiting)
                self.replies.set()
            case Found(name):
                _log.warning("document %s is refused: %s", waiting.id, name)
                await self._refuse(waiting, name)
            case NoAnswer(why):
                _log.error("document %s is not scanned: %s", waiting.id, why)
                pause = _PAUSES[min(waiting.attempts, len(_PAUSES)) - 1]
                async with self.parts.pool.acquire() as connection:
                    await documents.again(connection, waiting.id, pause)

    async def _refuse(self, waiting: Waiting, finding: str) -> None:
        parts = self.parts
        async with parts.pool.acquire() as connection, connection.transaction():
            if not await documents.refuse(connection, waiting, finding):
                return
            sayings = await self._tell(connection, waiting)
            pending = await outbox.add(
                connection, parts.source, parts.tracer, sayings, parts.publisher.hold
            )
        if pending:
            await parts.publisher.publish_soon(pending)

    async def _tell(self, tx: Connection, waiting: Waiting) -> list[outbox.Saying]:
        """Queue the notice that tells the customer."""
        owner = (await store.owners(tx, [waiting.case_id])).get(waiting.case_id)
        recipient = await recipients.known(tx, waiting.case_id)
        if owner is None or recipient is None:
            return []
        plan = Plan(
            case_id=waiting.case_id,
            customer_id=owner.customer_id,
            sequence=0,
            content=DocumentRefused(name=waiting.name),
            language=owner.language,
            cause_id=waiting.id,
            traceparent=owner.traceparent,
            planned_at=clock.now(),
        )
        found = address(plan, recipient, self.offered)
        if isinstance(found, Unreachable):
            return [unreachable(found)] if await notices.give_up(tx, [found]) else []
        await notices.queue(tx, found)
        return []
