"""Messages that could not be handled: parked with all that is needed to replay them.

A letter is a row here (for operators) and an event on the dead-letter topic (for alarms). Its id
comes from the record's place, so that a repeat parks nothing twice.
"""

import base64
from typing import Any, Final
from uuid import UUID

import asyncpg
from aiokafka import ConsumerRecord

from shared import clock
from shared.events.catalogue import DeadLetter, Topic
from shared.events.envelope import event_id
from shared.outbox import Saying, saying
from shared.postgres import Connection


def letter_of(
    record: "ConsumerRecord[bytes, bytes]", consumer: str, error: str, attempts: int
) -> DeadLetter:
    """Write down a record and why it could not be handled."""
    return DeadLetter(
        consumer=consumer,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=None if record.key is None else _encode(record.key),
        headers=tuple((name, _encode(value or b"")) for name, value in record.headers),
        body=_encode(record.value or b""),
        error=error,
        attempts=attempts,
        parked_at=clock.now(),
    )


_PARK = """
INSERT INTO dead_letters (id, consumer, topic, error, attempts, letter, parked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (id) DO UPDATE
   SET error = excluded.error, parked_at = excluded.parked_at, replayed_at = NULL
 WHERE dead_letters.replayed_at IS NOT NULL
RETURNING id
"""
_LARGEST_SAID: Final = 512 * 1024


async def park(tx: Connection, letter: DeadLetter) -> Saying | None:
    """Store a letter; returns the event to say, or nothing when it lies here already."""
    identity = _identity(letter)
    stored = await tx.fetchval(
        _PARK,
        identity,
        letter.consumer,
        letter.topic,
        letter.error,
        letter.attempts,
        letter.model_dump_json(),
        letter.parked_at,
    )
    if stored is None:
        return None
    said = letter if len(letter.body) <= _LARGEST_SAID else letter.model_copy(update={"body": ""})
    return saying(
        said,
        event_id=event_id(str(identity), letter.parked_at.isoformat()),
        topic=Topic.DLQ,
        key=_key(letter),
        subject=letter.topic,
        said_at=letter.parked_at,
    )


def _identity(letter: DeadLetter) -> UUID:
    """Derive a letter's id: an event that is redriven again and again stays one letter."""
    found = dict(letter.headers).get("ce_id")
    if found is not None:
        return event_id(letter.consumer, letter.topic, found)
    # The body is part of it: a broker that lost its log counts its offsets from zero again.
    return event_id(
        letter.consumer, letter.topic, str(letter.partition), str(letter.offset), letter.body
    )


def _key(letter: DeadLetter) -> str:
    key = base64.b64decode(letter.key or "").decode(errors="replace")
    return key.replace("\0", "") or letter.consumer


_LIST = """
SELECT id, consumer, topic, error, attempts, parked_at, replayed_at FROM dead_letters
 WHERE $1 OR replayed_at IS NULL ORDER BY parked_at DESC, id LIMIT $2
"""


async def listed(connection: Connection, *, replayed: bool, most: int) -> list[asyncpg.Record]:
    """Return letters, newest first, without their bodies."""
    return await connection.fetch(_LIST, replayed, most)


_REPLAY = """
UPDATE dead_letters SET replayed_at = now() WHERE id = $1 RETURNING letter
"""


async def take_for_replay(connection: Connection, identity: UUID) -> DeadLetter | None:
    """Mark a letter as replayed and return it; the caller publishes it in its old words."""
    letter: Any = await connection.fetchval(_REPLAY, identity)
    return None if letter is None else DeadLetter.model_validate_json(letter)


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
