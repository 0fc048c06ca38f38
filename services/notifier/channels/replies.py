"""What an SMTP server answers (RFC 5321 4.2): codes, never the text, which may hold the address."""

import asyncio
from collections import deque
from typing import Final

from typing_extensions import override

_LONGEST_REPLY: Final = 64 * 1024
_ROUTINE: Final = {b"250 ": "250", b"354 ": "354"}  # only of refusals more is told


class BrokenError(Exception):
    """The connection cannot be used any more; the text says why."""


class Replies(asyncio.Protocol):
    """Reads replies: code and, where it says more, enhanced code."""

    def __init__(self) -> None:
        self._buffer = b""
        self._replies: deque[str] = deque()
        self._waiting: asyncio.Future[None] | None = None
        self._lost: str | None = None

    @override
    def data_received(self, data: bytes) -> None:
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        if len(self._buffer) > _LONGEST_REPLY:
            self._end("reply without an end")
        for line in lines:
            if line[3:4] != b"-":
                self._replies.append(_codes(line))
        self._wake()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._end("connection lost")

    def _end(self, why: str) -> None:
        self._lost = self._lost or why
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    @property
    def lost(self) -> bool:
        """Say whether the server is gone."""
        return self._lost is not None

    @property
    def unread(self) -> bool:
        """Say whether there is a reply that nobody has read."""
        return bool(self._replies)

    async def next(self) -> str:
        """Return the next reply.

        Raises:
            BrokenError: there is no further reply.

        """
        while not self._replies:
            if self._lost is not None:
                raise BrokenError(self._lost)
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        return self._replies.popleft()


def _codes(line: bytes) -> str:
    """Return `250` or `550 5.1.1` of a reply's last line."""
    if line[:4] in _ROUTINE:
        return _ROUTINE[line[:4]]
    code, _, text = line.decode("ascii", "replace").strip().partition(" ")
    if not (code.isdecimal() and len(code) == 3):  # noqa: PLR2004 - the digits of a code
        return "000"  # not SMTP: belongs to no class, and is tried again
    enhanced, _, _ = text.partition(" ")
    if enhanced[:1] == code[0] and enhanced.replace(".", "").isdecimal() and "." in enhanced:
        return f"{code} {enhanced[:11]}"
    return code
