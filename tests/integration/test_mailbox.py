import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiosmtplib
import httpx
import pytest

from deploy.local.mailbox.box import Counts
from deploy.local.mailbox.receiving import MAX_MAIL_BYTES, Drop, Fault, Refuse
from deploy.local.mailbox.running import MailCatcher, start

Json = dict[str, Any]
SENDER = "noreply@bank.example"


@pytest.fixture
async def catcher() -> AsyncIterator[MailCatcher]:
    running = await start()
    yield running
    await running.stop()


@pytest.fixture
async def client(catcher: MailCatcher) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=catcher.url) as opened:
        yield opened


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


async def test_a_mail_is_shown_as_it_was_sent(
    catcher: MailCatcher, client: httpx.AsyncClient
) -> None:
    await send(catcher, mail())
    (shown,) = await listed(client)
    assert shown.pop("received_at").endswith("+00:00")
    assert shown == {
        "id": 1,
        "message_id": "<notice-1@bank.example>",
        "from": SENDER,
        "to": "anna@example.com",
        "subject": "Twoja sprawa: opłata zwrócona",
        "case": "case-1",
        "notice": "final",
        "size": len(mail()),
        "headers": {"X-Evenhand-Case": "case-1", "X-Evenhand-Notice": "final"},
    }
    whole = (await client.get("/api/messages/1")).json()
    assert whole["plain"] == "Zwracamy opłatę.\n.\n..a line with dots\n"
    assert whole["html"] == "<p>Oddajemy</p>\n"
    assert ["From", "Bank <noreply@bank.example>"] in whole["all_headers"]
    assert (await client.get("/mail/1/source")).content == mail()


async def test_a_mail_that_the_recipient_has_is_counted_and_not_kept_again(
    catcher: MailCatcher, client: httpx.AsyncClient
) -> None:
    await send(catcher, mail(1), mail(1), mail(2))
    await send(catcher, mail(1), to="ANNA@example.com")
    await send(catcher, mail(1), to="jan@example.com")
    assert await counts(client) == {"messages": 3, "duplicates": 2, "distinct_recipients": 2}
    assert [message["message_id"] for message in await listed(client, to="anna@example.com")] == [
        "<notice-1@bank.example>",
        "<notice-2@bank.example>",
    ]


async def test_mails_without_a_message_id_are_all_kept(
    catcher: MailCatcher, client: httpx.AsyncClient
) -> None:
    await send(catcher, b"Subject: a\r\n\r\nb\r\n", b"Subject: a\r\n\r\nb\r\n")
    assert await counts(client) == {"messages": 2, "duplicates": 0, "distinct_recipients": 1}


async def test_every_recipient_of_a_mail_has_it(
    catcher: MailCatcher, client: httpx.AsyncClient
) -> None:
    async with smtp(catcher) as connection:
        await connection.sendmail(SENDER, ["anna@example.com", "jan@example.com"], mail())
    assert [message["to"] for message in await listed(client, case="case-1")] == [
        "anna@example.com",
        "jan@example.com",
    ]


async def test_mails_are_found_by_case_recipient_and_what_came_after(
    catcher: MailCatcher, client: httpx.AsyncClient
) -> None:
    await send(catcher, mail(1), mail(2), mail(3))
    await send(catcher, mail(4), to="jan@example.com")

    async def ids(**parameters: str) -> list[int]:
        return [message["id"] for message in await listed(client, **parameters)]

    assert await ids() == [1, 2, 3, 4]
    assert await ids(case="case-2") == [2]
    assert await ids(case="case-9") == []
    assert await ids(to="Jan@Example.com") == [4]
    assert await ids(to="jan@example.com", case="case-1") == []
    assert await ids(after="2") == [3, 4]
    assert await ids(to="anna@example.com", after="2") == [3]
    assert await ids(limit="2") == [1, 2]
    assert (await client.get("/api/messages?limit=2")).json()["next_after"] == 2
    assert (await client.get("/api/messages?after=4")).json()["next_after"] is None
    for wrong in ("limit=-1", "limit=1001", "after=x", "after=99999999999999999999"):
        assert (await client.get(f"/api/messages?{wrong}")).status_code == 400
    assert (await client.get("/api/messages/99")).status_code == 404


async def test_emptying_begins_the_counts_anew(
    catcher: MailCatcher, client: httpx.AsyncClient
) -> None:
    await send(catcher, mail(1), mail(1))
    assert (await client.delete("/api/messages")).status_code == 204
    assert await counts(client) == {"messages": 0, "duplicates": 0, "distinct_recipients": 0}
    assert await listed(client) == []
    await send(catcher, mail(1))
    assert [message["case"] for message in await listed(client)] == ["case-1"]


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


async def scripted(fault: Fault) -> tuple[MailCatcher, list[str]]:
    """Start a catcher that fails once for anna@example.com and never again."""
    asked: list[str] = []

    def script(recipient: str) -> Fault | None:
        asked.append(recipient)
        return fault if asked.count("anna@example.com") == 1 else None

    return await start(script=script), asked


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Refuse("451 4.3.0 try again later"), 451),
        (Refuse("550 5.1.1 no such mailbox"), 550),
        (Refuse("452 4.2.2 mailbox full", at="content"), 452),
    ],
)
async def test_a_scripted_refusal_is_given_once_and_nothing_is_kept(
    fault: Refuse, code: int
) -> None:
    catcher, asked = await scripted(fault)
    async with smtp(catcher) as connection:
        with pytest.raises((aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPDataError)) as caught:
            await connection.sendmail(SENDER, "anna@example.com", mail())
        refused = getattr(caught.value, "recipients", [caught.value])[0]
        assert (refused.code, refused.message) == (code, fault.reply[4:])
        assert catcher.mailbox.counts.messages == 0
        await connection.sendmail(SENDER, "anna@example.com", mail())
    assert catcher.mailbox.counts == Counts(1, 0, 1)
    assert asked == ["anna@example.com"] * 2
    await catcher.stop()


