"""A pool of the classifier's own role, on each test's own database."""

from collections.abc import AsyncIterator

import pytest

from shared.postgres import Pool, connect
from tests.integration.conftest import Database


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    opened = await connect(database.url("classifier"), schema="classifier", connections=4)
    yield opened
    await opened.close()
