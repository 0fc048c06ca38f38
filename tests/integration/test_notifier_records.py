"""What was sent can be proved, sent again in somebody's name, reported as come back, forgotten."""

from collections.abc import AsyncIterator
from datetime import timedelta
from email import message_from_bytes, policy
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from deploy.local.mailbox.running import MailCatcher
from services.notifier.forgetting import first_id_of, forget
from shared import clock, keys
from tests.integration.intake_service import Migrated, new_key
from tests.integration.notifier_service import Case, Notifier, case_of, notifier, until
from tests.integration.sms_gateway import SmsGateway, sms_gateway

ANNA = "anna@example.com"
PHONE = "+48600100200"


@pytest.fixture
async def gateway() -> AsyncIterator[SmsGateway]:
    async with sms_gateway() as made:
        yield made


@pytest.fixture
async def service(
    database: Migrated, catcher: MailCatcher, gateway: SmsGateway
) -> AsyncIterator[Notifier]:
    async with notifier(database, catcher.smtp_port, more=gateway.settings()) as made:
        yield made


async def _told(service: Notifier, case: Case) -> UUID:
    await service.consume(case.submitted())
    await service.settled(1)
    (row,) = await service.rows()
    identity: UUID = row["id"]
    return identity


async def test_what_was_said_is_told_word_for_word_with_its_proof(
    service: Notifier, catcher: MailCatcher, database: Migrated
) -> None:
    case = case_of(ANNA, language="pl")
    async with service.sending():
        await _told(service, case)
    async with service.http(await new_key(database, "auditor")) as client:
        told = (await client.get(f"/v1/cases/{case.id}/notices")).json()
    assert told["contacts"]["email"] == "usable"
    (notice,) = told["notices"]
    assert (notice["notice"], notice["channel"], notice["state"]) == ("receipt", "email", "sent")
    (letter,) = catcher.mailbox.since(0, 10)
    mail = message_from_bytes(catcher.mailbox.raw(letter), policy=policy.default)
    assert notice["subject"] == mail["Subject"]
    body = mail.get_body(("plain",))
    assert body is not None
    start = notice["text"].partition("{link}")[0]
    assert body.get_content().replace("\r\n", "\n").startswith(start)
    assert sha256(notice["text"].encode()).hexdigest() == notice["text_sha256"]
    assert ANNA not in str(told)
    assert "/s/" not in str(told)  # an auditor gets no link that works


async def test_a_text_that_cannot_be_proved_is_not_shown_as_said(
    service: Notifier, database: Migrated
) -> None:
    case = case_of(ANNA)
    async with service.sending():
        await _told(service, case)
    await service.pool.execute("UPDATE recipients SET name = 'Somebody Else'")
    async with service.http(await new_key(database, "auditor")) as client:
        (notice,) = (await client.get(f"/v1/cases/{case.id}/notices")).json()["notices"]
    assert notice["text"] is None
    assert notice["text_sha256"] is not None


async def test_what_was_said_in_the_words_of_an_earlier_version_is_proved_by_them(
    service: Notifier, database: Migrated, catcher: MailCatcher, tmp_path: Path
) -> None:
    case = case_of(ANNA, language="en")
    async with service.sending():
        await _told(service, case)

        async def is_kept() -> bool:
            return bool(await service.pool.fetchval("SELECT EXISTS (SELECT FROM texts)"))

        await until(is_kept)
    own = tmp_path / "en.yaml"
    own.write_text("closing: New words\n", encoding="utf-8")
    more = {"messages_dir": tmp_path}
    async with (
        notifier(database, catcher.smtp_port, more=more) as newer,
        newer.http(await new_key(database, "auditor")) as client,
    ):
        (notice,) = (await client.get(f"/v1/cases/{case.id}/notices")).json()["notices"]
    assert "Your customer care team" in notice["text"]
    assert "New words" not in notice["text"]


