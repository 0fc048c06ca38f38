"""Takes committed events to the publisher, so that no answer waits for the broker.

Invariant: events are handed on in the order in which they came, and those that wait take a bounded
room. What finds no room stays in the outbox: its lease runs out, and the sweeper publishes it.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from services.intake.window import Window
from shared.outbox import Pending
from shared.publisher import Publisher

_ROOM: Final = 32 * 1024 * 1024
_ROW: Final = 1024  # what an event takes in memory beside its body


class Handover:
    """What is committed and not yet with the publisher."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._waiting: asyncio.Queue[Sequence[Pending] | None] = asyncio.Queue()
        self._room = Window(_ROOM)

    def add(self, rows: Sequence[Pending]) -> None:
        """Take events that were committed; never waits."""
        if self._room.try_take(_cost(rows)):
            self._waiting.put_nowait(rows)
            return
        for row in rows:
            if row.span is not None:
                row.span.end()

    async def half_empty(self) -> None:
        """Wait until half of the room is free."""
        await self._room.half_empty()

    async def run(self) -> None:
        """Hand on until `end` was called and nothing waits any more."""
        while (rows := await self._waiting.get()) is not None:
            try:
                await self._publisher.publish_soon(rows)
            finally:
                self._room.give(_cost(rows))

    def end(self) -> None:
        """Let `run` end after what waits now."""
        self._waiting.put_nowait(None)

    def abandon(self) -> None:
        """Leave what waits to the sweeper, and keep nobody waiting for the room."""
        while not self._waiting.empty():
            if rows := self._waiting.get_nowait():
                self._room.give(_cost(rows))


def _cost(rows: Sequence[Pending]) -> int:
    return sum(len(row.body) + _ROW for row in rows)
