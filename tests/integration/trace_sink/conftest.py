"""A trace sink of each test's own, and one that holds a single case."""

from collections.abc import AsyncIterator

import httpx
import pytest

from deploy.local.traces.running import TraceSink, start
from tests.integration.trace_sink.spans import submit_case


@pytest.fixture
async def sink() -> AsyncIterator[TraceSink]:
    running = await start(max_traces=50, max_spans=200)
    yield running
    await running.stop()


@pytest.fixture
async def client(sink: TraceSink) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=sink.url) as opened:
        yield opened


@pytest.fixture(scope="module")
async def one_case() -> AsyncIterator[tuple[str, httpx.AsyncClient]]:
    """Yield the id of the only trace of a sink and a client, for tests that add nothing."""
    running = await start()
    trace_id = await submit_case(running, "case-1")
    async with httpx.AsyncClient(base_url=running.url) as opened:
        yield trace_id, opened
    await running.stop()
