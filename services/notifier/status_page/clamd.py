"""Asks ClamAV's daemon what it finds in a document, over its INSTREAM protocol.

Invariant: a document is clean only where the daemon said so in as many words; whatever else it says
or does not say leaves the question open.
"""

import asyncio
import re
import struct
from dataclasses import dataclass
from typing import Final, TypeAlias

_CHUNK: Final = 64 * 1024
_LONGEST_ANSWER: Final = 1024
_FOUND: Final = re.compile(r"stream: (.{1,200}) FOUND")


@dataclass(frozen=True, slots=True)
class Clean:
    """Nothing was found."""


@dataclass(frozen=True, slots=True)
class Found:
    """Something was found; `name` is the scanner's name for it."""

    name: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The daemon is away, busy, or could not scan this."""

    why: str


Verdict: TypeAlias = Clean | Found | NoAnswer


@dataclass(frozen=True, slots=True)
class Clamd:
    """The daemon at one address; `patience` is in seconds, for one document."""

    host: str
    port: int
    patience: float = 60.0

    async def scan(self, data: bytes) -> Verdict:
        """Return what it finds."""
        try:
            async with asyncio.timeout(self.patience):
                answer = await self._ask(data)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            return NoAnswer(type(error).__name__)
        if answer == "stream: OK":
            return Clean()
        if found := _FOUND.fullmatch(answer):
            return Found(found[1])
        return NoAnswer(answer[:100] or "an empty answer")

    async def _ask(self, data: bytes) -> str:
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            await self._send(writer, data)
            answer = await reader.read(_LONGEST_ANSWER)
            while answer and not answer.endswith(b"\0") and len(answer) < _LONGEST_ANSWER:
                more = await reader.read(_LONGEST_ANSWER - len(answer))
                if not more:
                    break
                answer += more
        finally:
            writer.close()
        return answer.rstrip(b"\0\n").decode(errors="replace")

    async def _send(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        """Send a document in pieces, each with its length before it; an empty one ends it."""
        writer.write(b"zINSTREAM\0")
        try:
            for start in range(0, len(data), _CHUNK):
                piece = data[start : start + _CHUNK]
                writer.write(struct.pack("!L", len(piece)) + piece)
                await writer.drain()
            writer.write(struct.pack("!L", 0))
            await writer.drain()
        except ConnectionError:
            # It stops listening where a document is above its limit, and has said so before.
            return
