"""The dialogue, word for word: pipelined where the server can, step by step where it cannot."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from typing_extensions import override

from services.notifier.attempts import Deferred, Refused, Sent
from services.notifier.channels.email import Mailbox
from services.notifier.channels.replies import BrokenError
from services.notifier.channels.smtp import (
    Dialogue,
    Letter,
    Server,
    UnreachableError,
)

Reply = Callable[[bytes], bytes | None]


class _Script(asyncio.Protocol):
    """A server that answers each line by script and notes what arrived together."""

    def __init__(self, reply: Reply, heard: list[bytes], extensions: bytes) -> None:
        self._reply = reply
        self._heard = heard
        self._extensions = extensions
        self._in_body = False
        self._transport: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 test\r\n")

    @override
    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._heard.append(data)
        answers: list[bytes] = []
        for line in data.split(b"\r\n")[:-1]:
            if self._in_body and line != b".":
                continue
            answer = self._reply(line)
            if line.startswith(b"EHLO"):
                answer = b"250-test\r\n" + self._extensions + b"250 OK\r\n"
            if answer is None:
                self._transport.write(b"".join(answers))
                self._transport.close()
                return
            self._in_body = answer.startswith(b"354")
            answers.append(answer)
        self._transport.write(b"".join(answers))


def _polite(line: bytes) -> bytes:
    return b"354 go\r\n" if line == b"DATA" else b"250 2.0.0 OK\r\n"


@asynccontextmanager
async def _dialogue(
    reply: Reply = _polite, extensions: bytes = b"250-PIPELINING\r\n"
) -> AsyncIterator[tuple[Dialogue, list[bytes]]]:
    heard: list[bytes] = []
    server = await asyncio.get_running_loop().create_server(
        lambda: _Script(reply, heard, extensions), "127.0.0.1", 0
    )
    port = server.sockets[0].getsockname()[1]
    dialogue = await Dialogue.open(_at(port))
    heard.clear()
    try:
        yield dialogue, heard
    finally:
        dialogue.close()
        server.close()
        await server.wait_closed()


def _at(port: int) -> Server:
    return Server("127.0.0.1", port, "none", None, None, timedelta(seconds=2))


def _letter(name: str, data: bytes = b"Subject: x\r\n\r\nText\r\n") -> Letter:
    address = f"{name}@example.com"
    return Letter("bank@example.com", Mailbox(address, utf8=not name.isascii()), data)


async def test_a_body_leaves_together_with_the_next_envelope() -> None:
    a, b = _letter("a"), _letter("b")
    async with _dialogue() as (dialogue, heard):
        assert await dialogue.deliver(a, b) == Sent()
        assert await dialogue.deliver(b, None) == Sent()
    assert len(heard) >= 3
    assert heard[0] == b"MAIL FROM:<bank@example.com>\r\nRCPT TO:<a@example.com>\r\nDATA\r\n"
    assert heard[1] == a.data + (
        b".\r\nMAIL FROM:<bank@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"
    )
    assert heard[2] == b.data + b".\r\n"


async def test_without_pipelining_every_command_waits_for_its_reply() -> None:
    async with _dialogue(extensions=b"") as (dialogue, heard):
        for name in "ab":
            assert await dialogue.deliver(_letter(name), _letter("x")) == Sent()
    assert [part.split(b"\r\n")[0][:4] for part in heard[:8]] == [
        *(b"MAIL", b"RCPT", b"DATA", b"Subj"),
        *(b"MAIL", b"RCPT", b"DATA", b"Subj"),
    ]


async def test_a_line_that_begins_with_a_dot_is_doubled() -> None:
    async with _dialogue() as (dialogue, heard):
        assert await dialogue.deliver(_letter("a", b"S: x\r\n\r\n.\r\n..a\r\n"), None) == Sent()
    assert heard[1] == b"S: x\r\n\r\n..\r\n...a\r\n.\r\n"


@pytest.mark.parametrize("extensions", [b"250-PIPELINING\r\n", b""])
@pytest.mark.parametrize("data", [b"354 go\r\n", b"503 5.5.1 no recipient\r\n"])
async def test_a_refused_recipient_leaves_the_connection_usable(
    extensions: bytes, data: bytes
) -> None:
    refused: list[bytes] = []

    def reply(line: bytes) -> bytes:
        if line.startswith(b"RCPT TO:<bad"):
            refused.append(line)
            return b"550 5.1.1 <bad@example.com> unknown\r\n"
        if line == b"DATA" and refused:
            refused.clear()
            return data
        return _polite(line)

    async with _dialogue(reply, extensions) as (dialogue, _):
        bad, good = _letter("bad"), _letter("good")
        assert await dialogue.deliver(_letter("a"), bad) == Sent()
        assert await dialogue.deliver(bad, good) == Refused("550 5.1.1", contact=True)
        refused.clear()
        assert await dialogue.deliver(good, None) == Sent()
        assert dialogue.usable


async def test_a_reply_that_is_not_smtp_is_tried_again() -> None:
    def reply(line: bytes) -> bytes:
        return b"hello?\r\n" if line == b"." else _polite(line)

    async with _dialogue(reply) as (dialogue, _):
        assert await dialogue.deliver(_letter("a"), None) == Deferred("000")


async def test_a_server_that_goes_silent_or_leaves_breaks_the_dialogue() -> None:
    def leave(line: bytes) -> bytes | None:
        return None if line == b"." else _polite(line)

    async with _dialogue(leave) as (dialogue, _):
        with pytest.raises(BrokenError, match="connection lost"):
            await dialogue.deliver(_letter("a"), None)
        assert not dialogue.usable

    def close(line: bytes) -> bytes:
        return b"421 4.3.2 closing\r\n" if line == b"." else _polite(line)

    async with _dialogue(close) as (dialogue, _):
        with pytest.raises(BrokenError, match="421"):
            await dialogue.deliver(_letter("a"), None)

    def silent(line: bytes) -> bytes:
        return b"" if line == b"." else _polite(line)

    async with _dialogue(silent) as (dialogue, _):
        with pytest.raises(BrokenError, match="time-out"):
            await dialogue.deliver(_letter("a"), None)


async def test_an_address_in_other_letters_needs_a_server_that_takes_it() -> None:
    async with _dialogue() as (dialogue, heard):
        attempt = await dialogue.deliver(_letter("анна"), None)
        assert isinstance(attempt, Refused)
        assert "SMTPUTF8" in attempt.why
        assert heard == []
    async with _dialogue(extensions=b"250-SMTPUTF8\r\n") as (dialogue, heard):
        assert await dialogue.deliver(_letter("анна"), None) == Sent()
        assert heard[0] == b"MAIL FROM:<bank@example.com> SMTPUTF8\r\n"


async def test_a_server_that_is_not_there_is_unreachable() -> None:
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    with pytest.raises(UnreachableError):
        await Dialogue.open(_at(port))


@pytest.mark.parametrize("extensions", [b"250-STARTTLS\r\n", b""])
async def test_where_encryption_fails_or_is_not_offered_nothing_is_sent(extensions: bytes) -> None:
    heard: list[bytes] = []

    def drop(line: bytes) -> bytes | None:
        if line == b"STARTTLS":
            return b"220 go ahead\r\n"
        return None if line.startswith(b"\x16") else _polite(line)  # 0x16 begins a handshake

    class Dropping(_Script):
        @override
        def data_received(self, data: bytes) -> None:
            if data.startswith(b"\x16"):
                heard.append(b"handshake")
                assert self._transport is not None
                self._transport.close()
            else:
                super().data_received(data)

    server = await asyncio.get_running_loop().create_server(
        lambda: Dropping(drop, heard, extensions), "127.0.0.1", 0
    )
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(UnreachableError):
        await Dialogue.open(replace(_at(port), tls="starttls"))
    assert not any(b"MAIL" in part or b"AUTH" in part for part in heard)
    assert (b"handshake" in heard) is bool(extensions)
    server.close()
    await server.wait_closed()