@pytest.mark.parametrize(("role", "status"), [(None, 401), ("bank", 403), ("staff", 200)])
async def test_who_may_read_what_was_sent(
    service: Notifier, database: Migrated, role: str | None, status: int
) -> None:
    case = case_of()
    await service.consume(case.submitted())
    key = None if role is None else await new_key(database, "bank" if role == "bank" else "staff")
    async with service.http(key) as client:
        assert (await client.get(f"/v1/cases/{case.id}/notices")).status_code == status


async def test_an_operator_sends_again_in_their_name_once_and_marked(
    service: Notifier, catcher: MailCatcher, database: Migrated
) -> None:
    case = case_of(ANNA, language="en")
    key = await new_key(database, "staff", name="anna.kowalska")
    async with service.sending(), service.http(key) as client:
        notice = await _told(service, case)
        path = f"/v1/cases/{case.id}/notices/{notice}/resend"
        for _ in range(2):
            answer = await client.post(
                path, json={"reason": "never came"}, headers={"Idempotency-Key": "k1"}
            )
            assert answer.status_code == 202
        await service.settled(2)
        notices = (await client.get(f"/v1/cases/{case.id}/notices")).json()["notices"]
    first, again = notices
    assert again["again_of"] == first["notice_id"] == str(notice)
    assert (again["asked_by"], again["asked_because"]) == ("anna.kowalska", "never came")
    assert again["text"].count("We are sending you this message again.") == 1
    letters = catcher.mailbox.since(0, 10)
    mails = [
        message_from_bytes(catcher.mailbox.raw(letter), policy=policy.default) for letter in letters
    ]
    assert len({mail["Message-ID"] for mail in mails}) == 2
    (marked,) = [mail for mail in mails if mail["X-Evenhand-Again"]]
    assert marked["Subject"] == "Sent again: We have received your message"


async def test_what_an_operator_must_say_to_send_again(
    service: Notifier, database: Migrated
) -> None:
    case = case_of(ANNA)
    await service.consume(case.submitted())
    (row,) = await service.rows()
    path = f"/v1/cases/{case.id}/notices/{row['id']}/resend"
    once = {"Idempotency-Key": "k"}
    async with service.http(await new_key(database, "staff")) as client:
        assert (await client.post(path, json={"reason": " "}, headers=once)).status_code == 422
        assert (await client.post(path, json={"reason": "x"})).status_code == 422
        early = await client.post(path, json={"reason": "x"}, headers=once)
        assert early.status_code == 409
        other = f"/v1/cases/{case.id}/notices/{uuid4()}/resend"
        assert (await client.post(other, json={"reason": "x"}, headers=once)).status_code == 404
    async with service.http(await new_key(database, "auditor")) as client:
        assert (await client.post(path, json={"reason": "x"}, headers=once)).status_code == 403


async def test_a_mail_that_comes_back_is_told_by_telephone_once(
    service: Notifier, gateway: SmsGateway, database: Migrated
) -> None:
    case = case_of(ANNA, phone=PHONE)
    key = await new_key(database, "bank", "auditor")
    async with service.sending(), service.http(key) as client:
        notice = await _told(service, case)
        bounce = {"message_id": f"<{notice}@bank.example>", "status": "5.1.1"}
        for _ in range(2):
            assert (await client.post("/v1/bounces", json=bounce)).status_code == 202
        await service.settled(2)
        await service.consume(case.decided())
        await service.settled(3)
        told = (await client.get(f"/v1/cases/{case.id}/notices")).json()
        failed = (await client.get("/v1/notices/failed")).json()["notices"]
    states = [(n["notice"], n["channel"], n["state"]) for n in told["notices"]]
    assert sorted(states) == [
        ("final_answer", "sms", "sent"),
        ("receipt", "email", "bounced"),
        ("receipt", "sms", "sent"),
    ]
    assert told["contacts"] == {
        "email": "not usable",
        "phone": "usable",
        "webhook": "none",
        "preferred": None,
    }
    assert [(n["notice_id"], n["detail"]) for n in failed] == [(str(notice), "5.1.1")]
    assert len(gateway.asked) == 2


