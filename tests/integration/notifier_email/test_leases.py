"""A notice is sent by whoever holds its lease: nobody else, and nothing is settled without it."""

import asyncio
from datetime import timedelta

import pytest
from opentelemetry import trace

from deploy.local.mailbox.running import MailCatcher
from services.notifier import claims, sending, store
from services.notifier.attempts import Back, Untried
from services.notifier.domain import Channel
from services.notifier.tray import Tray
from tests.integration.notifier_email.notices import ANNA
from tests.integration.notifier_service import HasDatabase, Notifier, case_of, notifier, until


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
