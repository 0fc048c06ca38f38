"""E-mail by a real SMTP dialogue: each notice once, whatever is repeated, refused or broken."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from opentelemetry import trace

from deploy.local.mailbox import running
from deploy.local.mailbox.receiving import Drop, Fault, Refuse
from deploy.local.mailbox.running import MailCatcher
from deploy.local.ports import free_port
from services.notifier import claims, sending, store
from services.notifier.attempts import Back, Untried
from services.notifier.domain import Channel
from services.notifier.tray import Tray
from shared.events.catalogue import CaseAsked, Notice, Question
from tests.integration.notifier_service import (
    START,
    TRACEPARENT,
    HasDatabase,
    Notifier,
    case_of,
    notifier,
    record,
    until,
)

ANNA = "anna@example.com"


@dataclass
class Faults:
    """What goes wrong for an address, one after the other."""

    of: dict[str, list[Fault | None]] = field(default_factory=dict)

    def __call__(self, address: str) -> Fault | None:
        waiting = self.of.get(address)
        return waiting.pop(0) if waiting else None


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
async def catcher(faults: Faults) -> AsyncIterator[MailCatcher]:
    mail = await running.start(script=faults)
    yield mail
    await mail.stop()


@pytest.fixture
async def service(database: HasDatabase, catcher: MailCatcher) -> AsyncIterator[Notifier]:
    async with notifier(database, catcher.smtp_port) as made:
        yield made


def _kinds(catcher: MailCatcher) -> list[str]:
    box = catcher.mailbox
    return [
        str(message_from_bytes(box.raw(letter), policy=policy.default)["X-Evenhand-Notice"])
        for letter in box.since(0, 1000)
    ]


async def test_every_event_delivered_twice_gives_one_mail_each(
    service: Notifier, catcher: MailCatcher
) -> None:
    cases = [case_of(f"{n}@example.com") for n in range(20)]
    async with service.sending():
        for _ in range(2):
            await service.consume(*(case.submitted() for case in cases))
            await service.consume(*(case.decided() for case in cases))
            await service.settled(40)
    assert sorted(_kinds(catcher)) == ["final_answer"] * 20 + ["receipt"] * 20
    assert catcher.mailbox.counts.duplicates == 0
    assert {said.outcome for said in await service.said()} == {"sent"}
    assert len({(said.case_id, said.notice) for said in await service.said()}) == 40


async def test_a_mail_is_readable_and_says_which_case_and_notice_it_is(
    service: Notifier, catcher: MailCatcher
) -> None:
    case = case_of(ANNA, language="uk-UA")
    async with service.sending():
        await service.consume(case.submitted())
        await service.settled(1)
    (letter,) = catcher.mailbox.since(0, 10)
    mail = message_from_bytes(catcher.mailbox.raw(letter), policy=policy.default)
    assert letter.sender == "cases@bank.example"
    assert mail["From"] == "Evenhand Bank <cases@bank.example>"
    assert mail["To"] == f"Anna Nowak <{ANNA}>"
    assert mail["Subject"] == "Ми отримали Ваше звернення"
    assert mail["X-Evenhand-Case"] == str(case.id)
    assert mail["Auto-Submitted"] == "auto-generated"
    (said,) = await service.said()
    assert mail["Message-ID"] == f"<{said.message_id}@bank.example>"
    body = mail.get_body(("plain",))
    assert body is not None
    assert str(case.id) in body.get_content()


async def test_a_crash_before_the_commit_repeats_the_mail_with_the_same_message_id(
    service: Notifier, catcher: MailCatcher
) -> None:
    await service.consume(case_of(ANNA).submitted())

    async def has_mail() -> bool:
        return catcher.mailbox.counts.messages == 1

    async with service.pool.acquire() as other, other.transaction():
        await other.execute("LOCK TABLE notices IN EXCLUSIVE MODE")  # nothing can be settled
        async with service.sending() as killed:
            await until(has_mail)
            killed.cancel()
            await asyncio.wait({killed})
    assert await service.outcomes() == [None]
    await service.make_due()
    async with service.sending():
        await service.settled(1)
    counts = catcher.mailbox.counts
    assert (counts.messages, counts.duplicates) == (1, 1)
    assert len(await service.said()) == 1


async def test_a_lost_lease_settles_nothing(service: Notifier, catcher: MailCatcher) -> None:
    await service.consume(case_of(ANNA).submitted())

    async def has_mail() -> bool:
        return catcher.mailbox.counts.messages == 1

    async with service.sending(), service.pool.acquire() as other, other.transaction():
        await other.execute("LOCK TABLE notices IN EXCLUSIVE MODE")
        await until(has_mail)
        await other.execute(
            "UPDATE queue SET lease = gen_random_uuid(), leased_until = now() + interval '1 h'"
        )
    assert await service.outcomes() == [None]
    assert await service.said() == []


async def test_a_temporary_refusal_is_tried_again(
    service: Notifier, catcher: MailCatcher, faults: Faults
) -> None:
    faults.of[ANNA] = [Refuse("451 4.7.1 come again"), Refuse("452 4.3.1 full", at="content")]
    async with service.sending():
        await service.consume(case_of(ANNA).submitted())
        for times in (1, 2):
            await service.tried(times)
            await service.make_due()
        await service.settled(1)
    assert await service.outcomes() == ["sent"]
    assert _kinds(catcher) == ["receipt"]


async def test_the_eighth_temporary_refusal_is_the_last(
    service: Notifier, catcher: MailCatcher, faults: Faults
) -> None:
    faults.of[ANNA] = [Refuse("451 4.7.1 come again")] * 8
    async with service.sending():
        await service.consume(case_of(ANNA).submitted())
        for times in range(1, 8):
            await service.tried(times)
            await service.make_due()
        await service.settled(1)
    (said,) = await service.said()
    assert (said.outcome, said.detail) == ("failed", "451 4.7.1")
    assert catcher.mailbox.counts.messages == 0


@pytest.mark.parametrize("at", ["recipient", "content"])
async def test_a_permanent_refusal_fails_at_once_and_never_names_the_address(
    service: Notifier, faults: Faults, at: str
) -> None:
    reply = f"550 5.1.1 <{ANNA}> unknown"
    faults.of[ANNA] = [Refuse(reply, at="recipient" if at == "recipient" else "content")]
    async with service.sending():
        await service.consume(case_of(ANNA).submitted())
        await service.settled(1)
    (said,) = await service.said()
    assert (said.outcome, said.detail) == ("failed", "550 5.1.1")
    assert ANNA not in said.model_dump_json()


@pytest.mark.parametrize("drop", list(Drop))
async def test_a_dropped_connection_costs_no_mail_and_makes_no_second_one(
    service: Notifier, catcher: MailCatcher, faults: Faults, drop: Drop
) -> None:
    cases = [case_of(f"{n}@example.com") for n in range(30)]
    faults.of["7@example.com"] = [drop]
    await service.consume(*(case.submitted() for case in cases))
    async with service.sending():
        await service.settled(29)
        if drop is not Drop.AFTER_REPLY:
            await service.tried(1)
            await service.make_due()
        await service.settled(30)
    counts = catcher.mailbox.counts
    assert counts.messages == 30
    assert counts.duplicates == (1 if drop is Drop.BEFORE_REPLY else 0)
    assert set(await service.outcomes()) == {"sent"}


async def test_one_recipients_refusals_delay_no_other(
    service: Notifier, catcher: MailCatcher, faults: Faults
) -> None:
    cases = [case_of(f"{n}@example.com") for n in range(60)]
    for n in range(0, 60, 3):
        faults.of[f"{n}@example.com"] = [
            Refuse("450 4.2.1 later", at="content" if n % 2 else "recipient")
        ]
    await service.consume(*(case.submitted() for case in cases))
    async with service.sending():
        await service.settled(40)
    assert catcher.mailbox.counts.messages == 40
    assert await service.pool.fetchval("SELECT count(*) FROM queue WHERE attempts = 1") == 20


async def test_a_dead_server_delays_and_counts_no_attempt(database: HasDatabase) -> None:
    port = free_port()
    async with notifier(database, port) as service, service.sending():
        case = case_of(ANNA)
        await service.consume(case.submitted())
        await service.consume(case.decided())

        async def was_given_back() -> bool:
            names = [span.status.description for span in service.spans.get_finished_spans()]
            return names.count("untried") >= 2

        await until(was_given_back)
        assert await service.pool.fetchval("SELECT max(attempts) FROM queue") == 0
        mail = await running.start(smtp_port=port)
        try:
            await service.settled(2)
            assert sorted(_kinds(mail)) == ["final_answer", "receipt"]
        finally:
            await mail.stop()


async def test_an_answer_before_its_case_waits_for_it(
    service: Notifier, catcher: MailCatcher
) -> None:
    case = case_of(ANNA)
    async with service.sending():
        await service.consume(case.decided(), case.referred())
        assert await service.rows() == []
        await service.consume(case.submitted())
        await service.settled(3)
    assert [row["notice"] for row in await service.rows()] == [
        Notice.RECEIPT,
        Notice.IN_REVIEW,
        Notice.FINAL_ANSWER,
    ]
    assert {row["language"] for row in await service.rows()} == {"pl", "en"}
    assert catcher.mailbox.counts.messages == 3


async def test_case_and_answer_at_the_same_instant_never_miss_each_other(
    service: Notifier,
) -> None:
    for _ in range(15):
        case = case_of(ANNA)
        await asyncio.gather(service.consume(case.submitted()), service.consume(case.decided()))
    assert len(await service.rows()) == 30
    assert await service.pool.fetchval("SELECT count(*) FROM waiting") == 0


async def test_a_later_message_is_answered_without_a_second_receipt(
    service: Notifier, catcher: MailCatcher
) -> None:
    case = case_of(ANNA)
    async with service.sending():
        await service.consume(case.submitted(), case.decided())
        await service.consume(case.submitted(1), case.decided(1))
        await service.settled(3)
    assert sorted(_kinds(catcher)) == ["final_answer", "final_answer", "receipt"]
    assert sorted(said.sequence for said in await service.said()) == [0, 0, 1]


async def test_every_revision_of_an_answer_is_told_once(
    service: Notifier, catcher: MailCatcher
) -> None:
    case = case_of(ANNA)
    better = case.decided().model_copy(update={"revision": 1})
    async with service.sending():
        await service.consume(case.submitted(), case.decided())
        await service.consume(better)
        await service.consume(better)
        await service.settled(3)
    assert sorted(_kinds(catcher)) == ["final_answer", "final_answer", "receipt"]


async def test_a_customer_is_asked_in_words(service: Notifier, catcher: MailCatcher) -> None:
    case = case_of(ANNA)
    asked = CaseAsked(
        case_id=case.id,
        customer_id=case.customer.id,
        question=Question.WHAT_HAPPENED,
        language="pl",
        answer_by=START,
        asked_at=START,
    )
    async with service.sending():
        await service.consume(case.submitted(), asked)
        await service.settled(2)
    assert sorted(_kinds(catcher)) == ["question", "receipt"]
    assert [said.notice for said in await service.said()].count(Notice.QUESTION) == 1


async def test_a_customer_without_contact_is_said_to_be_unreachable_once(
    service: Notifier,
) -> None:
    case = case_of()
    await service.consume(case.decided())
    for _ in range(2):
        await service.consume(case.submitted())
    said = await service.said()
    assert {(s.notice, s.channel, s.outcome) for s in said} == {
        (Notice.RECEIPT, "none", "no_contact"),
        (Notice.FINAL_ANSWER, "none", "no_contact"),
    }
    assert len(said) == 2


@pytest.mark.parametrize("address", ["nobody", "a@b@c", "x\r\nRCPT TO:<y@z.example>@a.example"])
async def test_an_impossible_address_fails_without_a_dialogue(
    service: Notifier, catcher: MailCatcher, address: str
) -> None:
    async with service.sending():
        await service.consume(case_of(address).submitted())
        await service.settled(1)
    (said,) = await service.said()
    assert (said.outcome, said.detail) == ("failed", "not an e-mail address")
    assert catcher.mailbox.counts.messages == 0


async def test_an_address_in_other_letters_is_reached(
    service: Notifier, catcher: MailCatcher
) -> None:
    async with service.sending():
        await service.consume(
            case_of("анна@пошта.укр").submitted(), case_of("a@straße.example").submitted()
        )
        await service.settled(2)
    assert {letter.recipient for letter in catcher.mailbox.since(0, 10)} == {
        "анна@xn--80a1acn3a.xn--j1amh",
        "a@xn--strae-oqa.example",
    }


async def test_sending_belongs_to_the_trace_of_the_case(service: Notifier) -> None:
    async with service.sending():
        await service.consume(case_of(ANNA).submitted())
        await service.settled(1)
    spans = {span.name: span for span in service.spans.get_finished_spans()}
    process, send = spans["process evenhand.case.submitted.v1"], spans["send email"]
    notified = spans["send evenhand.case.notified.v1"]
    assert format(send.context.trace_id, "032x") == TRACEPARENT.split("-")[1]
    assert send.parent is not None
    assert send.parent.span_id == process.context.span_id
    assert notified.parent is not None
    assert notified.parent.span_id == send.context.span_id
    assert ANNA not in str(dict(send.attributes or {}))


async def test_a_trace_that_nobody_records_is_passed_on_without_a_span(service: Notifier) -> None:
    unrecorded = TRACEPARENT.removesuffix("-01") + "-00"
    reachable, unreachable = case_of(ANNA), case_of()
    async with service.sending():
        for case in (reachable, unreachable):
            await service.runner([record(case.submitted(), unrecorded)])
        await service.settled(2)
    rows = await service.pool.fetch("SELECT traceparent FROM outbox")
    assert [row["traceparent"] for row in rows] == [unrecorded] * 2
    names = {span.name.split()[0] for span in service.spans.get_finished_spans()}
    assert names == {"batch"}


async def test_a_claim_does_not_take_a_notice_its_place_in_the_queue(service: Notifier) -> None:
    await service.consume(case_of(ANNA).submitted())
    planned = await service.pool.fetchval("SELECT due_at FROM queue")
    async with service.pool.acquire() as connection:
        (claimed,) = await claims.claim(connection, Channel.EMAIL, 10, timedelta(minutes=1))
        assert await claims.claim(connection, Channel.EMAIL, 10, timedelta(minutes=1)) == []
        await store.settle(connection, [(claimed, Back())])
        assert await service.pool.fetchval("SELECT due_at FROM queue") == planned
        (again,) = await claims.claim(connection, Channel.EMAIL, 10, timedelta(minutes=1))
    assert (again.id, again.attempts) == (claimed.id, 0)
    assert again.lease != claimed.lease


async def test_a_lease_that_is_renewed_is_nobody_elses_and_a_lost_one_is_not_begun(
    service: Notifier,
) -> None:
    await service.consume(*(case_of(f"{n}@example.com").submitted() for n in range(2)))
    tray = Tray(trace.get_tracer("test"), "test")
    begin_by = asyncio.get_running_loop().time() + 60
    async with service.pool.acquire() as connection:
        held = await claims.claim(connection, Channel.EMAIL, 10, timedelta())
        await tray.put(held, begin_by)
        # The lease of nothing has run out; somebody else takes one of the two.
        (other,) = await claims.claim(connection, Channel.EMAIL, 1, timedelta(minutes=1))
        still_held = await claims.renew(connection, tray.held(), timedelta(minutes=1))
        assert still_held == {notice.id for notice in held} - {other.id}
        assert await claims.claim(connection, Channel.EMAIL, 10, timedelta(minutes=1)) == []
    tray.renewed(tray.held(), still_held, begin_by)
    job = tray.take_now()
    assert job is not None
    assert {job.outgoing.id} == still_held
    assert tray.take_now() is None
    (lost,) = await tray.results(10, 0)
    assert isinstance(lost.attempt, Untried)


async def test_a_slow_mail_server_keeps_the_lease_of_what_it_is_given(
    database: HasDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "HOLD", timedelta(seconds=0.4))
    monkeypatch.setattr(sending, "_RENEW_EVERY", 0.1)
    answering = asyncio.Event()
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 slow\r\n")
        while line := await reader.readline():
            if line.startswith(b"EHLO"):
                writer.write(b"250 slow\r\n")
            elif line == b"DATA\r\n":
                writer.write(b"354 go on\r\n")
                seen.append(await reader.readuntil(b"\r\n.\r\n"))
                await answering.wait()
                writer.write(b"250 taken\r\n")
            else:
                writer.write(b"250 ok\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with notifier(database, port) as slow, slow.sending():
        await slow.consume(case_of(ANNA).submitted())

        async def was_renewed() -> bool:
            sql = (
                "SELECT leased_until > n.queued_at + $1 FROM queue JOIN notices n ON id = notice_id"
            )
            return bool(await slow.pool.fetchval(sql, timedelta(seconds=1.5)))

        await until(was_renewed)
        assert len(seen) == 1
        answering.set()
        await slow.settled(1)
    assert len(seen) == 1
    server.close()
    await server.wait_closed()
