"""A language model's endpoint and advisers that ask it."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.asking.parts import GOOD, Asking, Make
from tests.integration.llm_server import ChatServer, chat_server, saying


@pytest.fixture
async def chat() -> AsyncIterator[ChatServer]:
    async with chat_server(saying(**GOOD)) as running:
        yield running


@pytest.fixture
async def asking(chat: ChatServer) -> AsyncIterator[Make]:
    made: list[Asking] = []

    def make(**settings: object) -> Asking:
        made.append(Asking(chat, **settings))
        return made[-1]

    yield make
    for each in made:
        await each.adviser.close()
