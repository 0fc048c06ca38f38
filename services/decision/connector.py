"""Asks the bank's verification system over HTTP, where it does not read Kafka.

Invariants: no call inside a transaction; a row is sent by the holder of its lease and settled by
nobody else; the system sees a repeated question under the same Idempotency-Key. It is told what the
request event holds, and no more.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias, assert_never
from uuid import UUID, uuid4

import asyncpg
import httpx
from prometheus_client import Counter

from services.decision.checking.hearing import UNKNOWN, BankAnswer, Question, heard
from shared import clock, outbox
from shared.http.flaws import Invalid, Unreadable
from shared.http.forms import read_form
from shared.outbox import Saying
from shared.postgres import Connection, is_transient
from shared.publisher import wait
from shared.run import Parts

_log = logging.getLogger(__name__)

ASKED: Final = Counter("evenhand_bank_questions", "Calls of the bank's system", ["result"])

_LOOK_EVERY = 1.0
_AT_ONCE = 32
_LONGEST_ANSWER = 64 * 1024
_FIRST_PAUSE: Final = timedelta(seconds=2)
_LONGEST_PAUSE: Final = timedelta(minutes=10)
_LATER: Final = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class _Leased:
    """A question that this process may ask until its lease runs out."""

    question: Question
    request: str
    attempts: int
    lease: UUID


@dataclass(frozen=True, slots=True)
class Answered:
    """It knew at once."""

    answer: BankAnswer


@dataclass(frozen=True, slots=True)
class Accepted:
    """It will answer later, by `POST /v1/verifications/{id}` or by Kafka."""


@dataclass(frozen=True, slots=True)
class Refused:
    """It will never take this question; a person is told."""

    why: str


@dataclass(frozen=True, slots=True)
class Deferred:
    """It could not be asked now."""

    why: str


Result: TypeAlias = Answered | Accepted | Refused | Deferred

_CLAIM = """
WITH due AS (
    SELECT verification_id FROM verifications
     WHERE next_attempt_at <= now() AND answer IS NULL
     ORDER BY next_attempt_at LIMIT $1 FOR UPDATE SKIP LOCKED
)
UPDATE verifications v
   SET lease = $2, leased_until = now() + $3::interval, next_attempt_at = now() + $3::interval,
       attempts = attempts + 1
  FROM due WHERE v.verification_id = due.verification_id
RETURNING v.verification_id, v.case_id, v.customer_id, v.request, v.traceparent, v.attempts, v.lease
"""
_DONE = """
UPDATE verifications SET lease = NULL, leased_until = NULL, next_attempt_at = NULL
 WHERE verification_id = $1 AND lease = $2 RETURNING true
"""
# Once a person was told of the silence nobody asks again; an answer on its way still counts.
_AGAIN = """
UPDATE verifications
   SET lease = NULL, leased_until = NULL,
       next_attempt_at = CASE WHEN overdue_at IS NULL THEN now() + $3 END
 WHERE verification_id = $1 AND lease = $2 RETURNING true
"""


def _leased(row: asyncpg.Record) -> _Leased:
    question = Question(
        row["verification_id"], row["case_id"], row["customer_id"], row["traceparent"]
    )
    return _Leased(question, row["request"], row["attempts"], row["lease"])


class Connector:
    """The loop that asks."""

    def __init__(self, parts: Parts, url: str, token: str | None, patience: timedelta) -> None:
        self._parts = parts
        self._url = f"{url.rstrip('/')}/verifications"
        self._patience = patience
        self._client = httpx.AsyncClient(
            headers={} if token is None else {"authorization": f"Bearer {token}"},
            timeout=patience.total_seconds(),
            follow_redirects=False,
            trust_env=False,
        )

    async def close(self) -> None:
        """Close what is open."""
        await self._client.aclose()

    async def run(self, stop: asyncio.Event) -> None:
        """Ask until the stop; what is in hand is finished."""
        while not stop.is_set():
            try:
                asked = await self.ask()
            except Exception as error:
                if not is_transient(error):
                    raise
                _log.warning("the bank is not asked now: %s", type(error).__name__)
                asked = 0
            if asked < _AT_ONCE:
                await wait(stop, _LOOK_EVERY)

    async def ask(self) -> int:
        """Ask what is due, several questions at a time; returns how many were due."""
        # Long enough for the call and for settling it; after that somebody else may ask again.
        hold = 2 * self._patience + timedelta(seconds=10)
        async with self._parts.pool.acquire() as connection:
            rows = await connection.fetch(_CLAIM, _AT_ONCE, uuid4(), hold)
        await asyncio.gather(*(self._ask_one(_leased(row)) for row in rows))
        return len(rows)

    async def _ask_one(self, leased: _Leased) -> None:
        result = await self._send(leased)
        ASKED.labels(type(result).__name__.lower()).inc()
        parts = self._parts
        async with parts.pool.acquire() as connection, connection.transaction():
            sayings = await _settle(connection, leased, result, clock.now())
            pending = await outbox.add(
                connection, parts.source, parts.tracer, sayings, parts.publisher.hold
            )
        if pending:
            await parts.publisher.publish_soon(pending)

    async def _send(self, leased: _Leased) -> Result:
        question = leased.question
        headers = {
            "content-type": "application/json",
            "user-agent": "evenhand",
            "idempotency-key": str(question.verification_id),
        }
        if question.traceparent:
            headers["traceparent"] = question.traceparent
        try:
            async with (
                asyncio.timeout(self._patience.total_seconds()),
                self._client.stream(
                    "POST", self._url, content=leased.request.encode(), headers=headers
                ) as response,
            ):
                body = await _read(response)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
            return Deferred(type(error).__name__)
        return result_of(response.status_code, body)


async def _read(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _LONGEST_ANSWER:
            break
    return bytes(body)


def result_of(status: int, body: bytes) -> Result:
    """Say what an HTTP answer means."""
    if status == httpx.codes.ACCEPTED:
        return Accepted()
    if status == httpx.codes.OK:
        read = read_form(BankAnswer, body)
        if isinstance(read, Unreadable | Invalid):
            return Deferred("an answer that cannot be read")
        return Answered(read[0])
    if httpx.codes.is_client_error(status) and status not in _LATER:
        return Refused(str(status))
    return Deferred(str(status))


def pause_after(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts; it doubles."""
    doubled: int = 2 ** min(attempts, 20)
    return min(_FIRST_PAUSE * doubled, _LONGEST_PAUSE)


async def _settle(
    tx: Connection, leased: _Leased, result: Result, now: datetime
) -> Sequence[Saying]:
    """Note what became of a question; says nothing where the lease was lost."""
    identity = (leased.question.verification_id, leased.lease)
    match result:
        case Deferred(why):
            _log.warning("a question to the bank waits: %s", why)
            await tx.execute(_AGAIN, *identity, pause_after(leased.attempts))
            return ()
        case Accepted():
            await tx.execute(_DONE, *identity)
            return ()
        case Refused(why):
            _log.error("the bank refuses a question (%s); a person is told", why)
            answer = UNKNOWN
        case Answered(answer=answer):
            pass
        case _:
            assert_never(result)
    if not await tx.fetchval(_DONE, *identity):
        return ()
    return [heard(leased.question, answer, now)]
