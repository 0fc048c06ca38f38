"""Tells open pages that there is something new: one look at the database for all of them.

Invariants: nobody watches, nobody looks; the number of watchers is bounded, in all and for a case;
a watcher is told only *that* something is new, and fetches the page itself.
"""

import asyncio
import logging
from collections import Counter as Counts
from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

from prometheus_client import Gauge

from services.notifier.status_page import store
from shared.postgres import Pool, is_transient

_log = logging.getLogger(__name__)

WATCHERS: Final = Gauge("evenhand_page_watchers", "Status pages that are open and listening")

MOST: Final = 2_000
MOST_OF_A_CASE: Final = 5
_EVERY: Final = 0.5
_ALIVE_EVERY: Final = 20.0
# A page comes back by itself: an instance that is to stop is rid of its watchers some day.
_LONGEST: Final = 900.0


class Watcher:
    """One open page."""

    def __init__(self, case_id: UUID) -> None:
        self.case_id = case_id
        self.version: int | None = None
        self.changed = asyncio.Event()
        self.ended = False


class Watching:
    """Everybody who watches; `run` looks for them."""

    def __init__(self, pool: Pool, stop: asyncio.Event) -> None:
        self._pool = pool
        self._stop = stop
        self._watchers: set[Watcher] = set()
        self._cases: Counts[UUID] = Counts()
        self._somebody = asyncio.Event()

    def has_room(self, case_id: UUID) -> bool:
        """Say whether one more page of this case may watch."""
        return (
            not self._stop.is_set()
            and len(self._watchers) < MOST
            and self._cases[case_id] < MOST_OF_A_CASE
        )

    async def stream(self, case_id: UUID) -> AsyncIterator[str]:
        """Say that there is something new, in the format of server-sent events."""
        if not self.has_room(case_id):
            return
        watcher = self._enter(case_id)
        try:
            give_up = asyncio.get_running_loop().time() + _LONGEST
            yield "retry: 3000\n\n"
            while not watcher.ended and asyncio.get_running_loop().time() < give_up:
                if not await _within(_ALIVE_EVERY, watcher.changed):
                    yield ": alive\n\n"
                elif not watcher.ended:
                    watcher.changed.clear()
                    yield f"event: news\ndata: {watcher.version}\n\n"
        finally:
            self._leave(watcher)

    def _enter(self, case_id: UUID) -> Watcher:
        watcher = Watcher(case_id)
        self._watchers.add(watcher)
        self._cases[case_id] += 1
        self._somebody.set()
        WATCHERS.set(len(self._watchers))
        return watcher

    def _leave(self, watcher: Watcher) -> None:
        self._watchers.discard(watcher)
        self._cases[watcher.case_id] -= 1
        if not self._cases[watcher.case_id]:
            del self._cases[watcher.case_id]
        if not self._watchers:
            self._somebody.clear()
        WATCHERS.set(len(self._watchers))

    async def run(self, stop: asyncio.Event) -> None:
        """Look until the service is told to stop; then let all pages go.

        Pages are let go before HTTP stops, which would otherwise wait for them.
        """
        ending = [asyncio.create_task(event.wait()) for event in (self._stop, stop)]
        while not any(task.done() for task in ending):
            somebody = asyncio.create_task(self._somebody.wait())
            await asyncio.wait([somebody, *ending], return_when="FIRST_COMPLETED")
            if somebody.done():
                await self._look()
                await asyncio.wait(ending, timeout=_EVERY, return_when="FIRST_COMPLETED")
            somebody.cancel()
        for task in ending:
            task.cancel()
        for watcher in self._watchers:
            watcher.ended = True
            watcher.changed.set()

    async def _look(self) -> None:
        try:
            async with self._pool.acquire() as connection:
                versions = await store.versions(connection, self._cases)
        except Exception as error:
            if not is_transient(error):
                raise
            _log.warning("open pages wait: database is away: %s", type(error).__name__)
            return
        for watcher in self._watchers:
            version = versions.get(watcher.case_id)
            if version is not None and version != watcher.version:
                watcher.version = version
                # The first look also tells: something may have come since the page was made.
                watcher.changed.set()


async def _within(seconds: float, event: asyncio.Event) -> bool:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
