"""Group commit: cases that arrive together are stored in one transaction with their events.

Invariant: an outcome `Accepted` is given only after the commit. A case that cannot be stored never
fails its neighbours: a batch that fails is split. A batch whose commit was lost on the way may be
tried again: its ids are the same. No answer waits for the broker: publishing goes on beside the
commits, and what it cannot take any more is left in the outbox to the sweeper.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from opentelemetry.trace import Tracer
from prometheus_client import Histogram

from services.intake.claims import Key, claim
from services.intake.domain import (
    Accepted,
    Away,
    Broken,
    Conflict,
    Idempotency,
    Outcome,
)
from services.intake.handover import Handover
from services.intake.submission import ACCEPTED, Submission, saying_of
from shared import outbox
from shared.outbox import Pending
from shared.postgres import Connection, Pool, is_transient
from shared.publisher import Publisher

_log = logging.getLogger(__name__)

BATCH: Final = Histogram(
    "evenhand_commit_batch", "Cases in one commit", buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500)
)

_COMMITTERS = 2
_MOST = 500
_WAITING = 4000
_ATTEMPTS = 2
_PAUSE = 0.1
_CONNECT = 3.0


_INSERT = """
WITH opened AS (
    INSERT INTO cases (case_id, customer_id, channel, category, language, jurisdiction,
                       received_at, accepted_at)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                         $7::timestamptz[], $8::timestamptz[])
    ON CONFLICT (case_id) DO NOTHING
), kept AS (
    INSERT INTO submissions (case_id, opened) SELECT * FROM unnest($1::uuid[], $9::text[])
    ON CONFLICT (case_id) DO NOTHING
)
INSERT INTO journeys (case_id, sequence, submitted_event_id, accepted_at, next_redrive_at)
SELECT case_id, 0, event_id, accepted_at, now() + $11::interval
  FROM unnest($1::uuid[], $10::uuid[], $8::timestamptz[]) AS u(case_id, event_id, accepted_at)
