"""Hears of new notices and wakes the channels' loops; counts what waits, for the operators."""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Final

from prometheus_client import Gauge

from services.notifier import receivers, store
from services.notifier.domain import Channel
from services.notifier.status_page import documents
from shared.postgres import is_transient
from shared.publisher import wait
from shared.run import Parts

_log = logging.getLogger(__name__)

QUEUED: Final = Gauge("evenhand_notices_queued", "Notices without an outcome", ["channel"])
DISABLED: Final = Gauge("evenhand_webhooks_disabled", "Receivers of webhooks that are disabled")
QUARANTINED: Final = Gauge("evenhand_documents_quarantined", "Documents that wait for the scanner")
LONGEST: Final = Gauge(
    "evenhand_documents_quarantined_seconds", "How long the oldest document has waited for it"
)

_LOOK_EVERY: Final = 1.0
_COUNT_EVERY: Final = 5.0


@dataclass(frozen=True, slots=True)
class Waking:
    """Hears, at each commit, that something was queued, and wakes the channels' loops.

    Without it (connection lost, pooler in between) they look once a second.
    """

    parts: Parts
    wakes: tuple[asyncio.Event, ...]

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until `stop`."""
        while not stop.is_set():
            try:
                await self._listen(stop)
            except Exception as error:
                if not is_transient(error):
                    raise
                _log.warning("not listening for new notices: %s", type(error).__name__)
            await wait(stop, _LOOK_EVERY)

    async def _listen(self, stop: asyncio.Event) -> None:
        lost = asyncio.Event()
        async with self.parts.pool.acquire() as connection:

            def wake(*_: object) -> None:
                for event in self.wakes:
                    event.set()

            def end(_: object) -> None:
                lost.set()

            connection.add_termination_listener(end)
            await connection.add_listener(store.WAKE, wake)
            try:
                while not (stop.is_set() or lost.is_set()):
                    for channel in Channel:
                        QUEUED.labels(channel).set(await store.queued(connection, channel))
                    DISABLED.set(await receivers.disabled(connection))
                    quarantine = await documents.quarantine(connection)
                    QUARANTINED.set(quarantine.documents)
                    LONGEST.set(quarantine.seconds)
                    await _first(_COUNT_EVERY, stop.wait(), lost.wait())
            finally:
                connection.remove_termination_listener(end)
                if not connection.is_closed():
                    await connection.remove_listener(store.WAKE, wake)


async def _first(seconds: float, *waits: Coroutine[None, None, bool]) -> None:
    tasks = [asyncio.create_task(one) for one in waits]
    await asyncio.wait(tasks, timeout=seconds, return_when="FIRST_COMPLETED")
    for task in tasks:
        task.cancel()
