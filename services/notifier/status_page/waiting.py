"""Waits for work, and no longer than until a service stops."""

import asyncio

from shared.publisher import wait


async def for_work(seconds: float, stop: asyncio.Event, wake: asyncio.Event) -> None:
    """Wait until `wake` or `stop` is set, at most for so many seconds."""
    waking = asyncio.create_task(wake.wait())
    stopping = asyncio.create_task(wait(stop, seconds))
    await asyncio.wait({waking, stopping}, return_when="FIRST_COMPLETED")
    waking.cancel()
    stopping.cancel()
