"""Webhooks by real HTTP: signed, repeated with the same id, never into the bank's own network."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from standardwebhooks import Webhook

from deploy.local.mailbox import running
from deploy.local.ports import free_port
from services.notifier.receivers import MOST_FAILURES
from shared.events.catalogue import Notice
from tests.integration.intake_service import Migrated, new_key
from tests.integration.notifier_service import (
    SECRET,
    HasDatabase,
    Notifier,
    case_of,
    notifier,
    until,
)


@dataclass
class Receiver:
    """A customer's HTTP server; answers by script, and with 204 when there is none."""

    port: int = 0
    answers: list[bytes] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
        self.bodies.append(await reader.readexactly(int(headers["content-length"])))
        self.paths.append(first.split()[1])
        self.headers.append(headers)
        writer.write(self.answers.pop(0) if self.answers else _answer("204 No Content"))
        writer.close()


def _answer(status: str, *lines: str) -> bytes:
    head = "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status}", *lines))
    return f"{head}Connection: close\r\n\r\n".encode()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()
    await server.wait_closed()


@pytest.fixture
async def service(database: HasDatabase) -> AsyncIterator[Notifier]:
    async with notifier(database, free_port()) as made:
        yield made


async def test_a_webhook_is_signed_and_says_the_answer_without_tags(
    service: Notifier, receiver: Receiver
) -> None:
    case = case_of(webhook=receiver.url("/hook?of=us"), language="pl")
    async with service.sending():
        await service.consume(case.submitted())
        await service.settled(1)
        await service.consume(case.decided())
        await service.settled(2)
    assert receiver.paths == ["/hook?of=us"] * 2
    assert receiver.headers[0]["host"] == f"127.0.0.1:{receiver.port}"
    receipt, answer = (
        Webhook(SECRET).verify(body, headers)
        for body, headers in zip(receiver.bodies, receiver.headers, strict=True)
    )
    assert receipt["type"] == "evenhand.notice.receipt"
    assert receipt["data"] == {"case_id": str(case.id), "status": "received", "language": "pl"}
    assert answer["data"] == {
        "case_id": str(case.id),
        "status": "decided",
        "disposition": "upheld",
        "basis": "entitlement",
        "remedies": [],
        "reasons": ["wrong_fee"],
        "automatic": True,
        "language": "pl",
    }


async def test_a_repeat_carries_the_same_id(service: Notifier, receiver: Receiver) -> None:
    receiver.answers = [_answer("503 Service Unavailable")]
    async with service.sending():
        await service.consume(case_of(webhook=receiver.url()).submitted())
        await service.tried(1)
        await service.make_due()
        await service.settled(1)
    (said,) = await service.said()
    assert (said.channel, said.outcome) == ("webhook", "sent")
    assert [headers["webhook-id"] for headers in receiver.headers] == [said.message_id] * 2


async def test_a_redirect_is_not_followed(service: Notifier, receiver: Receiver) -> None:
    receiver.answers = [_answer("302 Found", f"Location: {receiver.url('/inside')}")]
    async with service.sending():
        await service.consume(case_of(webhook=receiver.url()).submitted())
        await service.tried(1)
    assert receiver.paths == ["/hook"]


async def test_a_receiver_that_is_gone_is_not_tried_again(
    service: Notifier, receiver: Receiver
) -> None:
    receiver.answers = [_answer("410 Gone")]
    async with service.sending():
        await service.consume(case_of(webhook=receiver.url()).submitted())
        await service.settled(1)
    (said,) = await service.said()
    assert (said.outcome, said.detail) == ("failed", "410")


async def test_an_answer_without_end_is_not_read(service: Notifier, receiver: Receiver) -> None:
    receiver.answers = [_answer("200 OK", "Content-Length: 10000000000") + bytes(100_000)]
    async with service.sending():
        await service.consume(case_of(webhook=receiver.url()).submitted())
        await service.settled(1)
    assert await service.outcomes() == ["sent"]


