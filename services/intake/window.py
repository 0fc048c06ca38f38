"""Bounds what is under way by the memory that it takes.

Invariant: what is under way costs no more than `size`, but for a single thing that is larger than
that by itself.
"""

import asyncio


class Window:
    """Room for `size` bytes; who waits for it is served in no particular order."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._used = 0
        self._changed = asyncio.Event()

    def try_take(self, cost: int) -> bool:
        """Take room, if there is any."""
        if self._used and self._used + cost > self._size:
            return False
        self._used += cost
        return True

    async def take(self, cost: int) -> None:
        """Take room as soon as there is any."""
        while not self.try_take(cost):
            await self._change()

    def give(self, cost: int) -> None:
        """Give room back."""
        self._used -= cost
        self._changed.set()

    async def half_empty(self) -> None:
        """Wait until no more than half of the room is taken."""
        while self._used > self._size // 2:
            await self._change()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()
