"""The hop on a real database: exactly one effect per event, poison parked, nothing lost."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import ConsumerRecord
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared import outbox
from shared.errors import Retryable
from shared.events.case import Status
from shared.events.catalogue import CaseStatusChanged, DeadLetter, Topic
from shared.events.envelope import Envelope, event_id
from shared.hop import Hop, Received, Runner
from shared.outbox import Saying
from shared.postgres import Connection, Pool, connect
from shared.publisher import Publisher
from shared.settings import KafkaSettings

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
Records = Sequence["ConsumerRecord[bytes, bytes]"]


class _Database(Protocol):
    def url(self, service: str) -> str: ...
    @property
    def admin(self) -> str: ...


def _record(  # noqa: PLR0913 - what a test may want to say
    case: UUID,
    *,
    identity: UUID | None = None,
    redrive: int = 0,
    body: bytes | None = None,
    headers: list[tuple[str, bytes]] | None = None,
    traceparent: str | None = None,
    offset: int = 0,
) -> "ConsumerRecord[bytes, bytes]":
    event = CaseStatusChanged(
        case_id=case, customer_id="C-1", status=Status.RECEIVED, changed_at=NOW
    )
    envelope = Envelope(
        identity or event_id(str(case)), Topic.STATUS, "test", str(case), NOW, redrive, traceparent
    )
    return ConsumerRecord(
        topic=Topic.STATUS,
        partition=0,
        offset=offset,
        timestamp=0,
        timestamp_type=0,
        key=b"C-1",
        value=event.model_dump_json().encode() if body is None else body,
        checksum=None,
        serialized_key_size=3,
        serialized_value_size=0,
        headers=envelope.headers() if headers is None else headers,
    )


@dataclass
class Bench:
    """A hop on a table of its own, and what it has seen."""

    pool: Pool
    runner: Runner
    stop: asyncio.Event
    spans: InMemorySpanExporter
    poison: set[UUID] = field(default_factory=set)
    fail: Callable[[Connection], Any] | None = None
    batches: list[int] = field(default_factory=list)

    async def handle(self, tx: Connection, batch: Sequence[Received]) -> list[Saying]:
        self.batches.append(len(batch))
        for received in batch:
            await tx.execute("INSERT INTO effects VALUES ($1)", received.event.case_id)
            if received.event.case_id in self.poison:
                raise ValueError("Anna Nowak, anna@example.com")
        if self.fail is not None:
            await self.fail(tx)
        return [received.say(Topic.STATUS, received.event) for received in batch]

    async def effects(self) -> list[UUID]:
        return [row["case_id"] for row in await self.pool.fetch("SELECT case_id FROM effects")]

    async def pending(self) -> list[asyncpg.Record]:
        return await self.pool.fetch(
            "SELECT o.*, p.redrive FROM outbox o JOIN outbox_pending p USING (position)"
        )


@pytest.fixture
async def bench(database: _Database) -> AsyncIterator[Bench]:
    admin = await asyncpg.connect(database.admin)
    await admin.execute("CREATE TABLE decision.effects (case_id uuid)")
    await admin.execute("GRANT ALL ON decision.effects TO evenhand_decision")
    await admin.close()
    pool = await connect(database.url("decision"), schema="decision", connections=4)
    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    tracer = provider.get_tracer("test")
    stop = asyncio.Event()
    made: list[Bench] = []

    async def handle(tx: Connection, batch: Sequence[Received]) -> list[Saying]:
        return await made[0].handle(tx, batch)

    publisher = Publisher(pool, KafkaSettings(), "test")  # never connected: all stays pending
    hop = Hop("test", (Topic.STATUS,), handle)
    runner = Runner(hop, pool=pool, publisher=publisher, source="test", tracer=tracer, stop=stop)
    made.append(Bench(pool, runner, stop, spans))
    yield made[0]
    await pool.close()


async def test_a_batch_commits_its_effects_and_what_it_says_together(bench: Bench) -> None:
    cases = [uuid4() for _ in range(20)]
    await bench.runner([_record(case) for case in cases])
    assert sorted(await bench.effects()) == sorted(cases)
    assert [row["key"] for row in await bench.pending()] == ["C-1"] * 20
    assert bench.batches == [20]


async def test_an_event_delivered_again_has_no_second_effect(bench: Bench) -> None:
    records = [_record(uuid4()) for _ in range(5)]
    await bench.runner(records)
    await bench.runner([*records, records[0], _record(uuid4())])
    assert len(await bench.effects()) == 6
    assert len(await bench.pending()) == 6


async def test_an_event_twice_in_one_batch_has_one_effect(bench: Bench) -> None:
    record = _record(uuid4())
    await bench.runner([record, record])
    assert len(await bench.effects()) == 1


async def test_a_redriven_event_says_the_same_again_without_a_second_effect(bench: Bench) -> None:
    case = uuid4()
    await bench.runner([_record(case)])
    (first,) = await bench.pending()
    await bench.pool.execute("DELETE FROM outbox_pending")
    await bench.runner([_record(case, redrive=1)])
    (again,) = await bench.pending()
    assert (again["event_id"], again["body"]) == (first["event_id"], first["body"])
    assert again["redrive"] == 1
    assert len(await bench.effects()) == 1


async def test_poison_is_parked_and_its_neighbours_commit(bench: Bench) -> None:
    cases = [uuid4() for _ in range(16)]
    bench.poison = {cases[5], cases[11]}
    await bench.runner([_record(case, offset=n) for n, case in enumerate(cases)])
    assert set(await bench.effects()) == set(cases) - bench.poison
    letters = await bench.pool.fetch("SELECT * FROM dead_letters")
    assert {DeadLetter.model_validate_json(row["letter"]).offset for row in letters} == {5, 11}
    assert all(row["attempts"] == 3 for row in letters)
    said = [row for row in await bench.pending() if row["topic"] == Topic.DLQ]
    assert len(said) == 2


async def test_a_dead_letter_tells_the_error_without_personal_data(bench: Bench) -> None:
    case = uuid4()
    bench.poison = {case}
    await bench.runner([_record(case)])
    error = await bench.pool.fetchval("SELECT error FROM dead_letters")
    assert error.startswith("ValueError at handle:")
    for span in bench.spans.get_finished_spans():
        assert "Anna" not in span.to_json()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"body": b"{"}, "body: json_invalid"),
        ({"body": b"\xff\xfe"}, "body: json_invalid"),
        ({"body": b'{"case_id": 7}'}, "case_id"),
        ({"body": b""}, "body: json_invalid"),
        ({"headers": []}, "ce_specversion"),
        ({"headers": [("ce_specversion", b"1.0")]}, "ce_id: missing"),
        ({"headers": [("ce_id", b"\xff")]}, "headers: not UTF-8"),
    ],
)
async def test_a_malformed_message_is_parked_with_its_fault_named(
    bench: Bench, change: dict[str, Any], named: str
) -> None:
    good = uuid4()
    await bench.runner([_record(uuid4(), **change), _record(good, offset=1)])
    assert await bench.effects() == [good]
    assert named in await bench.pool.fetchval("SELECT error FROM dead_letters")


async def test_a_malformed_message_delivered_again_is_parked_once(bench: Bench) -> None:
    record = _record(uuid4(), body=b"{")
    await bench.runner([record])
    await bench.runner([record])
    assert await bench.pool.fetchval("SELECT count(*) FROM dead_letters") == 1


async def test_a_header_that_no_database_text_can_hold_is_parked_too(bench: Bench) -> None:
    good = uuid4()
    odd = _record(uuid4(), headers=[("a\0", b"\0"), ("ce_id", b"\xff\0")])
    await bench.runner([odd, _record(good, offset=1)])
    assert await bench.effects() == [good]
    assert await bench.pool.fetchval("SELECT count(*) FROM dead_letters") == 1


async def test_poison_that_is_redriven_stays_one_letter_until_it_is_replayed(bench: Bench) -> None:
    case = uuid4()
    bench.poison = {case}
    for redrive in range(3):
        await bench.runner([_record(case, redrive=redrive, offset=redrive)])
    assert await bench.pool.fetchval("SELECT count(*) FROM dead_letters") == 1
    assert len([row for row in await bench.pending() if row["topic"] == Topic.DLQ]) == 1
    await bench.pool.execute("UPDATE dead_letters SET replayed_at = now()")
    await bench.runner([_record(case, redrive=3, offset=9)])
    assert await bench.pool.fetchval("SELECT replayed_at FROM dead_letters") is None
    assert len([row for row in await bench.pending() if row["topic"] == Topic.DLQ]) == 2


async def test_what_is_past_its_keeping_is_forgotten_and_what_waits_is_kept(bench: Bench) -> None:
    await bench.runner([_record(uuid4()) for _ in range(3)])
    await bench.pool.execute("DELETE FROM outbox_pending WHERE position <> 1")
    await bench.pool.execute("UPDATE outbox SET stored_at = now() - interval '15 days'")
    await bench.pool.execute("UPDATE inbox SET handled_at = now() - interval '15 days'")
    async with bench.pool.acquire() as connection:
        assert not await outbox.forget(connection, timedelta(days=14))
    assert [row["position"] for row in await bench.pool.fetch("SELECT * FROM outbox")] == [1]
    assert await bench.pool.fetchval("SELECT count(*) FROM inbox") == 0


async def test_an_event_of_another_topic_is_parked(bench: Bench) -> None:
    envelope = Envelope(uuid4(), Topic.SLA, "test", "x", NOW)
    await bench.runner([_record(uuid4(), headers=envelope.headers())])
    error = await bench.pool.fetchval("SELECT error FROM dead_letters")
    assert error == f"ce_type: {Topic.SLA} does not belong on {Topic.STATUS}"


async def test_a_lost_connection_is_retried_and_parks_nothing(bench: Bench) -> None:
    async def cut(tx: Connection) -> None:
        bench.fail = None
        await tx.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    bench.fail = cut
    case = uuid4()
    await bench.runner([_record(case)])
    assert await bench.effects() == [case]
    assert await bench.pool.fetchval("SELECT count(*) FROM dead_letters") == 0


async def test_a_stop_gives_up_retrying_so_that_the_batch_is_read_again(bench: Bench) -> None:
    async def cut(tx: Connection) -> None:
        bench.stop.set()
        await tx.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    bench.fail = cut
    with pytest.raises(Retryable):
        await bench.runner([_record(uuid4())])
    assert await bench.effects() == []


async def test_a_hop_stays_in_the_trace_of_its_case(bench: Bench) -> None:
    trace_id, sender = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    await bench.runner([_record(uuid4(), traceparent=f"00-{trace_id}-{sender}-01")])
    (row,) = await bench.pending()
    spans = {span.name: span for span in bench.spans.get_finished_spans()}
    process = spans[f"process {Topic.STATUS}"]
    assert process.context is not None
    assert f"{process.context.trace_id:032x}" == trace_id
    assert process.parent is not None
    assert f"{process.parent.span_id:016x}" == sender
    send = spans[f"send {Topic.STATUS}"]
    assert send.parent is not None
    assert send.parent.span_id == process.context.span_id
    assert send.context is not None
    assert row["traceparent"] == f"00-{trace_id}-{send.context.span_id:016x}-01"
    batch = spans["batch test"]
    assert [link.context.span_id for link in batch.links] == [process.context.span_id]


async def test_a_trace_that_nobody_records_is_passed_on_without_spans(bench: Bench) -> None:
    header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
    await bench.runner([_record(uuid4(), traceparent=header)])
    (row,) = await bench.pending()
    assert row["traceparent"] == header
    assert [span.name for span in bench.spans.get_finished_spans()] == ["batch test"]