async def test_a_receiver_that_never_answers_delays_no_other(
    service: Notifier, receiver: Receiver
) -> None:
    holding = asyncio.Event()

    async def hold(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await holding.wait()
        writer.close()

    silent = await asyncio.start_server(hold, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    stuck = case_of(webhook=f"http://127.0.0.1:{port}/")
    async with service.sending():
        await service.consume(stuck.submitted())
        await service.consume(*(case_of(webhook=receiver.url()).submitted() for _ in range(50)))
        await service.settled(50)
        assert len(receiver.bodies) == 50
        holding.set()
        await service.tried(1)
    silent.close()
    await silent.wait_closed()


REFUSED = {
    "https://127.0.0.1:{port}/hook": "the address is not public",
    "https://localhost:{port}/hook": "the address is not public",
    "https://2130706433:{port}/hook": "the address is not public",
    "https://[::ffff:127.0.0.1]:{port}/hook": "the address is not public",
    "https://169.254.169.254/latest/meta-data": "the address is not public",
    "http://example.com/hook": "a webhook must be https",
    "https://user@127.0.0.1:{port}/hook": "not an address of a webhook",
    "https://127.0.0.1:{port}0000/hook": "not an address of a webhook",
    "file:///etc/passwd": "a webhook must be https",
}


async def test_an_address_inside_the_network_is_refused(
    database: HasDatabase, receiver: Receiver
) -> None:
    cases = {
        case_of(webhook=address.format(port=receiver.port)): why for address, why in REFUSED.items()
    }
    async with notifier(database, free_port(), allow_private=False) as service:
        async with service.sending():
            await service.consume(*(case.submitted() for case in cases))
            await service.settled(len(cases))
        details = {said.case_id: (said.outcome, said.detail) for said in await service.said()}
    assert details == {case.id: ("failed", why) for case, why in cases.items()}
    assert receiver.bodies == []


async def test_a_customer_with_both_is_told_both_ways(
    database: HasDatabase, receiver: Receiver
) -> None:
    mail = await running.start()
    try:
        async with notifier(database, mail.smtp_port) as service, service.sending():
            await service.consume(case_of("anna@example.com", receiver.url()).submitted())
            await service.settled(2)
            said = {(said.notice, said.channel, said.outcome) for said in await service.said()}
    finally:
        await mail.stop()
    assert said == {(Notice.RECEIPT, "email", "sent"), (Notice.RECEIPT, "webhook", "sent")}


async def test_a_dead_mail_server_does_not_delay_webhooks(
    service: Notifier, receiver: Receiver
) -> None:
    async with service.sending():
        await service.consume(case_of("anna@example.com", receiver.url()).submitted())
        await service.settled(1)

        async def is_counted() -> bool:
            return bool(await service.pool.fetchval("SELECT count(*) = 1 FROM queue"))

        await until(is_counted)
    assert len(receiver.bodies) == 1


async def test_a_receiver_that_is_gone_is_disabled_until_an_operator_tries_it_again(
    service: Notifier, receiver: Receiver, database: Migrated
) -> None:
    receiver.answers = [_answer("410 Gone")]
    case = case_of(webhook=receiver.url())
    key = await new_key(database, "staff")
    async with service.sending(), service.http(key) as client:
        await service.consume(case.submitted())
        await service.settled(1)
        await service.consume(case.decided())
        await service.settled(2)
        assert [said.detail for said in await service.said()] == ["410", "the receiver is disabled"]
        assert len(receiver.bodies) == 1
        failed = (await client.get("/v1/notices/failed")).json()
        assert [one["url"] for one in failed["disabled_webhooks"]] == [receiver.url()]
        (_, answer) = await service.rows()
        again = await client.post(
            f"/v1/cases/{case.id}/notices/{answer['id']}/resend",
            json={"reason": "they have repaired it"},
            headers={"Idempotency-Key": "1"},
        )
        assert again.status_code == 202
        await service.settled(3)
        await service.consume(case.decided(1))
        await service.settled(4)
    assert [said.outcome for said in await service.said()] == ["failed", "failed", "sent", "sent"]
    assert Webhook(SECRET).verify(receiver.bodies[1], receiver.headers[1])["data"]["again"] is True


async def test_a_receiver_that_fails_for_a_day_and_ten_times_is_disabled(
    service: Notifier, receiver: Receiver
) -> None:
    cases = [case_of(webhook=receiver.url()) for _ in range(MOST_FAILURES)]
    receiver.answers = [_answer("500 Internal Server Error")] * MOST_FAILURES
    async with service.sending():
        await service.consume(*(case.submitted() for case in cases[1:]))

        async def has_failed(times: int = MOST_FAILURES - 1) -> bool:
            return bool(await service.pool.fetchval("SELECT failures = $1 FROM webhooks", times))

        await until(has_failed)
        await service.pool.execute("UPDATE webhooks SET failing_since = now() - interval '2 days'")
        await service.consume(cases[0].submitted())

        async def is_disabled() -> bool:
            return bool(await service.pool.fetchval("SELECT disabled_at NOTNULL FROM webhooks"))

        await until(is_disabled)


async def test_one_success_forgets_every_failure_before_it(
    service: Notifier, receiver: Receiver
) -> None:
    receiver.answers = [_answer("500 Internal Server Error")]
    async with service.sending():
        await service.consume(case_of(webhook=receiver.url()).submitted())
        await service.tried(1)
        assert await service.pool.fetchval("SELECT failures FROM webhooks") == 1
        await service.make_due()
        await service.settled(1)
    assert await service.pool.fetchval("SELECT count(*) FROM webhooks") == 0
