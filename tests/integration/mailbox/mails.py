"""Mails, the senders that bring them, and what the catcher says that it has."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from email.message import EmailMessage
from typing import Any

import aiosmtplib
import httpx

from deploy.local.mailbox.running import MailCatcher

Json = dict[str, Any]
SENDER = "noreply@bank.example"


def smtp(catcher: MailCatcher) -> aiosmtplib.SMTP:
    return aiosmtplib.SMTP(hostname="127.0.0.1", port=catcher.smtp_port, start_tls=False)


def mail(number: int = 1, *, to: str = "anna@example.com", html: str = "<p>Oddajemy</p>") -> bytes:
    message = EmailMessage()
    message["From"] = f"Bank <{SENDER}>"
    message["To"] = to
    message["Subject"] = "Twoja sprawa: opłata zwrócona"
    message["Message-ID"] = f"<notice-{number}@bank.example>"
    message["X-Evenhand-Case"] = f"case-{number}"
    message["X-Evenhand-Notice"] = "final"
    message.set_content("Zwracamy opłatę.\n.\n..a line with dots\n", cte="8bit")
    message.add_alternative(html, subtype="html")
    message.set_boundary("boundary")
    return message.as_bytes(policy=message.policy.clone(linesep="\r\n"))


async def send(catcher: MailCatcher, *mails: bytes, to: str = "anna@example.com") -> None:
    async with smtp(catcher) as connection:
        for raw in mails:
            await connection.sendmail(SENDER, to, raw)


async def counts(client: httpx.AsyncClient) -> Json:
    answer: Json = (await client.get("/api/counts")).json()
    return answer


async def listed(client: httpx.AsyncClient, **parameters: str) -> list[Json]:
    answer = await client.get("/api/messages", params=parameters)
    assert answer.status_code == 200, answer.text
    messages: list[Json] = answer.json()["messages"]
    return messages


class RawConnection:
    """A sender that pipelines, or breaks the rules, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def reply(self) -> bytes:
        """Return the last line of the next reply."""
        while (line := await self._reader.readline())[3:4] == b"-":
            pass
        return line

    async def say(self, content: bytes, replies: int) -> list[bytes]:
        """Send all at once, then return the codes of so many replies."""
        self._writer.write(content)
        return [(await self.reply())[:3] for _ in range(replies)]


@contextlib.asynccontextmanager
async def raw_connection(catcher: MailCatcher) -> AsyncIterator[RawConnection]:
    reader, writer = await asyncio.open_connection("127.0.0.1", catcher.smtp_port, limit=2**20)
    connection = RawConnection(reader, writer)
    assert await connection.reply()
    assert await connection.say(b"EHLO tests\r\n", 1) == [b"250"]
    yield connection
    writer.close()
    await writer.wait_closed()


def envelope(to: str = "anna@example.com") -> bytes:
    return f"MAIL FROM:<{SENDER}>\r\nRCPT TO:<{to}>\r\nDATA\r\n".encode()
