"""Waiting for something that tells nobody when it comes: by looking again and again."""

import asyncio
from collections.abc import Awaitable, Callable


async def until(reached: Callable[[], Awaitable[bool]], *, within: float, every: float) -> None:
    """Look `every` so many seconds until it is reached.

    Raises:
        TimeoutError: it is not `within` so many seconds.

    """
    async with asyncio.timeout(within):
        while True:
            if await reached():
                return
            await asyncio.sleep(every)
