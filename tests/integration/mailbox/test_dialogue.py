"""The SMTP dialogue: each command is answered, and a mail ends at its lone dot or at its limit."""

import asyncio

import httpx
import pytest

from deploy.local.mailbox.box import Counts
from deploy.local.mailbox.receiving import MAX_MAIL_BYTES
from deploy.local.mailbox.running import MailCatcher
from tests.integration.mailbox.mails import (
    SENDER,
    counts,
    envelope,
    listed,
    mail,
    raw_connection,
    smtp,
)


async def test_international_addresses_are_taken(
    catcher: MailCatcher, client: httpx.AsyncClient
) -> None:
    async with smtp(catcher) as connection:
        assert connection.is_ehlo_or_helo_needed
        await connection.ehlo()
        offered = {"smtputf8", "8bitmime", "size", "pipelining"}
        assert offered <= set(connection.esmtp_extensions)
        await connection.sendmail(
            SENDER, "łucja@przykład.example", mail(), mail_options=["SMTPUTF8", "BODY=8BITMIME"]
        )
    (shown,) = await listed(client, to="łucja@przykład.example")
    assert shown["to"] == "łucja@przykład.example"


async def test_commands_that_come_together_are_answered_one_by_one(
    catcher: MailCatcher, client: httpx.AsyncClient
) -> None:
    async with raw_connection(catcher) as connection:
        assert await connection.say(envelope(), 3) == [b"250", b"250", b"354"]
        for number in range(1, 200):
            content = mail(number).replace(b"\r\n.", b"\r\n..") + b".\r\n"
            replies = await connection.say(content + envelope(), 4)
            assert replies == [b"250", b"250", b"250", b"354"]
        assert await connection.say(b"Subject: end\r\n.\r\nQUIT\r\n", 2) == [b"250", b"221"]
    assert (await counts(client))["messages"] == 200
    assert (await client.get("/mail/199/source")).content == mail(199)


async def test_a_rejected_command_among_others_spoils_only_its_mail(catcher: MailCatcher) -> None:
    async with raw_connection(catcher) as connection:
        together = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<nobody@>\r\nDATA\r\nRSET\r\n"
        assert await connection.say(together, 4) == [b"250", b"553", b"503", b"250"]
        assert await connection.say(envelope(), 3) == [b"250", b"250", b"354"]
        assert await connection.say(b"x\r\n.\r\n", 1) == [b"250"]
    assert catcher.mailbox.counts == Counts(1, 0, 1)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b".\r\n", b""),
        (b"\r\n.\r\n", b"\r\n"),
        (b"\r\n\r\n.\r\n", b"\r\n\r\n"),
        (b"one line\r\n.\r\n", b"one line\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b"...a\r\nb\r\n.\r\n", b"..a\r\nb\r\n"),
        (b"\r\r\n.\r\n", b"\r\r\n"),
        (b"\r\n..\r\n...\r\n.\r\n", b"\r\n.\r\n..\r\n"),
        (b"a\n.\nb\n.\r\nc\r\n.\r\n", b"a\n.\nb\n.\r\nc\r\n"),
        (b".a\n.\r\nb\r\n.\r\n", b"a\n.\r\nb\r\n"),
    ],
)
async def test_a_mail_ends_at_its_lone_dot_and_nowhere_else(
    catcher: MailCatcher, client: httpx.AsyncClient, sent: bytes, kept: bytes
) -> None:
    async with raw_connection(catcher) as connection:
        for number, parts in enumerate(([sent], [bytes([byte]) for byte in sent]), 1):
            await connection.say(envelope(), 3)
            for part in parts[:-1]:
                await connection.say(part, 0)
                await asyncio.sleep(0)  # a turn for the server, which gets each byte by itself
            assert await connection.say(parts[-1], 1) == [b"250"]
            assert (await client.get(f"/mail/{number}/source")).content == kept


async def test_a_line_longer_than_smtp_allows_is_refused(catcher: MailCatcher) -> None:
    async with raw_connection(catcher) as connection:
        await connection.say(envelope(), 3)
        assert await connection.say(b"x" * 998 + b"\r\n.\r\n", 1) == [b"250"]
        await connection.say(envelope(), 3)
        assert await connection.say(b"x" * 999 + b"\r\n.\r\n", 1) == [b"500"]
    assert catcher.mailbox.counts.messages == 1


@pytest.mark.parametrize("first", [b"x", b".", b"\r\n"])
async def test_a_mail_that_is_too_large_is_refused_and_the_next_is_taken(
    catcher: MailCatcher, first: bytes
) -> None:
    async with raw_connection(catcher) as connection:
        await connection.say(envelope(), 3)
        line = b"y" * 900 + b"\r\n"
        huge = first + line * (MAX_MAIL_BYTES // len(line) + 1) + b".\r\n"
        assert await connection.say(huge, 1) == [b"552"]
        assert await connection.say(envelope(), 3) == [b"250", b"250", b"354"]
        assert await connection.say(b"small\r\n.\r\n", 1) == [b"250"]
    assert catcher.mailbox.counts.messages == 1
