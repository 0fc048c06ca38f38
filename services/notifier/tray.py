"""The notices that this process has in hand: claimed, being sent, or sent and not yet settled.

Invariants: what is put in comes out exactly once as a result, however it went; nothing is begun
that this process may no longer hold.
"""

import asyncio
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeAlias, assert_never
from uuid import UUID

from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from services.notifier.attempts import (
    Attempt,
    Deferred,
    Early,
    Overtaken,
    Refused,
    Sent,
    Untried,
)
from services.notifier.domain import Outgoing
from services.notifier.journal import Journal
from shared import telemetry


@dataclass(frozen=True, slots=True)
class Job:
    """A notice in a worker's hands; no span where nobody records the trace of its case."""

    outgoing: Outgoing
    span: Span | None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a job."""

    job: Job
    attempt: Attempt


_Held: TypeAlias = tuple[UUID, UUID]
"""A notice and its lease: who has lost one may have the notice in hand again under another."""


class Tray:
    """Passes notices to the workers of a channel and collects what became of them.

    `server` is the name or kind of the receiving side, for the spans; what a receiver has taken is
    written to the journal before anything else is done.
    """

    def __init__(self, tracer: Tracer, server: str, journal: Journal | None = None) -> None:
        self._tracer = tracer
        self._server = server
        self._journal = journal
        self._untaken: deque[Outgoing] = deque()
        self._held: dict[_Held, Outgoing] = {}
        self._begin_by: dict[_Held, float] = {}
        self._arrived = asyncio.Condition()
        self._results: list[Result] = []
        self._changed = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def in_hand(self) -> int:
        """How many notices are here."""
        return len(self._held)

    def held(self) -> list[Outgoing]:
        """Return what is in hand and not yet settled."""
        return list(self._held.values())

    async def put(self, notices: Sequence[Outgoing], begin_by: float) -> None:
        """Add notices; one not begun by `begin_by` (the loop's time) is reported as untried."""
        if notices:
            self._empty.clear()
        for notice in notices:
            self._held[notice.id, notice.lease] = notice
            self._begin_by[notice.id, notice.lease] = begin_by
        self._untaken.extend(notices)
        async with self._arrived:
            self._arrived.notify(len(notices))

    def renewed(
        self, asked: Sequence[Outgoing], still_held: Collection[UUID], begin_by: float
    ) -> None:
        """Note which of these leases were renewed; the others are not begun any more."""
        for notice in asked:
            if (notice.id, notice.lease) in self._held:
                begin = begin_by if notice.id in still_held else 0.0
                self._begin_by[notice.id, notice.lease] = begin

    async def take(self) -> Job:
        """Return the next notice; waits for one."""
        while True:
            job = self.take_now()
            if job is not None:
                return job
            async with self._arrived:
                await self._arrived.wait_for(lambda: self._untaken)

    def take_now(self) -> Job | None:
        """Return the next notice, if there is one."""
        while self._untaken:
            outgoing = self._untaken.popleft()
            job = Job(outgoing, self._start_span(outgoing))
            if outgoing.overtaken:
                self.report(job, Overtaken())
                continue
            if asyncio.get_running_loop().time() <= self._begin_by[outgoing.id, outgoing.lease]:
                return job
            self.report(job, Untried())
        return None

    def _start_span(self, outgoing: Outgoing) -> Span | None:
        if telemetry.is_unrecorded(outgoing.plan.traceparent):
            return None
        return self._tracer.start_span(
            f"send {outgoing.channel}",
            context=telemetry.remote_context(outgoing.plan.traceparent),
            kind=SpanKind.CLIENT,
            attributes={
                telemetry.CASE: str(outgoing.plan.case_id),
                "evenhand.notice": outgoing.plan.content.notice,
                "evenhand.notice.id": str(outgoing.id),
                "server.address": self._server,
            },
        )

    def report(self, job: Job, attempt: Attempt) -> None:
        """Say what became of a job."""
        if self._journal is not None and isinstance(attempt, Sent):
            self._journal.note(job.outgoing, attempt)
        if job.span is not None:
            _end(job.span, attempt)
        self._results.append(Result(job, attempt))
        self._changed.set()

    async def results(self, most: int, linger: float) -> list[Result]:
        """Return what was reported; at least one result.

        Waits up to `linger` seconds for `most` of them, but not once everything in hand is there.
        """
        while not self._results:
            self._changed.clear()
            await self._changed.wait()
        try:
            async with asyncio.timeout(linger):
                while len(self._results) < min(most, self.in_hand):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            pass
        results, self._results = self._results, []
        return results

    def settled(self, results: Sequence[Result]) -> None:
        """Forget results that are now in the database, or belong to somebody else."""
        for result in results:
            outgoing = result.job.outgoing
            del self._held[outgoing.id, outgoing.lease]
            del self._begin_by[outgoing.id, outgoing.lease]
        if self._journal is not None:
            self._journal.settled([result.job.outgoing for result in results])
        if not self._held:
            self._empty.set()

    def close(self) -> None:
        """End the journal."""
        if self._journal is not None:
            self._journal.close()

    async def empty(self) -> None:
        """Wait until nothing is in hand any more."""
        await self._empty.wait()


def _end(span: Span, attempt: Attempt) -> None:
    match attempt:
        case Refused(why) | Deferred(why):
            span.set_status(Status(StatusCode.ERROR, why))
        case Untried():
            span.set_status(Status(StatusCode.ERROR, "untried"))
        case Early():
            span.set_attribute("evenhand.notice.early", value=True)
        case Overtaken():
            span.set_attribute("evenhand.notice.overtaken", value=True)
        case Sent():
            pass
        case _:
            assert_never(attempt)
    span.end()
