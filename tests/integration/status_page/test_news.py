"""A page that is open is told of news of its own case, and let go at the stop."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

from tests.integration.status_page_service import Running, Story


async def test_an_open_page_is_told_of_news_and_only_of_its_own_case(service: Running) -> None:
    story, other = Story(uuid4()), Story(uuid4())
    await service.happen(story.opened(), other.opened())
    async with service.client.stream("GET", f"{service.path(story.id)}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.aiter_lines()
        first = await _news(lines)
        await service.happen(other.decided())
        await service.happen(story.decided())
        assert await _news(lines) == first + 1


async def test_pages_that_listen_are_bounded_and_let_go_at_the_stop(service: Running) -> None:
    story = await service.begin()
    path = f"{service.path(story.id)}/events"
    streams = [service.client.stream("GET", path) for _ in range(5)]
    open_ones = [await stream.__aenter__() for stream in streams]
    lines = [one.aiter_lines() for one in open_ones]
    for one in lines:
        await _news(one)
    refused = await service.client.get(path)
    assert refused.status_code == 503
    service.notifier.parts.stop.set()
    async with asyncio.timeout(10):
        for one in lines:
            async for _ in one:
                pass
    for stream in streams:
        await stream.__aexit__(None, None, None)


async def _news(lines: AsyncIterator[str]) -> int:
    async with asyncio.timeout(10):
        async for line in lines:
            if line.startswith("data: "):
                return int(line.removeprefix("data: "))
    raise AssertionError("the stream ended")
