"""The notices that this process has in hand: claimed, being sent, or sent and not yet settled.

Invariant: what is put in comes out exactly once as a result, however it went.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from services.notifier.attempts import Attempt, Deferred, Refused, Sent, Untried
from services.notifier.domain import Outgoing
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


class Tray:
    """Passes notices to the workers of a channel and collects what became of them.

    `server` is the name or kind of the receiving side, for the spans.
    """

    def __init__(self, tracer: Tracer, server: str) -> None:
        self._tracer = tracer
        self._server = server
        self._untaken: deque[tuple[Outgoing, float]] = deque()
        self._arrived = asyncio.Condition()
        self._results: list[Result] = []
        self._changed = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self.in_hand = 0

    async def put(self, notices: Sequence[Outgoing], start_by: float) -> None:
        """Add notices; one not begun by `start_by` (the loop's time) is reported as untried."""
        self.in_hand += len(notices)
        if self.in_hand:
            self._empty.clear()
        self._untaken.extend((notice, start_by) for notice in notices)
        async with self._arrived:
            self._arrived.notify(len(notices))

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
            outgoing, start_by = self._untaken.popleft()
            job = Job(outgoing, self._start_span(outgoing))
            if asyncio.get_running_loop().time() <= start_by:
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

    def settled(self, count: int) -> None:
        """Forget results that are now in the database, or belong to somebody else."""
        self.in_hand -= count
        if not self.in_hand:
            self._empty.set()

    async def empty(self) -> None:
        """Wait until nothing is in hand any more."""
        await self._empty.wait()


def _end(span: Span, attempt: Attempt) -> None:
    match attempt:
        case Refused(why) | Deferred(why):
            span.set_status(Status(StatusCode.ERROR, why))
        case Untried():
            span.set_status(Status(StatusCode.ERROR, "untried"))
        case Sent():
            pass
        case _:
            assert_never(attempt)
    span.end()
