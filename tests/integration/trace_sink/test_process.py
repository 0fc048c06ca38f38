"""The sink as a process: it ends quietly, and says why it cannot begin."""

import asyncio
import signal
import sys

import httpx

from deploy.local.traces.running import TraceSink


async def test_sigterm_ends_the_process_quietly_with_0() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.local.traces", "--port", "0"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().split()[-1]
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{url}healthz")).status_code == 200
    process.send_signal(signal.SIGTERM)
    output, errors = await process.communicate()
    assert (process.returncode, output, errors) == (0, b"", b"")


async def test_a_taken_port_is_said_clearly(sink: TraceSink) -> None:
    command = [sys.executable, "-m", "deploy.local.traces", "--port", str(sink.port)]
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    _, errors = await process.communicate()
    assert process.returncode == 1
    assert errors.startswith(b"cannot listen: ")
    assert b"in use" in errors
