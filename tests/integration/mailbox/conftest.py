"""A mail catcher of each test's own, and a client of its pages."""

from collections.abc import AsyncIterator

import httpx
import pytest

from deploy.local.mailbox.running import MailCatcher


@pytest.fixture
async def client(catcher: MailCatcher) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=catcher.url) as opened:
        yield opened
