"""The brokers of this machine: the embedded one everywhere, Apache Kafka where it can be had."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from deploy.local import broker as embedded
from deploy.local import kafka
from deploy.local.broker import Broker, BrokerError, create_topics
from deploy.local.identity import identify
from deploy.local.ports import LOOPBACK, free_port, is_taken
from deploy.local.processes import ROOT


@pytest.fixture(scope="module")
def fetched() -> None:
    if reason := kafka.available():
        pytest.skip(f"no Apache Kafka: {reason}")


@pytest.fixture(scope="module", params=["tansu", pytest.param("kafka", marks=pytest.mark.kafka)])
async def either(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Broker]:
    folder = tmp_path_factory.mktemp("broker")
    log = folder / "broker.log"
    if request.param == "tansu":
        broker = await embedded.start(free_port(), log)
    else:
        request.getfixturevalue("fetched")
        broker = await kafka.start(folder, free_port(), free_port(), log)
    yield broker
    await broker.stop()
    assert not broker.running


@pytest.fixture
def topic(request: pytest.FixtureRequest) -> str:
    return f"{request.node.originalname}.{time.monotonic_ns()}"


Record: TypeAlias = "ConsumerRecord[bytes, bytes]"
HEADERS = [("ce_id", b"1"), ("ce_type", "płatność".encode()), ("ce_id", b"2")]


async def produce(bootstrap: str, topic: str, count: int) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        for number in range(count):
            key = f"C-{number % 3}".encode()
            await producer.send_and_wait(topic, b"%d" % number, key=key, headers=HEADERS)


async def consume(bootstrap: str, topic: str, partitions: int, count: int) -> list[Record]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    consumer.assign([TopicPartition(topic, number) for number in range(partitions)])
    async with consumer:
        return [await consumer.getone() for _ in range(count)]


async def test_records_keep_key_headers_and_the_order_of_a_key(either: Broker, topic: str) -> None:
    await create_topics(either.bootstrap, {topic: 4})
    await produce(either.bootstrap, topic, 12)
    records = await consume(either.bootstrap, topic, 4, 12)
    assert {record.headers for record in records} == {tuple(HEADERS)}
    for key in (b"C-0", b"C-1", b"C-2"):
        mine = [record for record in records if record.key == key]
        assert len({record.partition for record in mine}) == 1
        assert [int(record.value or b"") for record in mine] == list(range(int(key[2:]), 12, 3))


async def test_a_group_goes_on_where_it_committed(either: Broker, topic: str) -> None:
    await create_topics(either.bootstrap, {topic: 1})
    await produce(either.bootstrap, topic, 2)
    seen: list[bytes | None] = []
    for _ in range(2):
        async with AIOKafkaConsumer(
            topic,
            bootstrap_servers=either.bootstrap,
            group_id=topic,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            session_timeout_ms=2000,
            heartbeat_interval_ms=300,
        ) as consumer:
            record = await consumer.getone()
            await consumer.commit({TopicPartition(topic, 0): record.offset + 1})
            seen.append(record.value)
    assert seen == [b"0", b"1"]


async def test_topics_that_exist_are_left_as_they_are(either: Broker, topic: str) -> None:
    await create_topics(either.bootstrap, {topic: 3})
    await produce(either.bootstrap, topic, 1)
    await create_topics(either.bootstrap, {topic: 3, f"{topic}.more": 1})
    assert len(await consume(either.bootstrap, topic, 3, 1)) == 1
    admin = AIOKafkaAdminClient(bootstrap_servers=either.bootstrap)
    await admin.start()
    described = await admin.describe_topics([topic, f"{topic}.more"])
    await admin.close()
    assert {item["topic"]: len(item["partitions"]) for item in described} == {
        topic: 3,
        f"{topic}.more": 1,
    }


async def test_a_topic_with_too_few_partitions_is_named(either: Broker, topic: str) -> None:
    await create_topics(either.bootstrap, {topic: 2})
    with pytest.raises(BrokerError, match=f"{topic} has 2 of 3 partitions"):
        await create_topics(either.bootstrap, {topic: 3}, within=timedelta(0))


async def test_topics_are_not_waited_for_for_ever() -> None:
    with pytest.raises(BrokerError, match="did not make the topics"):
        await create_topics(f"{LOOPBACK}:{free_port()}", {"any": 1}, within=timedelta(0))


async def test_a_taken_port_is_said_before_anything_is_started(
    either: Broker, tmp_path: Path
) -> None:
    port = int(either.bootstrap.rpartition(":")[2])
    with pytest.raises(BrokerError, match=f"port {port} is taken"):
        await embedded.start(port, tmp_path / "second.log")


async def test_a_killed_embedded_broker_starts_again_at_once_and_empty(
    tmp_path: Path, topic: str
) -> None:
    port = free_port()
    first = await embedded.start(port, tmp_path / "broker.log")
    await create_topics(first.bootstrap, {topic: 1})
    await first.kill()
    assert await first.wait() == -signal.SIGKILL
    second = await embedded.start(port, tmp_path / "broker.log")
    admin = AIOKafkaAdminClient(bootstrap_servers=second.bootstrap)
    await admin.start()
    assert topic not in await admin.list_topics()
    await admin.close()
    await second.stop()


@pytest.mark.kafka
@pytest.mark.usefixtures("fetched")
async def test_apache_kafka_keeps_its_log_over_sigkill(tmp_path: Path, topic: str) -> None:
    ports = free_port(), free_port()
    first = await kafka.start(tmp_path, *ports, tmp_path / "kafka.log")
    await create_topics(first.bootstrap, {topic: 1})
    await produce(first.bootstrap, topic, 3)
    await first.kill()
    second = await kafka.start(tmp_path, *ports, tmp_path / "kafka.log")
    try:
        records = await consume(second.bootstrap, topic, 1, 3)
        assert [record.value for record in records] == [b"0", b"1", b"2"]
    finally:
        await second.stop()


LAUNCH = """
import asyncio, sys
from pathlib import Path
from deploy.local import broker
async def main():
    started = await broker.start(int(sys.argv[1]), Path(sys.argv[2]))
    print(started.pid, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


def test_the_embedded_broker_dies_with_its_launcher_and_frees_the_port(tmp_path: Path) -> None:
    port = free_port()
    program = [sys.executable, "-c", LAUNCH, str(port), str(tmp_path / "broker.log")]
    with subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, text=True) as launcher:  # noqa: S603 - our own words
        assert launcher.stdout
        pid = int(launcher.stdout.readline())
        assert is_taken(port)
        launcher.send_signal(signal.SIGKILL)
    give_up = time.monotonic() + 10
    while is_taken(port) and time.monotonic() < give_up:
        os.sched_yield()
    assert not is_taken(port)
    assert identify("broker", pid) is None
