"""An intake of each test's own."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.intake_service import Migrated, Running, running


@pytest.fixture
async def intake(database: Migrated) -> AsyncIterator[Running]:
    async with running(database) as service:
        yield service
