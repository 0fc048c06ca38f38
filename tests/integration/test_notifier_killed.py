"""A notifier that is killed in the middle of 5,000 mails sends each of them exactly once."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.local.mailbox.running import MailCatcher
from deploy.local.ports import free_port
from deploy.local.processes import ROOT
from services.notifier import claims, recipients, store
from services.notifier.attempts import Said, Sent
from services.notifier.domain import Channel, FinalAnswer, Language, Plan, Planned, Recipient
from services.notifier.journal import Journal, Left
from shared.events.answer import Basis, Disposition
from shared.postgres import Pool, connect
from tests.integration.notifier_service import (
    SECRET,
    START,
    STATUS_SECRET,
    TRACEPARENT,
    HasDatabase,
    until,
)

MAILS = 5_000
CONNECTIONS = 4
KILLED_AT = (1_000, 2_500, 4_000)
_SOON = timedelta(seconds=3)
_SENT = Sent(Said("Subject", b"hash", "version"))
UNRECORDED = TRACEPARENT.removesuffix("-01") + "-00"

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]


@pytest.fixture
async def pool(database: HasDatabase) -> AsyncIterator[Pool]:
    opened = await connect(database.url("notifier"), schema="notifier", connections=2)
    yield opened
    await opened.close()


async def _queue(pool: Pool, count: int) -> None:
    cases = {
        uuid4(): Recipient(f"Anna {n}", f"c{n}@example.com", None, "pl", "PL") for n in range(count)
    }
    content = FinalAnswer(
        disposition=Disposition.UPHELD, basis=Basis.ENTITLEMENT, reasons=("wrong_fee",)
    )
    async with pool.acquire() as connection, connection.transaction():
        await recipients.remember(connection, cases)
        await store.queue(
            connection,
            [
                Planned(
                    uuid4(),
                    Plan(case, "C-1", 0, content, "pl", uuid4(), UNRECORDED, START),
                    Channel.EMAIL,
                    Language.PL,
                )
                for case in cases
            ],
        )


@asynccontextmanager
async def _running(
    database: HasDatabase, smtp_port: int, journal: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.notifier"),
        cwd=ROOT,
        env={
            "PATH": os.defpath,
            "EVENHAND_DATABASE_URL": database.url("notifier"),
            "EVENHAND_KAFKA_BOOTSTRAP": "127.0.0.1:1",
            "EVENHAND_HTTP_HOST": "127.0.0.1",
            "EVENHAND_HTTP_PORT": str(free_port()),
            "EVENHAND_LOG_LEVEL": "ERROR",
            "EVENHAND_SMTP_HOST": "127.0.0.1",
            "EVENHAND_SMTP_PORT": str(smtp_port),
            "EVENHAND_SMTP_TLS": "none",
            "EVENHAND_SMTP_CONNECTIONS": str(CONNECTIONS),
            "EVENHAND_MAIL_FROM": "cases@bank.example",
            "EVENHAND_WEBHOOK_SECRET": SECRET,
            "EVENHAND_STATUS_URL": "http://status.example",
            "EVENHAND_STATUS_SECRET": STATUS_SECRET,
            "EVENHAND_JOURNAL_DIR": str(journal),
        },
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_notifier_killed_in_the_middle_of_5000_mails_sends_each_exactly_once(
    database: HasDatabase, pool: Pool, catcher: MailCatcher, tmp_path: Path
) -> None:
    await _queue(pool, MAILS)
    box = catcher.mailbox
    for goal in KILLED_AT:

        async def is_reached(goal: int = goal) -> bool:
            return box.counts.messages >= goal

        async with _running(database, catcher.smtp_port, tmp_path) as process:
            await until(is_reached, 60)
            process.send_signal(signal.SIGKILL)
            await process.wait()
        assert box.counts.messages < MAILS, "it was killed too late to show anything"
        # What was in hand waits for its lease, which is 30 s; nobody else's time is needed here.
        await pool.execute("UPDATE queue SET leased_until = least(leased_until, now() + $1)", _SOON)

    async def is_done() -> bool:
        return not await pool.fetchval("SELECT EXISTS (SELECT FROM queue)")

    async with _running(database, catcher.smtp_port, tmp_path):
        await until(is_done, 60)
    counts = box.counts
    assert counts.messages == MAILS
    assert await pool.fetchval("SELECT count(*) FROM notices WHERE outcome = 'sent'") == MAILS
    # Only a yes that was on the wire when the process died can be missing in its journal.
    assert counts.duplicates <= CONNECTIONS * len(KILLED_AT)
    print(f"{counts.messages} mails, {counts.duplicates} suppressed repeats")  # noqa: T201 - the count is what it is for


async def test_a_journal_is_read_by_nobody_while_its_writer_lives(
    pool: Pool, tmp_path: Path
) -> None:
    await _queue(pool, 2)
    async with pool.acquire() as connection:
        first, second = await claims.claim(connection, Channel.EMAIL, 2, timedelta(minutes=1))
    journal = Journal(tmp_path, "email")
    journal.note(first, _SENT)
    journal.note(second, _SENT)
    journal.settled([first])
    assert Left(tmp_path, "email").read() == []
    journal.close()  # as the death of its process does
    left = Left(tmp_path, "email")
    assert {entry[:2] for entry in left.read()} == {(one.id, one.lease) for one in (first, second)}
    left.remove()
    assert Left(tmp_path, "email").read() == []
