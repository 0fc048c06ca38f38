"""Clients of the broker: the producer, and the FastStream subscribers that feed the hops."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, TypeAlias

from aiokafka import AIOKafkaProducer, ConsumerRecord
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage
from faststream.kafka.security import parse_security
from faststream.message import StreamMessage
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from shared.settings import KafkaSettings

Records: TypeAlias = "tuple[ConsumerRecord[bytes, bytes], ...]"

# FastStream sleeps this long after an empty poll, so it is part of the latency of a quiet system.
_POLL_MS = 10


def _ms(duration: timedelta) -> int:
    return int(duration.total_seconds() * 1000)


def _security(settings: KafkaSettings) -> BaseSecurity | None:
    if settings.security_protocol == "PLAINTEXT":
        return None
    context = None
    if settings.security_protocol.endswith("SSL"):
        context = ssl.create_default_context(
            cafile=str(settings.ca_file) if settings.ca_file else None
        )
    if settings.sasl_username is None or settings.sasl_password is None:
        return BaseSecurity(ssl_context=context)
    kind = {
        "PLAIN": SASLPlaintext,
        "SCRAM-SHA-256": SASLScram256,
        "SCRAM-SHA-512": SASLScram512,
    }[settings.sasl_mechanism]
    return kind(
        settings.sasl_username,
        settings.sasl_password.get_secret_value(),
        ssl_context=context,
        use_ssl=context is not None,
    )


async def is_reachable(settings: KafkaSettings, within: float = 2.0) -> bool:
    """Say whether any of the bootstrap servers takes a connection (within so many seconds)."""
    for server in settings.bootstrap.split(","):
        host, _, port = server.strip().rpartition(":")
        try:
            async with asyncio.timeout(within):
                _, writer = await asyncio.open_connection(host, int(port))
        except (OSError, TimeoutError):
            continue
        writer.close()
        return True
    return False


def build_producer(settings: KafkaSettings, client_id: str) -> AIOKafkaProducer:
    """Build (not start) a producer that waits for all replicas and keeps the order of a key."""
    return AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap,
        client_id=client_id,
        request_timeout_ms=_ms(settings.request_timeout),
        acks="all",
        enable_idempotence=settings.idempotence,
        max_batch_size=512 * 1024,
        max_request_size=4 * 1024 * 1024,
        **parse_security(_security(settings)),
    )


def build_broker(settings: KafkaSettings, client_id: str, graceful: float) -> KafkaBroker:
    """Build (not start) the FastStream broker; it only consumes, the outbox publishes.

    `graceful` is how many seconds a stop waits for the batch in hand.
    """
    return KafkaBroker(
        settings.bootstrap,
        client_id=client_id,
        consumer_only=True,
        request_timeout_ms=_ms(settings.request_timeout),
        security=_security(settings),
        graceful_timeout=graceful,
        apply_types=False,
        # Its lines tell of messages; ours tell what became of them, without their content.
        logger=None,
    )


def subscribe(
    broker: KafkaBroker,
    settings: KafkaSettings,
    group: str,
    topics: Sequence[str],
    handle: Callable[[Records], Awaitable[None]],
) -> None:
    """Give a handler the raw batches of some topics; offsets are committed when it returns.

    The handler raises only for passing trouble: the batch is then read again (`NACK_ON_ERROR`).
    Decoding is the handler's: FastStream's own would stop a batch at one bad header.
    """
    subscriber: Any = broker.subscriber(
        *topics,
        batch=True,
        group_id=group,
        ack_policy=AckPolicy.NACK_ON_ERROR,
        auto_offset_reset="earliest",
        max_records=settings.batch,
        batch_timeout_ms=_POLL_MS,
        fetch_max_wait_ms=_ms(settings.fetch_wait),
        session_timeout_ms=_ms(settings.session_timeout),
        heartbeat_interval_ms=_ms(settings.session_timeout / 6),
        max_poll_interval_ms=10 * 60 * 1000,
        max_partition_fetch_bytes=4 * 1024 * 1024,
        no_reply=True,
    )

    async def parse(records: Records) -> StreamMessage[Records]:
        return KafkaAckableMessage(raw_message=records, body=b"", consumer=subscriber.consumer)

    async def decode(message: StreamMessage[Records]) -> Records:
        return message.raw_message

    async def consume(records: Records) -> None:
        await handle(records)

    subscriber(consume, parser=parse, decoder=decode)
