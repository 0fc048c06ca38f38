"""A mail is acknowledged when the folder has it, and there after a restart."""

from pathlib import Path

import aiosmtplib
import pytest

from deploy.local.mailbox.box import Counts
from deploy.local.mailbox.running import start
from tests.integration.mailbox.mails import SENDER, mail, send, smtp


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