@pytest.mark.parametrize(
    ("bounce", "status"),
    [
        ({"message_id": f"<{uuid4()}@bank.example>", "status": "5.1.1"}, 404),
        ({"message_id": "<somebody@else.example>", "status": "5.1.1"}, 422),
        ({"message_id": f"<{uuid4()}@bank.example>", "status": "no"}, 422),
        ({"message_id": f"<{uuid4()}@bank.example>", "status": "4.4.1"}, 202),
    ],
)
async def test_word_of_a_bounce_is_checked(
    service: Notifier, database: Migrated, bounce: dict[str, str], status: int
) -> None:
    async with service.http(await new_key(database, "bank")) as client:
        assert (await client.post("/v1/bounces", json=bounce)).status_code == status


async def test_a_mail_that_came_back_before_it_was_settled_is_told_by_telephone(
    service: Notifier, gateway: SmsGateway, database: Migrated
) -> None:
    await service.consume(case_of(ANNA, phone=PHONE).submitted())
    (row,) = await service.rows()
    bounce = {"message_id": f"<{row['id']}@bank.example>", "status": "5.1.1"}
    async with service.http(await new_key(database, "bank")) as client:
        assert (await client.post("/v1/bounces", json=bounce)).status_code == 202
    async with service.sending():
        await service.settled(2)
    assert [(s.channel, s.outcome) for s in await service.said()] == [
        ("email", "failed"),
        ("sms", "sent"),
    ]
    assert len(gateway.asked) == 1


async def test_word_of_a_bounce_is_not_believed_of_another_channel(
    service: Notifier, database: Migrated
) -> None:
    await service.consume(case_of(phone=PHONE).submitted())
    (row,) = await service.rows()
    bounce = {"message_id": f"<{row['id']}@bank.example>", "status": "5.1.1"}
    async with service.http(await new_key(database, "bank")) as client:
        assert (await client.post("/v1/bounces", json=bounce)).status_code == 404
    assert await service.pool.fetchval("SELECT lease IS NULL FROM queue")


async def test_closed_cases_are_forgotten_whole_and_open_ones_never(service: Notifier) -> None:
    keep = timedelta(days=400)
    long_ago = clock.now() - timedelta(days=500)
    closed, still_open, young = (
        Case(UUID(int=first_id_of(at).int + n), case_of(ANNA).customer)
        for n, at in enumerate((long_ago, long_ago, clock.now()))
    )
    async with service.sending():
        await service.consume(*(case.submitted() for case in (closed, still_open, young)))
        await service.consume(closed.decided(), young.decided())
        await service.settled(5)
    for table, column in (("notices", "queued_at"), ("happenings", "at")):
        await service.pool.execute(
            f"UPDATE {table} SET {column} = $1 WHERE case_id = ANY($2)",  # noqa: S608 - our names
            long_ago,
            [closed.id, still_open.id],
        )
    async with service.pool.acquire() as connection, connection.transaction():
        assert await forget(connection, UUID(int=0), keep) == still_open.id
        assert await forget(connection, still_open.id, keep) is None
    for table in ("recipients", "notices", "happenings"):
        left = await service.pool.fetch(f"SELECT DISTINCT case_id FROM {table}")  # noqa: S608 - as above
        assert {row["case_id"] for row in left} == {still_open.id, young.id}


async def test_a_revoked_key_is_refused_here_too(service: Notifier, database: Migrated) -> None:
    key = await new_key(database, "auditor", "clerk")
    identity = keys.id_of(key)
    assert identity is not None
    connection = await asyncpg.connect(database.admin)
    assert await keys.revoke(connection, identity)
    await connection.close()
    async with service.http(key) as client:
        assert (await client.get("/v1/notices/failed")).status_code == 401
