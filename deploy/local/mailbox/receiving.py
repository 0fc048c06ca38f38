"""Taking mail by SMTP: aiosmtpd with its waste removed, and faults on demand for tests.

Invariant: 250 after a mail's content means that the mailbox has it.
"""

import asyncio
import enum
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import AnyStr, Literal

from aiosmtpd.smtp import SMTP, Envelope, Session, syntax
from typing_extensions import override

from deploy.local.mailbox.box import Mailbox

HOST_NAME = "mailbox.localhost"
MAX_MAIL_BYTES = 32 * 1024 * 1024
MAX_LINE_BYTES = 1_000
"""RFC 5321, 4.5.3.1.6, with the line's end."""
GRACE_SECONDS = 1
END_OF_MAIL = b"\r\n.\r\n"
PLAIN_ADDRESS = re.compile(
    r"<([\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)>"
)
"""Nearly every address; aiosmtpd's own parser, which takes the others, needs 50 µs."""
ROUTINE = frozenset({b"250", b"354"})


class Drop(enum.Enum):
    """The connection breaks once the whole mail has come."""

    BEFORE_KEEPING = "the mail is lost, the sender gets no reply"
    BEFORE_REPLY = "the mail is kept, the sender gets no reply"
    AFTER_REPLY = "the mail is kept and acknowledged"


@dataclass(frozen=True, slots=True)
class Refuse:
    """The server says no: to the recipient, or to the mail's content."""

    reply: str
    at: Literal["recipient", "content"] = "recipient"


Fault = Refuse | Drop
Script = Callable[[str], Fault | None]
"""Says for a recipient what goes wrong this time; asked at each RCPT."""


class _ScriptedEnvelope(Envelope):
    def __init__(self) -> None:
        super().__init__()
        self.fault: Fault | None = None


class _Offers:
    """aiosmtpd takes commands one by one from its buffer, which is all that pipelining needs."""

    async def handle_EHLO(  # noqa: N802 - aiosmtpd looks for this name
        self, server: SMTP, session: Session, envelope: Envelope, name: str, replies: list[str]
    ) -> list[str]:
        del server, envelope
        session.host_name = name
        return [*replies[:-1], "250-PIPELINING", "250-ENHANCEDSTATUSCODES", replies[-1]]


class _ScriptedOffers(_Offers):
    def __init__(self, script: Script) -> None:
        self._script = script

    async def handle_RCPT(  # noqa: N802 - aiosmtpd looks for this name
        self,
        server: SMTP,
        session: Session,
        envelope: _ScriptedEnvelope,
        address: str,
        options: list[str],
    ) -> str:
        del server, session, options
        fault = self._script(address)
        if isinstance(fault, Refuse) and fault.at == "recipient":
            return fault.reply
        envelope.fault = envelope.fault or fault
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"


