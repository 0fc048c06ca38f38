"""A catcher that stops tells its senders to come again, and ends quietly."""

import asyncio
import signal
import sys

import aiosmtplib
import httpx

from deploy.local.mailbox.running import start
from tests.integration.mailbox.mails import SENDER, counts, mail, raw_connection


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
