"""The embedded stack against what happens to it: kills, a second run, taken ports, left-overs."""

import asyncio
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from deploy.local import state
from deploy.local.lock import AlreadyRunningError
from deploy.local.processes import ROOT
from deploy.local.settings import Options, Ports, PortTakenError
from deploy.local.stack import Stack

pytestmark = pytest.mark.chaos
CASE = {
    "customer": {"id": "C-1", "language": "en", "contacts": {"email": "c1@example.com"}},
    "channel": "web",
    "category": "missed_due_date",
    "text": "I paid two days late, my mistake. Could you waive the fee this once? Thank you.",
    "claim": {"amount": "12.00", "currency": "EUR"},
    "facts": {"due_at": "2026-10-01T23:59:00+02:00", "paid_at": "2026-10-03T09:00:00+02:00"},
}
GROUPS = (
    ("intake", "classifier", "decision", "notifier"),
    ("mailbox", "traces"),
    ("broker",),
    ("database",),
)


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack, None]:
    running = await Stack.start(Options(folder=tmp_path_factory.mktemp("stack")))
    try:
        yield running
    finally:
        await running.stop()


def client(of: state.StackState) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=of.addresses.intake_url,
        headers={"Authorization": f"Bearer {of.api_key.get_secret_value()}"},
        timeout=15,
    )


async def until(look: Callable[[], Awaitable[bool]], what: str, within: float = 60) -> None:
    give_up = time.monotonic() + within
    while not await look():
        assert time.monotonic() < give_up, f"not within {within:g} s: {what}"
        await asyncio.sleep(0.1)


async def submit(api: httpx.AsyncClient) -> str:
    accepted = await api.post("/v1/cases", json=CASE, headers={"Idempotency-Key": str(uuid4())})
    assert accepted.status_code == 202, accepted.text
    case_id: str = accepted.json()["case_id"]
    return case_id


async def settled(api: httpx.AsyncClient, case_id: str) -> None:
    async def look() -> bool:
        case: dict[str, Any] = (await api.get(f"/v1/cases/{case_id}")).json()
        return bool(case["decision"] or case["referral"])

    await until(look, f"an answer in case {case_id}")


async def test_what_a_stack_writes_down_is_for_its_owner_only(stack: Stack) -> None:
    mode = stat.S_IMODE((stack.folder / "stack.json").stat().st_mode)
    assert mode == 0o600
    assert state.read(stack.folder) == stack.state


async def test_a_second_stack_on_the_same_folder_is_refused_and_told_who_runs_it(
    stack: Stack,
) -> None:
    with pytest.raises(AlreadyRunningError, match=rf"{stack.folder}.*process {os.getpid()}"):
        await Stack.start(Options(folder=stack.folder))


async def test_a_taken_port_is_named_with_the_setting_to_change(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTakenError, match=rf"port {port} .*EVENHAND_INTAKE_PORT"):
            await Stack.start(Options(folder=tmp_path, ports=Ports(intake=port)))
        assert Ports(intake=port).yielding().intake != port


@pytest.mark.parametrize("parts", GROUPS, ids="+".join)
async def test_killed_parts_are_started_again_and_cases_go_on(
    stack: Stack, parts: tuple[str, ...]
) -> None:
    before = dict(stack.restarts)
    for part in parts:
        await stack.kill(part)

    async def restarted() -> bool:
        return all(stack.restarts[part] > before.get(part, 0) for part in parts)

    await until(restarted, f"a restart of {parts}")
    await stack.until_ready()
    async with client(stack.state) as api:
        await settled(api, await submit(api))


async def test_after_a_killed_supervisor_the_next_run_goes_on_where_it_was(tmp_path: Path) -> None:
    ports = {f"EVENHAND_{name.upper()}_PORT": "0" for name in Ports.__dataclass_fields__}
    supervisor = subprocess.Popen(  # noqa: ASYNC220, S603 - our own module; its first line is awaited
        [sys.executable, "-m", "evenhand", "up", "--json", "--folder", str(tmp_path)],
        cwd=ROOT,
        env=ports,
        stdout=subprocess.PIPE,
    )
    assert supervisor.stdout is not None
    with supervisor.stdout as said:
        told = json.loads(await asyncio.to_thread(said.readline))
        first = state.read(tmp_path)
        assert first is not None
        assert told["intake_url"] == first.addresses.intake_url
        async with client(first) as api:
            case_id = await submit(api)
            await settled(api, case_id)
        supervisor.send_signal(signal.SIGKILL)
        await asyncio.to_thread(supervisor.wait)

    stack = await Stack.start(Options(folder=tmp_path))
    try:
        assert stack.state.api_key == first.api_key
        async with client(stack.state) as api:
            await settled(api, case_id)
            await settled(api, await submit(api))
    finally:
        await stack.stop()


async def test_a_key_from_before_the_review_desk_gives_way_to_one_that_opens_it(
    tmp_path: Path,
) -> None:
    stack = await Stack.start(Options(folder=tmp_path))
    old = stack.state.api_key
    connection = await asyncpg.connect(stack.state.admin_database_url.get_secret_value())
    await connection.execute("DELETE FROM decision.api_keys")
    await connection.close()
    await stack.stop()

    stack = await Stack.start(Options(folder=tmp_path))
    try:
        assert stack.state.api_key != old
        async with client(stack.state) as api:
            await submit(api)
    finally:
        await stack.stop()


async def test_a_part_that_cannot_start_is_told_with_the_last_lines_of_its_log(
    tmp_path: Path,
) -> None:
    wrong = Options(folder=tmp_path, extra={"EVENHAND_KEEP_EVENTS": "soon"})
    with pytest.raises(Exception, match=r"(?s)did not start.*EVENHAND_KEEP_EVENTS"):
        await Stack.start(wrong)
    # Everything was stopped: the folder is free for the next run.
    again = await Stack.start(Options(folder=tmp_path))
    await again.stop()
