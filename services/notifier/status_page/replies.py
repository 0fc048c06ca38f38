"""Hands what customers wrote on the page over to intake, where messages of a case belong.

Invariants: a reply is in the database before the customer is told that we have it; no network call
inside a transaction; it carries its id as the Idempotency-Key, so that a repeat is one message.
Where intake is away it waits, for as long as that takes.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeAlias, assert_never

import httpx
from prometheus_client import Counter, Gauge

from services.notifier.status_page import queue
from services.notifier.status_page.queue import Leased
from services.notifier.status_page.waiting import for_work
from shared.postgres import Connection, Pool, is_transient

_log = logging.getLogger(__name__)

HANDED: Final = Counter("evenhand_replies", "Replies handed to intake, by outcome", ["outcome"])
WAITING: Final = Gauge("evenhand_replies_waiting", "Replies that intake does not have yet")

_MOST: Final = 20
_PATIENCE: Final = 10.0
# All of a claim are handed over at once, so that each ends well before its lease.
_HOLD: Final = timedelta(seconds=3 * _PATIENCE)
_LOOK_EVERY: Final = 2.0
_PAUSES: Final = tuple(timedelta(seconds=seconds) for seconds in (2, 10, 60, 300, 900))
# What is wrong with the reply itself; everything else may pass: a key that is replaced, a case that
# intake does not show yet, a fault of ours.
_FINAL: Final = frozenset({400, 409, 413, 415, 422})


@dataclass(frozen=True, slots=True)
class Taken:
    """Intake has it, as the case's message of this number."""

    sequence: int


@dataclass(frozen=True, slots=True)
class Never:
    """Intake will never take it."""

    why: str


@dataclass(frozen=True, slots=True)
class NotNow:
    """Intake may take it later."""

    why: str


Outcome: TypeAlias = Taken | Never | NotNow


@dataclass(frozen=True, slots=True)
class Replies:
    """The loop that hands replies over; `wake` is set when there is a new one."""

    pool: Pool
    client: httpx.AsyncClient
    wake: asyncio.Event

    async def run(self, stop: asyncio.Event) -> None:
        """Hand over until `stop`; what is in hand then is finished."""
        while not stop.is_set():
            self.wake.clear()
            try:
                full = await self.hand_over()
            except Exception as error:
                if not is_transient(error):
                    raise
                _log.warning("replies wait: database is away: %s", type(error).__name__)
                full = False
            if not full:
                await for_work(_LOOK_EVERY, stop, self.wake)

    async def hand_over(self) -> bool:
        """Hand over what is due; says whether there may be more."""
        async with self.pool.acquire() as connection:
            replies = await queue.claim(connection, _MOST, _HOLD)
            WAITING.set(await queue.waiting(connection))
        outcomes = await asyncio.gather(*(self._offer(reply) for reply in replies))
        async with self.pool.acquire() as connection:
            for reply, outcome in zip(replies, outcomes, strict=True):
                await _settle(connection, reply, outcome)
        return len(replies) == _MOST

    async def _offer(self, reply: Leased) -> Outcome:
        try:
            async with asyncio.timeout(_PATIENCE):
                answer = await self.client.post(
                    f"/v1/cases/{reply.case_id}/messages",
                    json={"text": reply.body, "channel": "web"},
                    headers={"Idempotency-Key": str(reply.id)},
                )
            if answer.is_success:
                return Taken(int(answer.json()["sequence"]))
        except (httpx.HTTPError, TimeoutError, OSError, ValueError, KeyError) as error:
            return NotNow(type(error).__name__)
        why = f"HTTP {answer.status_code}"
        return Never(why) if answer.status_code in _FINAL else NotNow(why)


async def _settle(connection: Connection, reply: Leased, outcome: Outcome) -> None:
    match outcome:
        case Taken(sequence):
            await queue.handed_over(connection, reply, sequence)
        case Never(why):
            _log.error("intake refuses reply %s: %s", reply.id, why)
            await queue.refused(connection, reply, why)
        case NotNow(why):
            _log.warning("intake did not take reply %s: %s", reply.id, why)
            pause = _PAUSES[min(reply.attempts, len(_PAUSES) - 1)]
            await queue.again(connection, reply, pause)
        case _:
            assert_never(outcome)
    HANDED.labels(type(outcome).__name__.lower()).inc()


def client_of(url: str, key: str) -> httpx.AsyncClient:
    """Return the client that speaks to intake with a key that may submit."""
    return httpx.AsyncClient(
        base_url=url.rstrip("/"),
        headers={"Authorization": f"Bearer {key}", "User-Agent": "evenhand-status-page"},
        timeout=_PATIENCE,
        follow_redirects=False,
        trust_env=False,
    )
