"""SMS by a real HTTP gateway: told once, by the preferred way, and by the next where one fails."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from deploy.local.mailbox import running
from deploy.local.mailbox.receiving import Refuse
from deploy.local.mailbox.running import MailCatcher
from deploy.local.ports import free_port
from shared import clock
from tests.integration.intake_service import Migrated
from tests.integration.notifier_service import Notifier, case_of, notifier, until
from tests.integration.sms_gateway import AWAY, DENIED, UNKNOWN, SmsGateway, sms_gateway

PHONE = "+48 600-100-200"
ANNA = "anna@example.com"
REFUSED = "nobody@example.com"


@pytest.fixture
async def gateway() -> AsyncIterator[SmsGateway]:
    async with sms_gateway() as made:
        yield made


@pytest.fixture
async def catcher() -> AsyncIterator[MailCatcher]:
    def script(address: str) -> Refuse | None:
        return Refuse(f"550 5.1.1 <{address}> unknown") if address == REFUSED else None

    mail = await running.start(script=script)
    yield mail
    await mail.stop()


@pytest.fixture
async def service(
    database: Migrated, gateway: SmsGateway, catcher: MailCatcher
) -> AsyncIterator[Notifier]:
    reports = "http://notifier.example"
    more = {**gateway.settings(), "sms_report_url": reports}
    async with notifier(database, catcher.smtp_port, more=more) as made:
        yield made


async def _asked(gateway: SmsGateway, count: int) -> None:
    async def enough() -> bool:
        return len(gateway.asked) >= count

    await until(enough)


async def test_an_sms_leaves_as_kannel_wants_it(service: Notifier, gateway: SmsGateway) -> None:
    case = case_of(phone=PHONE, language="en")
    async with service.sending():
        await service.consume(case.submitted())
        await service.settled(1)
    (asked,) = gateway.asked
    assert asked["to"] == "+48600100200"
    assert (asked["username"], asked["password"]) == ("evenhand", "gateway password")
    assert (asked["from"], asked["coding"], asked["charset"]) == ("Bank", "0", "UTF-8")
    assert asked["text"].startswith("We have received your message")
    assert "http://status.example/s/" in asked["text"]
    (said,) = await service.said()
    assert (said.channel, said.outcome) == ("sms", "sent")
    assert asked["dlr-url"].startswith(
        f"http://notifier.example/v1/sms/{said.message_id}?status=%d"
    )


@pytest.mark.parametrize("language", ["ru", "uk", "pl"])
async def test_other_letters_leave_as_ucs2(
    service: Notifier, gateway: SmsGateway, language: str
) -> None:
    async with service.sending():
        await service.consume(case_of(phone=PHONE, language=language).submitted())
        await service.settled(1)
    assert gateway.asked[0]["coding"] == "2"


async def test_people_are_told_by_one_way_and_the_one_they_prefer(
    service: Notifier, gateway: SmsGateway, catcher: MailCatcher
) -> None:
    by_mail = case_of(ANNA, phone=PHONE)
    by_phone = case_of(ANNA, phone=PHONE, preferred="phone")
    async with service.sending():
        await service.consume(by_mail.submitted(), by_phone.submitted())
        await service.settled(2)
    assert {said.case_id: said.channel for said in await service.said()} == {
        by_mail.id: "email",
        by_phone.id: "sms",
    }
    assert (len(gateway.asked), catcher.mailbox.counts.messages) == (1, 1)


async def test_where_an_address_fails_for_good_the_telephone_is_next_and_stays_so(
    service: Notifier, gateway: SmsGateway
) -> None:
    case = case_of(REFUSED, phone=PHONE)
    async with service.sending():
        await service.consume(case.submitted())
        await service.settled(2)
        await service.consume(case.decided())
        await service.settled(3)
    said = [(s.notice, s.channel, s.outcome, s.detail) for s in await service.said()]
    assert said == [
        ("receipt", "email", "failed", "550 5.1.1"),
        ("receipt", "sms", "sent", None),
        ("final_answer", "sms", "sent", None),
    ]
    assert len(gateway.asked) == 2


async def test_an_impossible_address_is_an_address_that_fails(
    service: Notifier, gateway: SmsGateway
) -> None:
    async with service.sending():
        await service.consume(case_of("nobody", phone=PHONE).submitted())
        await service.settled(2)
    assert [s.outcome for s in await service.said()] == ["failed", "sent"]
    assert len(gateway.asked) == 1


async def test_a_number_that_the_gateway_denies_is_told_by_mail(
    service: Notifier, gateway: SmsGateway, catcher: MailCatcher
) -> None:
    gateway.answers = [DENIED]
    async with service.sending():
        await service.consume(case_of(ANNA, phone=PHONE, preferred="phone").submitted())
        await service.settled(2)
    assert [(s.channel, s.outcome) for s in await service.said()] == [
        ("sms", "failed"),
        ("email", "sent"),
    ]
    assert catcher.mailbox.counts.messages == 1


async def test_a_number_without_its_country_is_said_to_be_not_usable(service: Notifier) -> None:
    await service.consume(case_of(phone="600 100 200").submitted())
    (said,) = await service.said()
    assert said.outcome == "no_contact"
    assert said.detail == "the phone number is not an international one (E.164)"


@pytest.mark.parametrize("answer", [AWAY, UNKNOWN])
async def test_a_gateway_that_takes_nothing_counts_no_attempt(
    service: Notifier, gateway: SmsGateway, answer: bytes
) -> None:
    gateway.answers = [answer]
    async with service.sending():
        await service.consume(case_of(phone=PHONE).submitted())
        await _asked(gateway, 1)

        async def is_given_back() -> bool:
            row = await service.pool.fetchrow("SELECT attempts, lease FROM queue")
            return row is not None and row["lease"] is None and row["attempts"] == 0

        await until(is_given_back)
        await service.settled(1)  # the gateway is tried again by itself
    assert await service.outcomes() == ["sent"]


async def _report(service: Notifier, gateway: SmsGateway, status: int) -> int:
    address = urlsplit(gateway.asked[-1]["dlr-url"])
    async with service.http() as client:
        path = f"{address.path}?{address.query}".replace("%d", str(status))
        return (await client.get(path)).status_code


async def test_a_delivery_report_says_delivered(service: Notifier, gateway: SmsGateway) -> None:
    async with service.sending():
        await service.consume(case_of(phone=PHONE).submitted())
        await service.settled(1)
    assert await _report(service, gateway, 1) == 204
    (row,) = await service.rows()
    assert row["delivered_at"] is not None
    gateway.asked[-1]["dlr-url"] += "0"
    assert await _report(service, gateway, 1) == 404


async def test_a_report_of_failure_leads_to_the_next_way(
    service: Notifier, gateway: SmsGateway, catcher: MailCatcher
) -> None:
    async with service.sending():
        await service.consume(case_of(ANNA, phone=PHONE, preferred="phone").submitted())
        await service.settled(1)
        for _ in range(2):
            assert await _report(service, gateway, 2) == 204
        await service.settled(2)
    assert catcher.mailbox.counts.messages == 1
    assert [row["bounced_at"] is not None for row in await service.rows()] == [False, True]


async def test_a_report_that_comes_before_the_next_attempt_saves_a_second_sms(
    service: Notifier, gateway: SmsGateway
) -> None:
    gateway.answers = [None]  # taken, and the answer lost
    async with service.sending():
        await service.consume(case_of(phone=PHONE).submitted())
        await service.tried(1)
        assert await _report(service, gateway, 8) == 204
        await service.make_due()
        await service.settled(1)
    assert await service.outcomes() == ["sent"]
    assert len(gateway.asked) == 1


async def test_a_dead_mail_server_and_a_silent_webhook_delay_no_sms(
    database: Migrated, gateway: SmsGateway
) -> None:
    holding = asyncio.Event()

    async def hold(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await holding.wait()
        writer.close()

    silent = await asyncio.start_server(hold, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    async with (
        notifier(database, free_port(), more=gateway.settings()) as service,
        service.sending(),
    ):
        await service.consume(
            *(case_of(f"{n}@example.com").submitted() for n in range(50)),
            *(case_of(webhook=f"http://127.0.0.1:{port}/").submitted() for _ in range(50)),
        )
        await service.consume(*(case_of(phone=f"+4860010{n:04}").submitted() for n in range(50)))
        await service.settled(50)
        assert {said.channel for said in await service.said()} == {"sms"}
        holding.set()
    silent.close()
    await silent.wait_closed()


async def test_nobody_is_rung_at_night_but_for_what_cannot_wait(
    database: Migrated, gateway: SmsGateway
) -> None:
    begin, end = clock.now() - timedelta(hours=1), clock.now() + timedelta(hours=1)
    night = {"quiet_hours": f"{begin:%H:%M}-{end:%H:%M}"}
    case = case_of(phone=PHONE)
    async with (
        notifier(database, free_port(), more=gateway.settings() | night) as service,
        service.sending(),
    ):
        await service.consume(case.submitted(), case.decided())
        await service.settled(1)

        async def waits() -> bool:
            due = "SELECT due_at > now() + interval '1 second' AND attempts = 0 FROM queue"
            return bool(await service.pool.fetchval(due))

        await until(waits)
        assert [said.notice for said in await service.said()] == ["final_answer"]
