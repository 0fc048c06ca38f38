"""A status page, a mail catcher and a small virus scanner of each test's own."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.clamd_service import Scanner, scanner
from tests.integration.conftest import Database
from tests.integration.status_page_service import Running, page


@pytest.fixture
async def service(database: Database) -> AsyncIterator[Running]:
    async with page(database) as made:
        yield made


@pytest.fixture
async def clamd() -> AsyncIterator[Scanner]:
    async with scanner() as made:
        yield made
