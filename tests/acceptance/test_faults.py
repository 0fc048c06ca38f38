"""What is taken in is never lost: parts go away, nonsense arrives, and the cases still travel."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import httpx
import pytest
import standardwebhooks
import uvicorn
from aiokafka import AIOKafkaProducer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deploy.local.ports import free_port
from deploy.local.stack import Stack
from shared.events.catalogue import Topic
from tests.acceptance.outside import Json, Outside, until


def _case(**contacts: str) -> Json:
    identity = f"F-{uuid4()}"
    return {
        "customer": {
            "id": identity,
            "language": "en",
            "jurisdiction": "GB",
            "contacts": {"email": f"{identity.lower()}@example.com", **contacts},
        },
        "channel": "web",
        "category": "missed_due_date",
        "text": "Good morning, I paid two hours late, that was my mistake. Please waive the fee.",
        "claim": {"amount": "12.00", "currency": "GBP"},
        "facts": {"due_at": "2026-10-31T23:59:59Z", "paid_at": "2026-11-01T02:10:00Z"},
    }


async def _ready(outside: Outside) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return (await outside.api.get("/readyz")).status_code == httpx.codes.OK
    return False


@pytest.fixture(autouse=True)
async def whole(stack: Stack, outside: Outside) -> AsyncIterator[None]:
    """Let every test begin and end with a system that is whole."""
    yield

    async def is_whole() -> bool | None:
        return await _ready(outside) or None

    await until(is_whole, what="a system that is ready again", within=90)
    await stack.until_ready()


# Before the broker is killed: the embedded one then counts offsets from zero again, and a reader
# whose place is beyond the first of them never sees what no outbox sends a second time.
async def test_a_malformed_message_is_parked_and_the_others_go_on(
    stack: Stack, outside: Outside
) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=stack.addresses.kafka_bootstrap)
    await producer.start()
    marker = f"not an event {uuid4()}".encode()
    for partition in range(4):
        await producer.send_and_wait(Topic.SUBMITTED, marker, partition=partition)
    await producer.stop()
    case_id = await outside.submit(_case())
    await outside.told(case_id)

    async def parked() -> int | None:
        url = stack.state.admin_database_url.get_secret_value()
        connection = await asyncpg.connect(url)
        try:
            found: int = await connection.fetchval(
                "SELECT count(*) FROM (SELECT letter FROM classifier.dead_letters"
                " UNION ALL SELECT letter FROM notifier.dead_letters) d"
                " WHERE position(encode($1, 'base64') in d.letter::text) > 0",
                marker,
            )
        finally:
            await connection.close()
        return found if found == 8 else None

    await until(parked, what="the malformed messages parked by both readers")


async def test_a_case_handed_in_without_a_broker_is_accepted_and_travels_when_it_is_back(
    stack: Stack, outside: Outside
) -> None:
    await stack.kill("broker")
    case_id = await outside.submit(_case())
    case = await outside.told(case_id, within=120)
    assert case["status"] == "decided"


async def test_readiness_says_that_the_broker_is_away(stack: Stack, outside: Outside) -> None:
    await stack.kill("broker")

    async def not_ready() -> Json | None:
        response = await outside.api.get("/readyz")
        return response.json() if response.status_code == httpx.codes.SERVICE_UNAVAILABLE else None

    state = await until(not_ready, what="a readiness that knows")
    assert state["broker"] == "unreachable"
    assert (await outside.api.get("/healthz")).status_code == httpx.codes.OK


async def test_without_a_database_a_case_is_refused_for_now_and_nothing_is_half_done(
    stack: Stack, outside: Outside
) -> None:
    case, key = _case(), str(uuid4())
    await stack.kill("database")
    response = await outside.api.post("/v1/cases", json=case, headers={"Idempotency-Key": key})
    if response.status_code != httpx.codes.ACCEPTED:  # it may be back already
        assert response.status_code == httpx.codes.SERVICE_UNAVAILABLE
        assert int(response.headers["retry-after"]) > 0
        assert response.headers["content-type"] == "application/problem+json"

    async def accepted() -> str | None:
        again = await outside.api.post("/v1/cases", json=case, headers={"Idempotency-Key": key})
        return again.json()["case_id"] if again.status_code == httpx.codes.ACCEPTED else None

    case_id = await until(accepted, what="the database back")
    assert (await outside.told(case_id, within=120))["status"] == "decided"


@pytest.mark.parametrize("service", ["classifier", "decision", "notifier"])
async def test_a_case_survives_the_kill_of_a_service(
    stack: Stack, outside: Outside, service: str
) -> None:
    case_id = await outside.submit(_case())
    await stack.kill(service)
    await outside.told(case_id, within=120)

    async def told_twice() -> bool | None:
        notices = [mail["notice"] for mail in await outside.mails(case_id)]
        return True if sorted(notices) == ["final_answer", "receipt"] else None

    await until(told_twice, what="one receipt and one answer")


async def test_a_webhook_tells_the_customer_with_a_signature_that_verifies(
    stack: Stack, outside: Outside
) -> None:
    received: asyncio.Queue[tuple[dict[str, str], bytes]] = asyncio.Queue()

    async def hook(request: Request) -> Response:
        await received.put((dict(request.headers), await request.body()))
        return Response(status_code=204)

    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(
            Starlette(routes=[Route("/hook", hook, methods=["POST"])]),
            port=port,
            log_config=None,
            lifespan="off",
        )
    )
    serving = asyncio.create_task(server._serve())  # noqa: SLF001 - without its signal handlers
    case_id = await outside.submit(_case(webhook=f"http://127.0.0.1:{port}/hook"))
    kinds: set[str] = set()
    while kinds != {"evenhand.notice.receipt", "evenhand.notice.final_answer"}:
        async with asyncio.timeout(60):
            headers, body = await received.get()
        key = stack.state.webhook_secret.get_secret_value()
        standardwebhooks.Webhook(key).verify(body, headers)
        told = json.loads(body)
        assert told["data"]["case_id"] == case_id
        assert told["type"] not in kinds
        kinds.add(told["type"])
    server.should_exit = True
    await serving
