"""Faults: what is down is said, nothing that was promised is lost, and it recovers by itself."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from typing_extensions import override

from deploy.local import postgres as postgreses
from deploy.local.broker import Broker
from deploy.local.postgres import Postgres
from services.intake.commit import GroupCommit
from services.intake.domain import Accepted, Away, Idempotency, Outcome, new_case_id
from services.intake.submission import Submission
from shared import clock
from shared.events.case import Channel, Customer
from shared.events.catalogue import CaseSubmitted, Topic
from shared.events.envelope import Envelope
from shared.migrate import migrate, role_of
from shared.outbox import Pending
from shared.postgres import Pool, connect
from shared.publisher import Publisher
from shared.settings import KafkaSettings
from tests.integration.intake_service import Migrated, running

CASE = {"customer": {"id": "C-1"}, "channel": "web", "text": "The fee is wrong."}


@dataclass(slots=True)
class Mortal:
    """A database server that a test may stop."""

    folder: Path
    server: Postgres

    @property
    def admin(self) -> str:
        return self.server.dsn("evenhand_admin")

    def url(self, service: str) -> str:
        return self.server.dsn(role_of(service))

    def start(self) -> None:
        self.server = _start(self.folder)


def _start(folder: Path) -> Postgres:
    return postgreses.start(folder / "pg", log=folder / "log")


@pytest.fixture
async def mortal(tmp_path: Path) -> AsyncIterator[Mortal]:
    made = Mortal(tmp_path, _start(tmp_path))
    await migrate(made.admin, ["intake", "decision", "notifier"])  # all hold keys
    yield made
    made.server.stop()


async def test_while_the_database_is_away_nothing_is_promised_and_then_all_is_well(
    mortal: Mortal,
) -> None:
    async with running(mortal) as intake:
        first = await intake.client.post("/v1/cases", json=CASE)
        path = f"/v1/cases/{first.json()['case_id']}"
        mortal.server.kill()
        answers = [
            await intake.client.post("/v1/cases", json=CASE, headers={"Idempotency-Key": "1"}),
            await intake.client.get(path),
            await intake.client.get("/v1/cases"),
            await intake.client.post(f"{path}/messages", json={"text": "more"}),
        ]
        for answer in answers:
            assert answer.status_code == 503
            assert answer.headers["content-type"] == "application/problem+json"
            assert int(answer.headers["retry-after"]) > 0
        lines = await intake.client.post(
            "/v1/cases:batch",
            content=b'{"customer": {"id": "C"}, "channel": "api", "text": "x"}\n',
            headers={"Content-Type": "application/x-ndjson"},
        )
        # The key that was read lately is still known; the line says what it cannot do.
        assert lines.status_code == 503 or lines.json()["status"] == 503
        await asyncio.to_thread(mortal.start)
        again = await intake.client.post("/v1/cases", json=CASE, headers={"Idempotency-Key": "1"})
        assert again.status_code == 202
        assert (await intake.client.get(path)).status_code == 200
        assert await intake.count("cases") == await intake.count("outbox") == 2


async def test_an_accepted_case_reaches_the_broker_in_its_trace(
    database: Migrated, broker: Broker
) -> None:
    async with running(database, bootstrap=broker.bootstrap) as intake:
        case_id = (await intake.client.post("/v1/cases", json=CASE)).json()["case_id"]
        consumer = AIOKafkaConsumer(
            Topic.SUBMITTED,
            bootstrap_servers=broker.bootstrap,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
        await consumer.start()
        try:
            async with asyncio.timeout(30):
                record = await consumer.getone()
                while Envelope.parse(record.headers).subject != case_id:
                    record = await consumer.getone()
        finally:
            await consumer.stop()
        said = await intake.pool.fetchrow("SELECT event_id, traceparent FROM outbox")
        assert said is not None
        assert record.key == b"C-1"
        assert CaseSubmitted.model_validate_json(record.value).text == CASE["text"]
        envelope = Envelope.parse(record.headers)
        assert (envelope.id, envelope.traceparent) == (said["event_id"], said["traceparent"])


def _submission(idempotency: Idempotency | None = None) -> Submission:
    now = clock.now()
    event = CaseSubmitted(
        case_id=new_case_id(now),
        customer_id="C-1",
        customer=Customer(id="C-1"),
        channel=Channel.API,
        text="x",
        received_at=now,
        accepted_at=now,
    )
    return Submission(event, "single", Context(), idempotency)


class _Failing(Publisher):
    """A way out that has a fault of its own."""

    @override
    async def publish_soon(self, rows: Sequence[Pending]) -> None:
        raise RuntimeError(len(rows))


class _Stalled(Publisher):
    """A way out to a broker that takes nothing until it is released."""

    released: asyncio.Event

    @override
    async def publish_soon(self, rows: Sequence[Pending]) -> None:
        await self.released.wait()
        await super().publish_soon(rows)


def _commits(pool: Pool, publisher: Publisher) -> GroupCommit:
    tracer = TracerProvider().get_tracer("test")
    return GroupCommit(pool, publisher, tracer, "test", redrive_after=timedelta(seconds=30))


async def test_a_part_of_the_committing_that_fails_ends_it_and_nobody_is_left_waiting(
    database: Migrated,
) -> None:
    pool = await connect(database.url("intake"), schema="intake", connections=3)
    commits = _commits(pool, _Failing(pool, KafkaSettings(), "test"))
    running_ = asyncio.create_task(commits.run(asyncio.Event()))
    first = _submission()
    await commits.put(first)
    async with asyncio.timeout(10):
        assert isinstance(await first.outcome, Accepted)
        with pytest.raises(ExceptionGroup, match="TaskGroup"):
            await running_
        late = _submission()
        await commits.put(late)
        assert isinstance(await late.outcome, Away)
    assert not commits.offer(_submission())
    await pool.close()


async def test_no_answer_waits_for_a_broker_that_stalls(database: Migrated) -> None:
    pool = await connect(database.url("intake"), schema="intake", connections=3)
    publisher = _Stalled(pool, KafkaSettings(), "test")
    publisher.released = asyncio.Event()
    commits = _commits(pool, publisher)
    stop = asyncio.Event()
    running_ = asyncio.create_task(commits.run(stop))
    async with asyncio.timeout(10):
        for _ in range(5):
            submission = _submission()
            assert commits.offer(submission)
            assert isinstance(await submission.outcome, Accepted)
        stop.set()
        publisher.released.set()
        await running_
    await publisher.close(5)
    await pool.close()


async def test_a_full_queue_takes_no_more_and_a_stop_leaves_nobody_waiting(
    database: Migrated,
) -> None:
    pool = await connect(database.url("intake"), schema="intake", connections=3)
    publisher = Publisher(pool, KafkaSettings(), "test")
    commits = GroupCommit(
        pool,
        publisher,
        TracerProvider().get_tracer("test"),
        "test",
        redrive_after=timedelta(seconds=30),
        waiting=3,
    )
    use = Idempotency("bank", "1", b"print")
    waiting = [_submission(use), _submission(use), _submission(Idempotency("bank", "1", b"other"))]
    assert [commits.offer(submission) for submission in [*waiting, _submission()]] == [
        True,
        True,
        True,
        False,
    ]
    stop = asyncio.Event()
    stop.set()
    await commits.run(stop)
    outcomes: list[Outcome] = [submission.outcome.result() for submission in waiting]
    case_id = waiting[0].event.case_id
    assert outcomes[:2] == [Accepted(case_id, 0, fresh=True), Accepted(case_id, 0, fresh=False)]
    assert type(outcomes[2]).__name__ == "Conflict"
    assert await pool.fetchval("SELECT count(*) FROM cases") == 1
    await pool.close()
