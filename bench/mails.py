"""How many e-mails a second the notifier puts into words and hands to a mail server.

The notifier as it runs, in a process of its own, with a journal and a durable database; the mail
server is the one of the bench, which speaks PIPELINING. Timed from the notifier's first e-mail to
its last.
"""

import asyncio
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from bench.figures import Mails
from bench.receiver import Arrival, Receiver
from bench.servers import Servers
from deploy.local.ports import free_port
from deploy.local.processes import ROOT
from services.notifier import recipients, store
from services.notifier.domain import Channel, Content, Language, Plan, Planned, Recipient
from services.notifier.messages.samples import samples
from shared.migrate import migrate
from shared.postgres import Pool, connect

_BATCH: Final = 500
_UNRECORDED: Final = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
_AT: Final = datetime(2026, 11, 20, 10, tzinfo=UTC)
_LANGUAGES: Final = tuple(Language)
_CONNECTIONS: Final = 4
_WAIT: Final = 0.05
_NOT_COUNTED: Final = frozenset({"new_link", "verifying"})
"""Notices that the receiver takes for neither a receipt nor an answer."""


async def measure(started: Servers, mail: Receiver, count: int) -> Mails:
    """Queue so many e-mails and let a notifier send them."""
    await migrate(started.admin_url)
    pool = await connect(started.admin_url, schema="notifier", connections=2)
    try:
        await _queue(pool, count)
        arrivals = await _send(started, mail, count)
    finally:
        await pool.close()
    times = sorted(arrival.at for arrival in arrivals)
    distinct = len({(arrival.case_id, arrival.notice) for arrival in arrivals})
    return Mails(
        mails=count,
        seconds=times[-1] - times[0],
        connections=_CONNECTIONS,
        repeats=len(arrivals) - distinct,
    )


async def _queue(pool: Pool, count: int) -> None:
    contents = [s.content for s in samples() if s.content.notice not in _NOT_COUNTED]
    for first in range(0, count, _BATCH):
        numbers = range(first, min(count, first + _BATCH))
        cases = {uuid4(): n for n in numbers}
        planned = [_planned(case, n, contents[n % len(contents)]) for case, n in cases.items()]
        async with pool.acquire() as connection, connection.transaction():
            await recipients.remember(connection, {case: _customer(n) for case, n in cases.items()})
            await store.queue(connection, planned)


def _customer(number: int) -> Recipient:
    return Recipient(f"Anna {number}", f"customer{number}@example.com", None, None, "PL")


def _planned(case_id: UUID, number: int, content: Content) -> Planned:
    plan = Plan(case_id, f"C-{number}", 0, content, None, uuid4(), _UNRECORDED, _AT)
    return Planned(uuid4(), plan, Channel.EMAIL, _LANGUAGES[number % len(_LANGUAGES)])


async def _send(started: Servers, mail: Receiver, count: int) -> list[Arrival]:
    with tempfile.TemporaryDirectory(dir=started.folder) as journal:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.notifier"),
            cwd=ROOT,
            env=_environment(started, mail, Path(journal)),
        )
        try:
            while sum(await mail.counts()) < count and process.returncode is None:  # noqa: ASYNC110 - the receiver only answers questions
                await asyncio.sleep(_WAIT)
            return await mail.take()
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


def _environment(started: Servers, mail: Receiver, journal: Path) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "EVENHAND_DATABASE_URL": started.admin_url,
        "EVENHAND_KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "EVENHAND_HTTP_HOST": "127.0.0.1",
        "EVENHAND_HTTP_PORT": str(free_port()),
        "EVENHAND_LOG_LEVEL": "ERROR",
        "EVENHAND_SMTP_HOST": "127.0.0.1",
        "EVENHAND_SMTP_PORT": str(mail.port),
        "EVENHAND_SMTP_TLS": "none",
        "EVENHAND_SMTP_CONNECTIONS": str(_CONNECTIONS),
        "EVENHAND_MAIL_FROM": "Evenhand Bank <cases@bank.example>",
        "EVENHAND_WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "EVENHAND_STATUS_URL": "http://status.example",
        "EVENHAND_STATUS_SECRET": "0123456789abcdef0123456789abcdef",
        "EVENHAND_JOURNAL_DIR": str(journal),
    }
