"""HTTP as a load generator needs it: bytes made beforehand, connections kept, little CPU.

The generator shares the machine with what it measures; a full client costs more than intake does.
"""

import asyncio
import re
import time
from collections import deque
from typing import Final, cast
from uuid import uuid4

from typing_extensions import override

from shared.errors import EvenhandError

_IDLE: Final = 2.0  # seconds; the server closes what is idle for five
_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class RefusedError(EvenhandError):
    """Intake did not take a case; the text is its answer."""


def post(path: str, api_key: str, body: bytes, *, lines: bool = False) -> bytes:
    """Return the bytes of a request; one of `lines` is the last of its connection."""
    kind = "application/x-ndjson\r\nConnection: close" if lines else "application/json"
    return (
        f"POST {path} HTTP/1.1\r\nHost: intake\r\nAuthorization: Bearer {api_key}\r\n"
        f"Idempotency-Key: {uuid4()}\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


class _Connection(asyncio.Protocol):
    """One kept connection with one request under way."""

    def __init__(self) -> None:
        self._buffer = b""
        self._answer: asyncio.Future[bytes] | None = None
        self.transport: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    @override
    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not found or length is None or len(body) < int(length[1]) or self._answer is None:
            return
        self._buffer = b""
        if head.startswith(b"HTTP/1.1 202"):
            self._answer.set_result(body)
        else:
            self._answer.set_exception(RefusedError((head + body).decode(errors="replace")))

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(RefusedError("connection lost"))

    async def send(self, data: bytes) -> bytes:
        if self.transport is None:
            raise RefusedError("not connected")
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(data)
        return await self._answer


class Pool:
    """Connections to one address, opened when all others are busy."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._free: deque[tuple[_Connection, float]] = deque()
        self.opened = 0

    async def send(self, data: bytes) -> bytes:
        """Return the body of the answer.

        Raises:
            RefusedError: the answer was not 202.

        """
        connection = self._take() or await self._open()
        body = await connection.send(data)
        self._free.append((connection, time.monotonic()))
        return body

    def _take(self) -> _Connection | None:
        """Return the connection that was used last, while the server surely keeps it."""
        if self._free and time.monotonic() - self._free[-1][1] < _IDLE:
            return self._free.pop()[0]
        self.close()
        return None

    async def _open(self) -> _Connection:
        self.opened += 1
        _, connection = await asyncio.get_running_loop().create_connection(
            _Connection, self._host, self._port
        )
        return connection

    def close(self) -> None:
        """Close the connections that are not in use."""
        for connection, _ in self._free:
            if connection.transport is not None:
                connection.transport.close()
        self._free.clear()


async def stream(host: str, port: int, data: bytes) -> bytes:
    """Send a long request, the last of its connection, and return all of the answer."""
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(data)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer
