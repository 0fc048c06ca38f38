"""One running system for all acceptance tests, on the broker that `--broker` names."""

from collections.abc import AsyncGenerator

import httpx
import pytest

from deploy.local.settings import Options
from deploy.local.stack import Stack
from tests.acceptance.outside import Outside


@pytest.fixture(scope="session")
async def stack(
    broker_kind: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Stack, None]:
    """Run the whole system on free ports; tests may kill its parts, it starts them again."""
    running = await Stack.start(
        Options(
            folder=tmp_path_factory.mktemp("stack"),
            broker="apache" if broker_kind == "apache" else "embedded",
        )
    )
    try:
        yield running
    finally:
        await running.stop()


@pytest.fixture(scope="session")
async def outside(stack: Stack) -> AsyncGenerator[Outside, None]:
    """Reach the system the way its users do."""
    addresses = stack.addresses
    key = {"Authorization": f"Bearer {stack.state.api_key.get_secret_value()}"}
    async with (
        httpx.AsyncClient(base_url=addresses.intake_url, headers=key, timeout=30) as api,
        httpx.AsyncClient(base_url=addresses.inbox_url, timeout=30) as inbox,
        httpx.AsyncClient(base_url=addresses.traces_url or "", timeout=30) as traces,
    ):
        yield Outside(api, inbox, traces)
