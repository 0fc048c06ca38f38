"""The mail server of a benchmark: speaks SMTP with PIPELINING, keeps arrivals and nothing else.

The inbox page's server would measure itself rather than us. This one notes which notice of which
case arrived when, answers, and forgets the rest; it writes nothing to disk. It is a process of its
own that answers questions, one a line, on its standard output.
"""

import asyncio
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, cast
from uuid import UUID

import orjson
import uvloop
from typing_extensions import override

from deploy.local.ports import LOOPBACK
from deploy.local.processes import ROOT
from shared.events.catalogue import Notice

_END: Final = b"\r\n.\r\n"
_CASE: Final = b"\r\nX-Evenhand-Case: "
_NOTICE: Final = b"\r\nX-Evenhand-Notice: "
_LONGEST_ANSWER: Final = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Arrival:
    """A notice that was taken; `at` is on the clock of `time.monotonic`."""

    case_id: UUID
    notice: Notice
    at: float


@dataclass(frozen=True, slots=True)
class Receiver:
    """A running receiver."""

    port: int
    process: Process

    async def counts(self) -> tuple[int, int]:
        """Return how many cases have had their receipt, and how many their answer or referral."""
        receipts, answers = await self._ask(b"counts")
        return receipts, answers

    async def take(self) -> list[Arrival]:
        """Return what has arrived so far, and begin anew."""
        found = await self._ask(b"take")
        return [Arrival(UUID(case), Notice(notice), at) for case, notice, at in found]

    async def _ask(self, question: bytes) -> Any:  # noqa: ANN401 - JSON is any value
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("the receiver has no pipes")
        self.process.stdin.write(question + b"\n")
        return orjson.loads(await self.process.stdout.readline())


@asynccontextmanager
async def running() -> AsyncIterator[Receiver]:
    """Run a receiver on a free port."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.receiver"),
        cwd=ROOT,
        stdin=PIPE,
        stdout=PIPE,
        stderr=None,
        limit=_LONGEST_ANSWER,
    )
    try:
        if process.stdout is None:
            raise RuntimeError("the receiver has no pipes")
        yield Receiver(int(await process.stdout.readline()), process)
    finally:
        process.kill()
        await process.wait()


@dataclass(slots=True)
class _Kept:
    receipts: set[str] = field(default_factory=set)
    answers: set[str] = field(default_factory=set)
    arrivals: list[tuple[str, str, float]] = field(default_factory=list)

    def note(self, letter: bytes) -> None:
        case, notice = _value(letter, _CASE), _value(letter, _NOTICE)
        if notice != Notice.VERIFYING:  # neither a receipt nor an answer
            (self.receipts if notice == Notice.RECEIPT else self.answers).add(case)
        self.arrivals.append((case, notice, time.monotonic()))

    def answer(self, question: bytes) -> bytes:
        if question == b"counts":
            return orjson.dumps([len(self.receipts), len(self.answers)])
        taken, self.arrivals = self.arrivals, []
        self.receipts.clear()
        self.answers.clear()
        return orjson.dumps(taken)


def _value(letter: bytes, header: bytes) -> str:
    start = letter.index(header) + len(header)
    return letter[start : letter.index(b"\r\n", start)].decode()


class _Session(asyncio.Protocol):
    """One connection. Replies to what came together leave together, in order (RFC 2920)."""

    def __init__(self, kept: _Kept) -> None:
        self._kept = kept
        self._buffer = b""
        self._reading_letter = False
        self._transport: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(b"220 bench ESMTP\r\n")

    @override
    def data_received(self, data: bytes) -> None:
        self._buffer += data
        replies = []
        while (reply := self._next()) is not None:
            replies.append(reply)
        if self._transport is not None and replies:
            self._transport.write(b"".join(replies))
            if replies[-1].startswith(b"221"):
                self._transport.close()

    def _next(self) -> bytes | None:
        """Return the reply to the next whole command or letter."""
        end = _END if self._reading_letter else b"\r\n"
        part, found, rest = self._buffer.partition(end)
        if not found:
            return None
        self._buffer = rest
        if self._reading_letter:
            self._reading_letter = False
            self._kept.note(part)
            return b"250 2.0.0 taken\r\n"
        verb = part[:4].upper()
        if verb == b"EHLO":
            return b"250-bench\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
        if verb == b"DATA":
            self._reading_letter = True
            return b"354 go on\r\n"
        if verb == b"QUIT":
            return b"221 2.0.0 bye\r\n"
        return b"250 2.0.0 ok\r\n"


async def _serve() -> None:
    kept = _Kept()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Session(kept), LOOPBACK, 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    questions = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(questions), sys.stdin)
    while question := (await questions.readline()).strip():
        sys.stdout.buffer.write(kept.answer(question) + b"\n")
        sys.stdout.flush()
    server.close()


if __name__ == "__main__":
    uvloop.run(_serve())