@pytest.mark.parametrize(
    ("drop", "after_first", "after_second"),
    [
        (Drop.BEFORE_KEEPING, Counts(0, 0, 0), Counts(1, 0, 1)),
        (Drop.BEFORE_REPLY, Counts(1, 0, 1), Counts(1, 1, 1)),
        (Drop.AFTER_REPLY, Counts(1, 0, 1), Counts(1, 1, 1)),
    ],
)
async def test_a_scripted_break_of_the_connection_keeps_the_mail_or_not(
    drop: Drop, after_first: Counts, after_second: Counts
) -> None:
    catcher, _ = await scripted(drop)
    async with raw_connection(catcher) as connection:
        await connection.say(envelope(), 3)
        content = mail().replace(b"\r\n.", b"\r\n..") + b".\r\n"
        (reply,) = await connection.say(content, 1)
        assert reply == (b"250" if drop is Drop.AFTER_REPLY else b"")
        assert await connection.reply() == b""
    assert catcher.mailbox.counts == after_first
    await send(catcher, mail())
    assert catcher.mailbox.counts == after_second
    await catcher.stop()


async def test_a_folder_keeps_mails_over_a_restart(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    first = await start(folder=folder)
    await send(first, mail(1), mail(2))
    before = first.mailbox.newest(0, 10)
    await first.stop()
    (folder / "notes.eml").write_text("not a letter")

    second = await start(folder=folder)
    after = second.mailbox.newest(0, 10)
    assert [letter.id for letter in after] == [2, 1]
    assert [(letter.recipient, letter.indexed, letter.sender) for letter in after] == [
        (letter.recipient, letter.indexed, letter.sender) for letter in before
    ]
    assert second.mailbox.raw(after[0]) == mail(2)
    await send(second, mail(2), mail(3))
    assert second.mailbox.counts == Counts(3, 1, 1)
    second.mailbox.clear()
    assert [file.name for file in folder.iterdir()] == ["notes.eml"]
    await second.stop()


async def test_a_mail_that_cannot_be_kept_is_not_acknowledged(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    catcher = await start(folder=folder)
    folder.rmdir()
    async with smtp(catcher) as connection:
        with pytest.raises(aiosmtplib.SMTPDataError) as caught:
            await connection.sendmail(SENDER, "anna@example.com", mail())
        assert caught.value.code == 452
        folder.mkdir()
        await connection.sendmail(SENDER, "anna@example.com", mail())
    assert catcher.mailbox.counts == Counts(1, 0, 1)
    await catcher.stop()


async def test_pages_show_a_mail_and_run_nothing_that_it_says(
    catcher: MailCatcher, client: httpx.AsyncClient
) -> None:
    html = '<html><head></head><script>alert(1)</script><a href="http://x.example">go</a></html>'
    await send(catcher, mail(1, html=html), b"Subject: <script>alert(2)</script>\r\n\r\nx\r\n")
    listing = await client.get("/")
    page = await client.get("/mail/1")
    part = await client.get("/mail/1/html")

    assert "Twoja sprawa: opłata zwrócona" in listing.text
    assert "&lt;script&gt;" in listing.text
    assert "Zwracamy opłatę." in page.text
    for shown in (listing, page, await client.get("/mail/2")):
        assert shown.status_code == 200
        assert "<script" not in shown.text
        assert "default-src 'none'" in shown.headers["content-security-policy"]
        assert "script-src" not in shown.headers["content-security-policy"]
    assert 'src="/mail/1/html"' in page.text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
    policy = part.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src")
    assert "allow-scripts" not in policy
    assert (await client.get("/mail/9")).status_code == 404


async def test_the_list_of_mails_is_paged_newest_first(
    catcher: MailCatcher, client: httpx.AsyncClient
) -> None:
    await send(catcher, *(mail(number) for number in range(1, 61)))
    first = (await client.get("/")).text
    second = (await client.get("/", params={"page": "2"})).text
    assert first.count('href="/mail/') == 50
    assert first.index("/mail/60") < first.index("/mail/11")
    assert 'href="/?page=2"' in first
    assert second.count('href="/mail/') == 10
    assert 'rel="next"' not in second
    by_case = (await client.get("/", params={"case": "case-7"})).text
    assert by_case.count('href="/mail/') == 1


async def test_stopping_tells_senders_to_come_again() -> None:
    catcher = await start()
    async with raw_connection(catcher) as connection:
        stopping = asyncio.create_task(catcher.stop())
        assert (await connection.reply()).startswith(b"421")
        assert await connection.reply() == b""
    await stopping
    assert not catcher.connections


async def test_sigterm_ends_the_process_quietly_with_0() -> None:
    options = ("--smtp-port", "0", "--http-port", "0", "--memory")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.local.mailbox", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    ready = (await process.stdout.readline()).decode()
    smtp_port = int(ready.split("port ")[1].split(",")[0])
    async with (
        aiosmtplib.SMTP(hostname="127.0.0.1", port=smtp_port, start_tls=False) as connection,
        httpx.AsyncClient(base_url=ready.split()[-1]) as client,
    ):
        await connection.sendmail(SENDER, "anna@example.com", mail())
        assert (await counts(client))["messages"] == 1
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        process.send_signal(signal.SIGTERM)
        output, errors = await process.communicate()
    assert (process.returncode, output, errors) == (0, b"", b"")
