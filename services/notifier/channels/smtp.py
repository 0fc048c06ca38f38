"""One SMTP connection, kept open and pipelined (RFC 5321, RFC 2920).

With PIPELINING a message costs one round trip: its body leaves together with the next message's
MAIL, RCPT and DATA. aiosmtplib connects, encrypts and logs in; it sends one command at a time and
drops replies that nobody waits for, so the dialogue that follows is ours.

A connection that is lost after the body was sent leaves it open whether the server took the
message (RFC 5321 4.5.4.2, RFC 1047). It is then sent again with the same Message-ID, by which
receivers tell the repeat.
"""

import asyncio
import ssl
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, cast

import aiosmtplib

from services.notifier.attempts import Attempt, Deferred, Refused, Sent
from services.notifier.channels.email import Mailbox
from services.notifier.channels.replies import BrokenError, Replies

_START_INPUT: Final = 354
_CLOSING: Final = 421


class UnreachableError(Exception):
    """No connection could be opened; the text says why, without personal data."""


class UnsentError(BrokenError):
    """It broke before any of the message's body was sent, on a connection that had served before.

    Such a connection may have been closed for being idle; another one may do.
    """


@dataclass(frozen=True, slots=True)
class Server:
    """Where e-mail is handed over; `patience` is the longest wait for one message."""

    host: str
    port: int
    tls: Literal["none", "starttls", "tls"]
    username: str | None
    password: str | None
    patience: timedelta


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail and its envelope."""

    sender: str
    to: Mailbox
    data: bytes


class Dialogue:
    """A conversation with a server over one open connection."""

    def __init__(
        self,
        transport: asyncio.Transport,
        server: Server,
        *,
        pipelining: bool,
        utf8: bool,
    ) -> None:
        self._transport = transport
        self._replies = Replies()
        transport.set_protocol(self._replies)
        self._patience = server.patience.total_seconds()
        self._pipelining = pipelining
        self._utf8 = utf8
        self._announced: Letter | None = None
        self._served = False

    @classmethod
    async def open(cls, server: Server) -> "Dialogue":
        """Connect, encrypt and log in.

        Raises:
            UnreachableError: the server is away or does not let us in.

        """
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.tls == "tls",
            start_tls=server.tls == "starttls",
            timeout=min(30.0, server.patience.total_seconds()),
        )
        try:
            await client.connect()
            if client.is_ehlo_or_helo_needed:
                await client.ehlo()
        except (aiosmtplib.SMTPException, OSError, ssl.SSLError) as error:
            client.close()
            raise UnreachableError(type(error).__name__) from error
        if client.transport is None:
            raise UnreachableError("connection lost")
        return cls(
            cast(asyncio.Transport, client.transport),
            server,
            pipelining=client.supports_extension("pipelining"),
            utf8=client.supports_extension("smtputf8"),
        )

    @property
    def usable(self) -> bool:
        """Say whether a message can be sent; not after the server left, or spoke unasked."""
        if self._transport.is_closing() or self._replies.lost:
            return False
        return self._announced is not None or not self._replies.unread

    async def deliver(self, letter: Letter, following: Letter | None) -> Attempt:
        """Hand over a message; `following` must be the next one, where its envelope was sent.

        Raises:
            UnsentError: the server has not seen the message.
            BrokenError: whether the server took the message may be open.

        """
        if letter.to.utf8 and not self._utf8:
            return Refused("the mail server does not take addresses in these letters (SMTPUTF8)")
        try:
            async with asyncio.timeout(self._patience):
                return await self._deliver(letter, following)
        except TimeoutError as error:
            raise BrokenError("time-out") from error

    async def _deliver(self, letter: Letter, following: Letter | None) -> Attempt:
        served, self._served = self._served, True
        try:
            refusal = await self._envelope(letter)
        except BrokenError as error:
            if served:
                raise UnsentError(str(error)) from error
            raise
        if refusal is not None:
            return refusal
        body = _stuffed(letter.data)
        if self._pipelining and following is not None and self._takes(following):
            self._transport.write(body + b"".join(_commands(following)))
            self._announced = following
        else:
            self._transport.write(body)
        return self._verdict(await self._replies.next())

    def _takes(self, letter: Letter) -> bool:
        return self._utf8 or not letter.to.utf8

    async def _envelope(self, letter: Letter) -> Attempt | None:
        """Offer a message; nothing is returned when the server waits for its body."""
        commands = _commands(letter)
        if not self._pipelining:
            for command in commands:
                self._transport.write(command)
                reply = await self._replies.next()
                if not _accepts(reply, data=command is commands[-1]):
                    await self._reset()
                    return self._verdict(reply, of_recipient=command is commands[1])
            return None
        if self._announced is not letter:
            self._transport.write(b"".join(commands))
        self._announced = None
        mail, rcpt, data = [await self._replies.next() for _ in commands]
        refused = [reply for reply in (mail, rcpt) if not reply.startswith("2")]
        if data.startswith(str(_START_INPUT)):
            if not refused:
                return None
            # It asks for a body that has no recipient: an empty one ends the exchange.
            self._transport.write(b".\r\n")
            await self._replies.next()
        else:
            await self._reset()
        return self._verdict(
            refused[0] if refused else data, of_recipient=bool(refused) and mail.startswith("2")
        )

    async def _reset(self) -> None:
        self._transport.write(b"RSET\r\n")
        await self._replies.next()

    def _verdict(self, reply: str, *, of_recipient: bool = False) -> Attempt:
        if reply.startswith("2"):
            return Sent()
        if reply.startswith(str(_CLOSING)):
            raise BrokenError(reply)
        if not reply.startswith("5"):
            return Deferred(reply)
        return Refused(reply, contact=of_recipient and blames_address(reply.partition(" ")[2]))

    def close(self) -> None:
        """Take leave, without waiting for the answer."""
        if self.usable:
            self._transport.write(b"QUIT\r\n")
        self._transport.close()


def blames_address(enhanced: str) -> bool:
    """Say whether an enhanced status code (RFC 3463), or none, means that nobody is there."""
    return not enhanced or enhanced.startswith("5.1.") or enhanced == "5.2.1"


def _accepts(reply: str, *, data: bool) -> bool:
    return reply.startswith(str(_START_INPUT) if data else "2")


def _commands(letter: Letter) -> tuple[bytes, bytes, bytes]:
    """Return MAIL, RCPT and DATA. The addresses were checked: no line break can be in them."""
    extension = " SMTPUTF8" if letter.to.utf8 else ""
    return (
        f"MAIL FROM:<{letter.sender}>{extension}\r\n".encode(),
        f"RCPT TO:<{letter.to.address}>\r\n".encode(),
        b"DATA\r\n",
    )


def _stuffed(data: bytes) -> bytes:
    """Return the body as it goes over the line: dots doubled, ended by a lone one."""
    if b"\r\n." in data:
        data = data.replace(b"\r\n.", b"\r\n..")
    return data + b".\r\n"
