"""Checks that take long are told, links are renewed by any contact, silent cases are closed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from deploy.local.mailbox.running import MailCatcher
from services.notifier.closing import Closing
from services.notifier.domain import CONTENT, Channel, Closed, Language, Verifying
from services.notifier.forgetting import forget
from services.notifier.messages import catalogue
from services.notifier.status_page import store
from shared.clock import now
from shared.events.case import Contacts, Status
from shared.events.catalogue import (
    CaseNotified,
    CaseStatusChanged,
    Event,
    Notice,
    Topic,
    VerificationRequested,
)
from tests.integration.conftest import Database
from tests.integration.notifier_service import until
from tests.integration.sms_gateway import SmsGateway, sms_gateway
from tests.integration.status_page_service import EN, NOW, Running, Story, form_of, page

TEXTS = catalogue.load()[Language.EN]
ANSWER_BY = NOW + timedelta(hours=2)


@pytest.fixture
async def gateway() -> AsyncIterator[SmsGateway]:
    async with sms_gateway() as made:
        yield made


def _first(case_id: UUID) -> VerificationRequested:
    return VerificationRequested(
        case_id=case_id,
        customer_id="C-77",
        verification_id=uuid4(),
        question="wrong_fee",
        purpose="first",
        requested_at=NOW,
        answer_by=ANSWER_BY,
    )


async def _outcomes(service: Running, notice: Notice) -> list[str | None]:
    rows = await service.notifier.pool.fetch(
        "SELECT outcome FROM notices WHERE notice = $1 ORDER BY planned_at", notice
    )
    return [row["outcome"] for row in rows]


async def _minute_passes(service: Running) -> None:
    await service.notifier.pool.execute("UPDATE queue SET due_at = now()")


async def test_a_check_that_lasts_is_told_after_a_minute_and_stands_on_the_page(
    database: Database, catcher: MailCatcher
) -> None:
    async with page(database, smtp_port=catcher.smtp_port) as service:
        story, asked_at = Story(uuid4()), now().replace(microsecond=0)
        await service.happen(story.opened(), _first(story.id), at=asked_at)
        await service.notifier.settled(1)
        row = await service.notifier.pool.fetchrow(
            "SELECT due_at FROM queue JOIN notices ON id = notice_id WHERE notice = 'verifying'"
        )
        assert row is not None
        assert row["due_at"] == asked_at + timedelta(minutes=1)
        html = (await service.client.get(service.path(story.id))).text
        assert EN.checking.meaning in html
        assert EN.happened.check in html
        await _minute_passes(service)
        await service.notifier.settled(2)
        assert await _outcomes(service, Notice.VERIFYING) == ["sent"]
        content = await service.notifier.pool.fetchval(
            "SELECT content FROM notices WHERE notice = 'verifying'"
        )
        assert CONTENT.validate_json(content) == Verifying(answer_by=ANSWER_BY)


async def test_who_has_the_answer_within_the_minute_hears_of_no_check(
    database: Database, catcher: MailCatcher
) -> None:
    async with page(database, smtp_port=catcher.smtp_port) as service:
        story = Story(uuid4())
        await service.happen(story.opened(), _first(story.id), at=now())
        answered = story.decided().model_copy(update={"decided_at": NOW})
        await service.happen(answered, at=now())
        await service.notifier.settled(2)
        await _minute_passes(service)
        await service.notifier.settled(3)
        assert await _outcomes(service, Notice.VERIFYING) == ["overtaken"]
        assert len(catcher.mailbox.since(0, 10)) == 2
        rows = await service.notifier.pool.fetch(
            "SELECT body FROM outbox WHERE topic = $1", Topic.NOTIFIED
        )
        told = {CaseNotified.model_validate_json(row["body"]).notice for row in rows}
        assert told == {Notice.RECEIPT, Notice.FINAL_ANSWER}


async def test_a_case_with_only_a_phone_gets_its_new_link_by_sms(
    database: Database, gateway: SmsGateway
) -> None:
    async with page(database, more=gateway.settings()) as service:
        story = Story(uuid4())
        opened = story.opened()
        phone = opened.customer.model_copy(update={"contacts": Contacts(phone="+48600100200")})
        await service.happen(opened.model_copy(update={"customer": phone}))
        path = service.expired_path(story.id)
        html = (await service.client.get(path)).text
        assert "telephone number" in html
        for _ in range(2):
            await service.client.post(f"{path}/new-link", data={"form": form_of(html, "new-link")})
        await service.notifier.settled(2)

        async def came() -> bool:
            return any(TEXTS.short.new_link in one["text"] for one in gateway.asked)

        await until(came)
        (sent,) = [one for one in gateway.asked if TEXTS.short.new_link in one["text"]]
        link = sent["text"].split()[-1]
        assert (await service.client.get(link)).status_code == 200


async def _close(service: Running, after: timedelta = timedelta(days=30)) -> None:
    offered = frozenset({Channel.EMAIL})
    await Closing(service.notifier.parts, after, offered).close_some(UUID(int=0))


async def _age(service: Running) -> None:
    """Let forty days pass."""
    pool, days = service.notifier.pool, "interval '40 days'"
    await pool.execute(f"UPDATE happenings SET at = at - {days}")  # noqa: S608 - ours
    await pool.execute(f"UPDATE notices SET queued_at = queued_at - {days}")  # noqa: S608 - ours
    await pool.execute(f"UPDATE replies SET written_at = written_at - {days}")  # noqa: S608 - ours


def _old_case() -> UUID:
    """Return an id of a case of long ago."""
    long_ago = datetime.now(UTC) - timedelta(days=100)  # noqa: TID251 - as intake makes ids
    return UUID(int=int(long_ago.timestamp() * 1000) << 80 | uuid4().int >> 56)


async def test_a_case_that_is_silent_after_its_answer_is_closed_once_and_told(
    database: Database, catcher: MailCatcher
) -> None:
    async with page(database, smtp_port=catcher.smtp_port) as service:
        story = Story(_old_case(), language=None)  # it is known from what they wrote
        later = story.message(3, "And another thing.", NOW - timedelta(days=2))
        polish = story.decided().model_copy(update={"language": "pl"})
        await service.happen(story.opened(), later, polish)
        await service.notifier.settled(2)
        await _close(service)
        assert await _outcomes(service, Notice.CLOSED) == []
        await _age(service)
        await _close(service)
        await _close(service)
        await service.notifier.settled(3)
        assert await _outcomes(service, Notice.CLOSED) == ["sent"]
        # It is not looked at any more.
        assert await service.notifier.pool.fetchval("SELECT closed_at <= now() FROM recipients")
        row = await service.notifier.pool.fetchrow(
            "SELECT content, sequence, language FROM notices WHERE notice = 'closed'"
        )
        assert row is not None
        content = CONTENT.validate_json(row["content"])
        assert isinstance(content, Closed)
        assert len(content.remedies) == 1
        assert row["language"] == "pl"
        assert row["sequence"] == 3  # about the last message: intake's status follows
        body = await service.notifier.pool.fetchval(
            "SELECT body FROM outbox WHERE topic = $1", Topic.STATUS
        )
        assert CaseStatusChanged.model_validate_json(body).status is Status.CLOSED
        html = (await service.client.get(service.path(story.id))).text
        assert f"</span>{EN.statuses[Status.CLOSED].name}</h2>" in html
        assert EN.happened.closed in html


@pytest.mark.parametrize("state", ["open", "waiting", "written", "young"])
async def test_a_case_of_which_something_is_open_is_not_closed(
    database: Database, state: str
) -> None:
    async with page(database) as service:
        story = Story(uuid4() if state == "young" else _old_case())
        events: list[Event] = (
            [story.opened()] if state == "open" else [story.opened(), story.decided()]
        )
        if state == "waiting":
            events.append(story.referred(again=True, at=NOW))
        await service.happen(*events)
        pool = service.notifier.pool
        await pool.execute("UPDATE notices SET outcome = 'sent', settled_at = now()")
        await pool.execute("DELETE FROM queue")
        await _age(service)
        if state == "written":
            async with pool.acquire() as connection:
                await store.write(connection, uuid4(), story.id, "reply", "Hello?")
        if state == "young":
            await pool.execute("UPDATE happenings SET at = now()")
        await _close(service)
        assert await _outcomes(service, Notice.CLOSED) == []


async def test_a_closed_case_is_opened_by_a_message_and_can_be_closed_again(
    database: Database, catcher: MailCatcher
) -> None:
    async with page(database, smtp_port=catcher.smtp_port) as service:
        story = Story(_old_case())
        await service.happen(story.opened(), story.decided())
        await service.notifier.settled(2)
        await _age(service)
        await _close(service)
        await service.notifier.settled(3)
        now = datetime.now(UTC)  # noqa: TID251 - after what the database calls now
        await service.happen(story.message(1, "It never came.", now))
        html = (await service.client.get(service.path(story.id))).text
        assert f"</span>{EN.statuses[Status.RECEIVED].name}</h2>" in html
        better = story.decided(revision=1)
        await service.happen(better.model_copy(update={"decided_at": now + timedelta(seconds=1)}))
        await service.notifier.settled(4)
        await _age(service)
        await _close(service)
        await service.notifier.settled(5)
        assert await _outcomes(service, Notice.CLOSED) == ["sent", "sent"]


async def test_replies_are_limited_for_all_instances_together(database: Database) -> None:
    async with page(database) as one, page(database) as two:
        story = Story(uuid4())
        await one.happen(story.opened())
        # What the limits of the processes would let through, some at each of them.
        await one.notifier.pool.execute(
            "INSERT INTO replies (id, case_id, kind, body, due_at)"
            " SELECT gen_random_uuid(), $1, 'reply', 'x', 'infinity'"
            "   FROM generate_series(1, $2::integer)",
            story.id,
            store.MOST_AN_HOUR - 1,
        )
        path = one.path(story.id)
        html = (await two.client.get(path)).text
        forms = [form_of(html, "reply")]
        html = (await one.client.get(path)).text
        forms.append(form_of(html, "reply"))
        answers = [
            await service.client.post(f"{path}/reply", data={"form": form, "text": "Words."})
            for service, form in ((two, forms[0]), (one, forms[1]), (one, forms[0]))
        ]
        assert [answer.status_code for answer in answers] == [303, 422, 303]
        assert EN.reply.too_many in answers[1].text
        assert "Words." in answers[1].text  # nothing that was written is lost
        count = await one.notifier.pool.fetchval("SELECT count(*) FROM replies")
        assert count == store.MOST_AN_HOUR


async def test_what_waits_for_a_case_that_never_comes_is_forgotten_too(
    database: Database,
) -> None:
    async with page(database) as service:
        story, young = Story(UUID(int=1)), Story(uuid4())
        await service.happen(story.decided(), young.decided())
        pool = service.notifier.pool
        async with pool.acquire() as connection, connection.transaction():
            await forget(connection, UUID(int=0), timedelta(days=30))
        assert await pool.fetchval("SELECT count(*) FROM waiting") == 2  # said lately
        await pool.execute("UPDATE waiting SET planned_at = 'epoch'")
        await pool.execute("UPDATE happenings SET at = 'epoch'")
        async with pool.acquire() as connection, connection.transaction():
            await forget(connection, UUID(int=0), timedelta(days=30))
        for table in ("waiting", "happenings", "recipients"):
            rows = await pool.fetch(f"SELECT case_id FROM {table}")  # noqa: S608 - ours
            assert [row["case_id"] for row in rows] == [young.id]


async def test_two_processes_close_a_case_once(database: Database) -> None:
    async with page(database) as service:
        stories = [Story(_old_case()) for _ in range(5)]
        for story in stories:
            await service.happen(story.opened(), story.decided())
        pool = service.notifier.pool
        await pool.execute("UPDATE notices SET outcome = 'sent', settled_at = now()")
        await pool.execute("DELETE FROM queue")
        await _age(service)
        await asyncio.gather(_close(service), _close(service), _close(service))
        rows = await pool.fetch("SELECT case_id FROM notices WHERE notice = 'closed'")
        assert sorted(row["case_id"] for row in rows) == sorted(story.id for story in stories)
        said = "SELECT count(*) FROM outbox WHERE topic = $1"
        assert await pool.fetchval(said, Topic.STATUS) == len(stories)


async def test_a_receiver_that_failed_long_ago_is_forgotten(database: Database) -> None:
    async with page(database) as service:
        pool = service.notifier.pool
        for url, days in (("https://old.example", 31), ("https://new.example", 29)):
            await pool.execute(
                "INSERT INTO webhooks (url, failures, why, failing_since)"
                " VALUES ($1, 1, 'x', now() - $2::interval)",
                url,
                timedelta(days=days),
            )
        async with pool.acquire() as connection, connection.transaction():
            await forget(connection, UUID(int=0), timedelta(days=30))
        rows = await pool.fetch("SELECT url FROM webhooks")
        assert [row["url"] for row in rows] == ["https://new.example"]
