"""The command line against a running stack, as a person types it."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer

from deploy.local.processes import ROOT
from deploy.local.settings import Options
from deploy.local.stack import Stack
from shared.events.catalogue import Topic

SAMPLES = (ROOT / "deploy/samples/cases.jsonl").read_bytes().splitlines()
Evenhand = Callable[..., Awaitable[tuple[int, list[Any], str]]]


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack, None]:
    running = await Stack.start(Options(folder=tmp_path_factory.mktemp("stack")))
    try:
        yield running
    finally:
        await running.stop()


@pytest.fixture
def evenhand(stack: Stack) -> Evenhand:
    """Run a command with `--json` beside the stack; returns code, values and complaints."""

    async def run(*words: str, stdin: bytes = b"", **variables: str) -> tuple[int, list[Any], str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "evenhand", *words, "--json"),
            cwd=ROOT,
            env={"EVENHAND_HOME": str(stack.folder), **variables},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, complaints = await process.communicate(stdin)
        assert process.returncode is not None
        values = [json.loads(line) for line in said.splitlines()]
        return process.returncode, values, complaints.decode()

    return run


async def test_cases_are_submitted_watched_and_listed(evenhand: Evenhand) -> None:
    lines = b"\n".join(SAMPLES[:4])
    code, receipts, _ = await evenhand("submit", stdin=lines)
    assert code == 0
    ids = [receipt["case_id"] for receipt in receipts]
    assert len(set(ids)) == 4

    code, changes, _ = await evenhand("case", "watch", *ids, "--timeout", "60")
    assert code == 0
    assert {change["case_id"] for change in changes} == set(ids)

    _, listed, _ = await evenhand("case", "list", "--limit", "4")
    assert {case["case_id"] for case in listed} == set(ids)
    _, [shown], _ = await evenhand("case", "show", ids[0])
    assert shown["decision"] or shown["referral"]


async def test_the_same_key_is_the_same_case(evenhand: Evenhand) -> None:
    words = ("submit", "--customer", "C-9", "--text", "Where is my card?", "--key", str(uuid4()))
    _, [first], _ = await evenhand(*words)
    _, [second], _ = await evenhand(*words)
    assert first["case_id"] == second["case_id"]


async def test_a_key_works_until_it_is_revoked(evenhand: Evenhand) -> None:
    _, [made], _ = await evenhand("key", "create", "shop", "--role", "read")
    code, _, _ = await evenhand("case", "list", EVENHAND_API_KEY=made["key"])
    assert code == 0
    identity = made["key"].split("_")[1]
    assert (await evenhand("key", "revoke", identity))[0] == 0
    assert (await evenhand("key", "revoke", identity))[0] == 1
    _, keys, _ = await evenhand("key", "list")
    assert [key["revoked_at"] is None for key in keys if key["id"] == identity] == [False]


async def test_a_key_of_both_services_is_listed_once(evenhand: Evenhand) -> None:
    _, [made], _ = await evenhand("key", "create", "anna", "--role", "read", "--role", "clerk")
    _, keys, _ = await evenhand("key", "list")
    assert [key["roles"] for key in keys if made["key"].split("_")[1] == key["id"]] == [
        ["clerk", "read"]
    ]
    local = next(key for key in keys if key["name"] == "local")
    assert {"submit", "read", "staff", "admin", "executive"} == set(local["roles"])


async def test_a_parked_message_goes_back_in_its_old_words(
    stack: Stack, evenhand: Evenhand
) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=stack.addresses.kafka_bootstrap)
    await producer.start()
    await producer.send_and_wait(Topic.SUBMITTED, b"nonsense", key=b"C-1", headers=[("a", b"\xff")])
    await producer.stop()

    async def parked(*, more_than: int) -> list[Any]:
        async with asyncio.timeout(60):
            while True:
                _, letters, _ = await evenhand("dlq", "list", "--replayed")
                found = [one for one in letters if one["consumer"] == "evenhand-classifier"]
                if len(found) > more_than:
                    return found

    [letter] = await parked(more_than=0)
    assert letter["service"] == "classifier"
    assert letter["replayed_at"] is None

    code, replayed, _ = await evenhand("dlq", "replay", letter["id"])
    assert code == 0
    assert replayed == [{"service": "classifier", "id": letter["id"], "replayed": True}]
    # It is as wrong as it was: its readers park it again, as a letter of its own.
    again = await parked(more_than=1)
    assert [one["replayed_at"] is None for one in again] == [True, False]

    assert (await evenhand("dlq", "replay", str(uuid4())))[0] == 1

    # What the broker does not take stays parked.
    waiting = again[0]["id"]
    code, _, complaint = await evenhand(
        *("dlq", "replay", waiting), EVENHAND_KAFKA_BOOTSTRAP="127.0.0.1:1"
    )
    assert code == 1
    assert "broker did not take the message" in complaint
    _, letters, _ = await evenhand("dlq", "list")
    assert [one["id"] for one in letters if one["consumer"] == "evenhand-classifier"] == [waiting]


async def test_migrate_finds_nothing_to_do_on_a_running_system(evenhand: Evenhand) -> None:
    assert await evenhand("migrate") == (0, [], "")
