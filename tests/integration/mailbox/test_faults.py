"""A scripted fault comes once, and the mail is kept or not as it says."""

import aiosmtplib
import pytest

from deploy.local.mailbox.box import Counts
from deploy.local.mailbox.receiving import Drop, Fault, Refuse
from deploy.local.mailbox.running import MailCatcher, start
from tests.integration.mailbox.mails import SENDER, envelope, mail, raw_connection, send, smtp


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