ON CONFLICT (case_id, sequence) DO NOTHING
"""


class GroupCommit:
    """Collects submissions and commits what has come together meanwhile."""

    def __init__(  # noqa: PLR0913 - the parts of a hop's way out
        self,
        pool: Pool,
        publisher: Publisher,
        tracer: Tracer,
        source: str,
        *,
        redrive_after: timedelta,
        waiting: int = _WAITING,
    ) -> None:
        self._pool = pool
        self._publisher = publisher
        self._tracer = tracer
        self._source = source
        self._redrive_after = redrive_after
        self._queue: asyncio.Queue[Submission | None] = asyncio.Queue(waiting)
        self._streams = asyncio.Semaphore(waiting // 2)
        self.handover = Handover(publisher)
        self._ended = False

    def offer(self, submission: Submission) -> bool:
        """Take a submission, unless too many are waiting; its `outcome` follows."""
        if self._ended:
            return False
        try:
            self._queue.put_nowait(submission)
        except asyncio.QueueFull:
            return False
        return True

    async def put(self, submission: Submission) -> None:
        """Take a submission of a stream, which waits; half of the room stays for others.

        A stream waits for the broker too, so that it cannot outrun a slow one for ever.
        """
        await self.handover.half_empty()
        await self._streams.acquire()
        submission.outcome.add_done_callback(lambda _: self._streams.release())
        try:
            await self._queue.put(submission)
        except asyncio.CancelledError:
            submission.outcome.cancel()
            raise
        if self._ended:
            self._refuse_waiting()

    async def run(self, stop: asyncio.Event) -> None:
        """Commit until `stop` is set and nothing waits any more.

        Raises:
            ExceptionGroup: a part has failed; whoever waited is told that nothing was stored.

        """
        try:
            async with asyncio.TaskGroup() as parts:
                parts.create_task(self.handover.run())
                committers = [parts.create_task(self._work()) for _ in range(_COMMITTERS)]
                await stop.wait()
                for _ in committers:
                    await self._queue.put(None)
                await asyncio.wait(committers)
                self.handover.end()
        finally:
            self._ended = True
            self._refuse_waiting()

    def _refuse_waiting(self) -> None:
        while not self._queue.empty():
            if (submission := self._queue.get_nowait()) is not None:
                _tell([submission], [Away()])
        self.handover.abandon()

    async def _work(self) -> None:
        while (first := await self._queue.get()) is not None:
            batch = [first]
            while len(batch) < _MOST and not self._queue.empty():
                following = self._queue.get_nowait()
                if following is None:
                    self._queue.put_nowait(None)
                    break
                batch.append(following)
            BATCH.observe(len(batch))
            try:
                await self._settle(batch)
            finally:
                _tell(batch, [Away()] * len(batch))  # whoever was told nothing: this part ends

    async def _settle(self, batch: Sequence[Submission]) -> None:
        """Store the batch; where it cannot be stored whole, by halves down to the one."""
        try:
            outcomes, pending = await self._commit_patiently(batch)
        except Exception as error:  # noqa: BLE001 - whatever it was, somebody waits for an answer
            if is_transient(error):
                _log.warning("a batch could not be stored: %s", type(error).__name__)
                _tell(batch, [Away()] * len(batch))
            elif len(batch) > 1:
                await self._settle(batch[: len(batch) // 2])
                await self._settle(batch[len(batch) // 2 :])
            else:
                # Not with its text: that may hold personal data.
                _log.error("a case could not be stored: %s", type(error).__name__)
                _tell(batch, [Broken()])
            return
        _tell(batch, outcomes)
        if pending:
            self.handover.add(pending)

    async def _commit_patiently(
        self, batch: Sequence[Submission]
    ) -> tuple[list[Outcome], list[Pending]]:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return await self._commit(batch)
            except Exception as error:
                if attempt == _ATTEMPTS or not is_transient(error):
                    raise
                await asyncio.sleep(_PAUSE)
        raise AssertionError("the last attempt returns or raises")

    async def _commit(self, batch: Sequence[Submission]) -> tuple[list[Outcome], list[Pending]]:
        leads = _leads(batch)
        async with self._pool.acquire(timeout=_CONNECT) as connection, connection.transaction():
            taken = (
                await claim(
                    connection,
                    [
                        (lead.idempotency, lead.event.case_id, 0)
                        for lead in leads.values()
                        if lead.idempotency is not None
                    ],
                )
                if leads
                else {}
            )
            outcomes = [_judge(submission, leads, taken) for submission in batch]
            fresh = [
                submission
                for submission, outcome in zip(batch, outcomes, strict=True)
                if isinstance(outcome, Accepted) and outcome.fresh
            ]
            pending = await self._store(connection, fresh) if fresh else []
        return outcomes, pending

    async def _store(self, tx: Connection, fresh: Sequence[Submission]) -> list[Pending]:
        events = [submission.event for submission in fresh]
        bodies = [event.model_dump_json() for event in events]
        sayings = [
            saying_of(submission.event, body, submission.parent)
            for submission, body in zip(fresh, bodies, strict=True)
        ]
        await tx.execute(
            _INSERT,
            [event.case_id for event in events],
            [event.customer_id for event in events],
            [event.channel.value for event in events],
            [event.category.value for event in events],
            [event.customer.language for event in events],
            [event.customer.jurisdiction for event in events],
            [event.received_at for event in events],
            [event.accepted_at for event in events],
            bodies,
            [saying.event_id for saying in sayings],
            self._redrive_after,
        )
        return await outbox.add(tx, self._source, self._tracer, sayings, self._publisher.hold)


def _leads(batch: Sequence[Submission]) -> dict[Key, Submission]:
    """Return the first submission of each key; the others get its answer."""
    leads: dict[Key, Submission] = {}
    for submission in batch:
        if submission.idempotency is not None:
            key = (submission.idempotency.owner, submission.idempotency.key)
            leads.setdefault(key, submission)
    return leads


def _judge(
    submission: Submission,
    leads: dict[Key, Submission],
    taken: dict[Key, tuple[Idempotency, UUID, int]],
) -> Outcome:
    use = submission.idempotency
    if use is None:
        return Accepted(submission.event.case_id, 0, fresh=True)
    lead = leads[use.owner, use.key]
    first, case_id, sequence = taken.get(
        (use.owner, use.key), (lead.idempotency, lead.event.case_id, 0)
    )
    if first is None or first.fingerprint != use.fingerprint:
        return Conflict()
    fresh = submission is lead and (use.owner, use.key) not in taken
    return Accepted(case_id, sequence, fresh=fresh)


def _tell(batch: Sequence[Submission], outcomes: Sequence[Outcome]) -> None:
    """Tell who waits; the first word counts."""
    for submission, outcome in zip(batch, outcomes, strict=True):
        if isinstance(outcome, Accepted) and outcome.fresh:
            ACCEPTED.labels(submission.way).inc()
        if not submission.outcome.done():
            submission.outcome.set_result(outcome)