class Connection(SMTP):
    """One sender's connection.

    Replies to commands that came together leave together (RFC 2920, 3.2), and a mail's content is
    taken in one piece, not line by line.
    """

    line_length_limit = 64 * 1024  # of the stream's buffer; smtp_DATA measures lines itself

    def __init__(
        self, mailbox: Mailbox, script: Script | None, connections: "set[Connection]"
    ) -> None:
        super().__init__(
            _ScriptedOffers(script) if script else _Offers(),
            data_size_limit=MAX_MAIL_BYTES,
            enable_SMTPUTF8=True,
            hostname=HOST_NAME,
            ident="Evenhand mail catcher",
            loop=asyncio.get_running_loop(),
        )
        self._mailbox = mailbox
        self._connections = connections
        self._replies: list[bytes] = []
        self._received = 0

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._connections.add(self)
        super().connection_made(transport)

    @override
    def connection_lost(self, error: Exception | None) -> None:
        self._connections.discard(self)
        super().connection_lost(error)

    async def close(self) -> None:
        """Tell the sender to come again, and end."""
        await self.push("421 4.3.2 closing down")
        self._close()
        if self._handler_coroutine is not None:
            _, open_still = await asyncio.wait([self._handler_coroutine], timeout=GRACE_SECONDS)
            if open_still and isinstance(self.transport, asyncio.Transport):
                self.transport.abort()

    def _close(self) -> None:
        if self.transport is not None:
            self.transport.close()

    @override
    def _create_envelope(self) -> Envelope:
        return _ScriptedEnvelope()

    @override
    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        plain = PLAIN_ADDRESS.match(arg)
        if plain is None or not arg.isascii():
            return super()._getaddr(arg)
        return plain[1], arg[plain.end() :]

    @override
    async def push(self, status: AnyStr) -> None:
        reply = _encoded(status)
        self._replies.append(reply + b"\r\n")
        if reply[:3] not in ROUTINE:
            self._send_replies()
        elif len(self._replies) == 1:
            # Runs when the commands at hand are done and this connection waits for more.
            self.loop.call_soon(self._send_replies)

    def _send_replies(self) -> None:
        replies, self._replies = self._replies, []
        if replies and self.transport is not None and not self.transport.is_closing():
            self._writer.write(b"".join(replies))

    @override
    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:
        envelope = self.envelope
        if not isinstance(envelope, _ScriptedEnvelope) or not envelope.rcpt_tos:
            await self.push("503 5.5.1 Error: need RCPT command")
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        raw = await self._content()
        self.envelope = self._create_envelope()
        if raw is None:
            await self.push("552 5.3.4 Error: too much mail data")
        elif max(map(len, raw.split(b"\n"))) >= MAX_LINE_BYTES:
            await self.push("500 5.6.0 Error: line too long (RFC 5321, 4.5.3.1.6)")
        else:
            await self._accept(envelope, raw)

    async def _accept(self, envelope: _ScriptedEnvelope, raw: bytes) -> None:
        fault = envelope.fault
        if isinstance(fault, Refuse):
            await self.push(fault.reply)
            return
        if fault is not Drop.BEFORE_KEEPING:
            try:
                self._mailbox.deliver(envelope.mail_from or "", envelope.rcpt_tos, raw)
            except OSError as error:
                await self.push(f"452 4.3.1 cannot keep the mail: {error.strerror}")
                return
        if fault is None or fault is Drop.AFTER_REPLY:
            await self.push("250 2.0.0 OK")
        if fault is not None:
            self._send_replies()
            self._close()

    async def _content(self) -> bytes | None:
        """Read a mail up to its end, without the dots added for the way; None when too large."""
        self._received = 0
        parts = []
        # One byte first: the line break that begins the end of a mail is not there in an empty
        # mail. A first byte that could belong to the end is read on by lines, any other at once.
        while (first := await self._reader.readexactly(1)) in {b".", b"\r"}:
            line = first
            while not line.endswith(b"\r\n"):
                line += await self._until(b"\n")
            if line == b".\r\n":
                break
            parts.append(line)
        else:
            parts.append(first + (await self._until(END_OF_MAIL))[:-3])
        if self._received > MAX_MAIL_BYTES:
            return None
        raw = b"".join(parts)
        return raw.removeprefix(b".").replace(b"\r\n.", b"\r\n") if b"." in raw else raw

    async def _until(self, end: bytes) -> bytes:
        """Read up to and with `end`; of what is too large only the end is kept."""
        parts: list[bytes] = []
        ended = False
        while not ended:
            try:
                part = await self._reader.readuntil(end)
                ended = True
            except asyncio.LimitOverrunError as overrun:
                part = await self._reader.readexactly(overrun.consumed)
            self._received += len(part)
            if self._received > MAX_MAIL_BYTES:
                parts.clear()
            parts.append(part)
        return b"".join(parts)


def _encoded(reply: str | bytes) -> bytes:
    return reply.encode("utf-8", "surrogateescape") if isinstance(reply, str) else reply
