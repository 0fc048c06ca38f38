"""A small server that speaks clamd's INSTREAM, and Debian's own clamd where it is installed.

The small one finds what it is told to find; it reads requests as strictly as clamd does.
"""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

HARMFUL = b"harmful"
FOUND = "Test.Harmful"
LIMIT = 9 * 1024 * 1024


@dataclass
class Scanner:
    """The small server: what it was sent, and what it says instead of scanning."""

    port: int = 0
    scanned: list[bytes] = field(default_factory=list)
    instead: bytes | None = None

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        try:
            writer.write(await self._answer(reader))
            await writer.drain()
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        if await reader.readuntil(b"\0") != b"zINSTREAM\0":
            return b"UNKNOWN COMMAND\0"
        data = b""
        while length := struct.unpack("!L", await reader.readexactly(4))[0]:
            data += await reader.readexactly(length)
            if len(data) > LIMIT:
                return b"INSTREAM size limit exceeded. ERROR\0"
        if self.instead is not None:
            return self.instead
        self.scanned.append(data)
        return f"stream: {FOUND} FOUND\0".encode() if HARMFUL in data else b"stream: OK\0"


@asynccontextmanager
async def scanner() -> AsyncIterator[Scanner]:
    """Run the small server on a free port."""
    made = Scanner()
    server = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made
