"""Takes many cases in one request: NDJSON in, one result line out for each, in order.

The body is never held whole. Reading stops while the database is behind (`GroupCommit.put`) or the
client does not take its results: beyond what `_OUTSTANDING` holds, a client must read while it
sends. One that takes nothing for `PATIENCE` is left: the answer ends broken off. Each case starts
a trace of its own that links to the request.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from typing_extensions import override

from services.intake import openapi
from services.intake.answers import receipt, refusal_of
from services.intake.domain import Accepted, Outcome, new_case_id, open_case
from services.intake.forms import CaseForm, read_form
from services.intake.requests import (
    Intake,
    caller_of,
    idempotency_of,
    key_of,
)
from services.intake.submission import Submission
from services.intake.window import Window
from shared import clock, telemetry
from shared.http import problems
from shared.http.flaws import Invalid, Unreadable
from shared.http.problems import ProblemError
from shared.http.requests import BODY_LIMIT, expect_type
from shared.keys import Caller

TYPES: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl")

PATIENCE: Final = 60.0

_OUTSTANDING = 32 * 1024 * 1024
_RESULT = 640  # what a line takes until its result is sent
_READ = 4  # what a line takes until it is stored, in its own length: as read, event and body
_SEND = 32 * 1024
_YIELD_EVERY = 50


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the request and what becomes of it; nothing of what it said."""

    number: int
    outcome: "bytes | asyncio.Future[Outcome]"
    cost: int


def routes(intake: Intake) -> APIRouter:
    """Return the route that takes many cases."""
    router = APIRouter(tags=["cases"])

    async def submit_many_cases(request: Request) -> Response:
        """Submit many cases, one JSON object a line; each has a result line, in order."""
        caller = await caller_of(intake, request, "submit")
        expect_type(request, *TYPES)
        return _Results(intake, caller, key_of(request), request)

    router.add_api_route(
        "/v1/cases:batch",
        submit_many_cases,
        methods=["POST"],
        response_class=Response,
        openapi_extra=openapi.batch(TYPES),
    )
    return router


async def lines_of(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes | None]:
    """Cut a stream into lines; None stands for a line over the limit, which is not kept."""
    rest = bytearray()
    too_long = False
    async for chunk in chunks:
        first, *others = chunk.split(b"\n")
        rest += first
        for other in others:
            yield None if too_long or len(rest) > BODY_LIMIT else bytes(rest)
            rest = bytearray(other)
            too_long = False
        if len(rest) > BODY_LIMIT:
            rest.clear()
            too_long = True
    if too_long or rest:
        yield None if too_long else bytes(rest)


class _Results(Response):
    """The answer, written while the request is still being read."""

    def __init__(self, intake: Intake, caller: Caller, key: str | None, request: Request) -> None:
        super().__init__(media_type="application/x-ndjson")
        del self.headers["content-length"]
        self._intake = intake
        self._caller = caller
        self._key = key
        self._request = request
        self._lines: asyncio.Queue[_Line | None] = asyncio.Queue()  # bounded by the window
        self._window = Window(_OUTSTANDING)
        self._links = [Link(trace.get_current_span().get_span_context())]

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        reading = asyncio.create_task(self._read())
        try:
            async for block in self._blocks():
                async with asyncio.timeout(PATIENCE):
                    await send(_body(block, more=True))
            await reading
            await send(_body(b"", more=False))
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading

    async def _read(self) -> None:
        """Prepare line after line; the last entry says that there are no more."""
        try:
            with contextlib.suppress(ClientDisconnect):
                await self._prepare_all()
        finally:
            self._lines.put_nowait(None)

    async def _prepare_all(self) -> None:
        number = 0
        async for line in lines_of(self._request.stream()):
            number += 1
            if line is None or line.strip():
                await self._take(number, line)
            if number % _YIELD_EVERY == 0:
                await asyncio.sleep(0)

    async def _take(self, number: int, line: bytes | None) -> None:
        prepared = self._prepare(number, line, clock.now())
        if isinstance(prepared, ProblemError):
            result = _refused(number, prepared)
            cost = _RESULT + len(result)
            await self._window.take(cost)
            self._lines.put_nowait(_Line(number, result, cost))
            return
        held = _READ * len(line or b"")
        await self._window.take(_RESULT + held)
        prepared.outcome.add_done_callback(lambda _: self._window.give(held))
        await self._intake.commits.put(prepared)
        self._lines.put_nowait(_Line(number, prepared.outcome, _RESULT))

    def _prepare(self, number: int, line: bytes | None, now: datetime) -> Submission | ProblemError:
        if line is None:
            return problems.too_large("line")
        read = read_form(
            CaseForm,
            line,
            now=now,
            private_webhooks=self._intake.settings.webhook_allow_private,
        )
        if isinstance(read, Unreadable | Invalid):
            return problems.of_body(read)
        form, value = read
        event = open_case(form, new_case_id(now), now)
        span = self._intake.tracer.start_span(
            "accept case",
            context=Context(),
            links=self._links,
            attributes={telemetry.CASE: str(event.case_id)},
        )
        key = None if self._key is None else f"{self._key}/{number}"
        submission = Submission(
            event,
            "batch",
            telemetry.context_of(span),
            idempotency_of(key, self._caller, "case", value),
        )
        submission.outcome.add_done_callback(lambda _: span.end())
        return submission

    async def _blocks(self) -> AsyncIterator[bytes]:
        """Write results; a block leaves when it is large or the next result is not there yet."""
        block = bytearray()
        while True:
            if block and (self._lines.empty() or len(block) > _SEND):
                yield bytes(block)
                block.clear()
            line = await self._lines.get()
            if line is None:
                break
            if isinstance(line.outcome, asyncio.Future) and not line.outcome.done() and block:
                yield bytes(block)
                block.clear()
            block += await self._result(line)
            self._window.give(line.cost)
        if block:
            yield bytes(block)

    async def _result(self, line: _Line) -> bytes:
        if isinstance(line.outcome, bytes):
            return line.outcome
        outcome = await line.outcome
        if not isinstance(outcome, Accepted):
            return _refused(line.number, refusal_of(outcome))
        told = {**receipt(self._intake, outcome.case_id), "line": line.number, "status": 202}
        return json.dumps(told, separators=(",", ":")).encode() + b"\n"


def _refused(number: int, problem: ProblemError) -> bytes:
    told: dict[str, Any] = {"line": number, **problem.document()}
    return json.dumps(told, separators=(",", ":")).encode() + b"\n"


def _body(block: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": block, "more_body": more}
