"""A desk of each test's own."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.decision_parts import Migrated
from tests.integration.desk_service import Running, running


@pytest.fixture
async def desk(database: Migrated) -> AsyncIterator[Running]:
    async with running(database) as started:
        yield started
