"""A scanner reads every byte of what it judges; whatever else it says leaves it open."""

import asyncio

import pytest

from services.notifier.status_page.clamd import Clamd, Clean, Found, NoAnswer
from tests.integration.clamd_service import FOUND, HARMFUL, Scanner
from tests.integration.status_page.documents import PNG


@pytest.mark.parametrize(
    ("instead", "why"),
    [
        (b"stream: OK but late\0", "stream: OK but late"),
        (b"INSTREAM size limit exceeded. ERROR\0", "INSTREAM size limit exceeded. ERROR"),
        (b"", "an empty answer"),
        (b"\xff\0", "\N{REPLACEMENT CHARACTER}"),
        (b"x" * 5000, "x" * 100),
    ],
)
async def test_what_is_neither_clean_nor_found_leaves_the_question_open(
    clamd: Scanner, instead: bytes, why: str
) -> None:
    clamd.instead = instead
    assert await Clamd("127.0.0.1", clamd.port).scan(PNG) == NoAnswer(why)


async def test_the_scanner_reads_every_byte_of_what_it_judges(clamd: Scanner) -> None:
    client = Clamd("127.0.0.1", clamd.port)
    large = bytes(8 * 1024 * 1024 - len(HARMFUL)) + HARMFUL
    assert await client.scan(large) == Found(FOUND)
    assert await client.scan(b"") == Clean()
    assert isinstance(await client.scan(bytes(10 * 1024 * 1024)), NoAnswer)  # above its limit


async def test_a_scanner_that_says_nothing_is_not_waited_for_for_ever() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # until the other side gives up
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert await Clamd("127.0.0.1", port, patience=0.2).scan(PNG) == NoAnswer("TimeoutError")
