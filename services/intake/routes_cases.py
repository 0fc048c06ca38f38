"""Takes cases and messages in: one request, one answer, given after the durable commit."""

import asyncio
from typing import Final, assert_never

from fastapi import APIRouter
from opentelemetry import trace
from starlette.requests import Request
from starlette.responses import Response

from services.intake import openapi
from services.intake.answers import conflict, receipt, refusal_of
from services.intake.domain import (
    Accepted,
    Away,
    Conflict,
    Outcome,
    Unknown,
    add_message,
    new_case_id,
    open_case,
)
from services.intake.forms import CaseForm, MessageForm, read_form
from services.intake.requests import (
    Intake,
    caller_of,
    case_id_of,
    idempotency_of,
    key_of,
    note_case,
)
from services.intake.submission import Submission
from shared import clock, telemetry
from shared.events.catalogue import CaseSubmitted
from shared.http import problems
from shared.http.answers import answer
from shared.http.flaws import Invalid, Unreadable
from shared.http.requests import body_of, expect_type

_ANSWER_WITHIN: Final = 10.0


def routes(intake: Intake) -> APIRouter:
    """Return the routes that take something in."""
    router = APIRouter(tags=["cases"])

    async def submit_case(request: Request) -> Response:
        """Submit a case. Answered once it is durably stored; the rest happens by itself."""
        return await _submit(intake, request)

    async def add_a_message(case_id: str, request: Request) -> Response:
        """Add a customer's later message to a case; it is read anew with it."""
        return await _add_message(intake, request, case_id)

    router.add_api_route(
        "/v1/cases",
        submit_case,
        methods=["POST"],
        status_code=202,
        response_class=Response,
        openapi_extra=openapi.submit(),
    )
    router.add_api_route(
        "/v1/cases/{case_id}/messages",
        add_a_message,
        methods=["POST"],
        status_code=202,
        response_class=Response,
        openapi_extra=openapi.message(),
    )
    return router


async def _submit(intake: Intake, request: Request) -> Response:
    caller = await caller_of(intake, request, "submit")
    expect_type(request, "application/json")
    key = key_of(request)
    now = clock.now()
    read = read_form(
        CaseForm,
        await body_of(request),
        now=now,
        private_webhooks=intake.settings.webhook_allow_private,
    )
    if isinstance(read, Unreadable | Invalid):
        raise problems.of_body(read)
    form, value = read
    submission = Submission(
        open_case(form, new_case_id(now), now),
        "single",
        telemetry.context_of(trace.get_current_span()),
        idempotency_of(key, caller, "case", value),
    )
    outcome = await _outcome(intake, submission)
    if not isinstance(outcome, Accepted):
        raise refusal_of(outcome)
    note_case(outcome.case_id)
    return answer(receipt(intake, outcome.case_id), 202)


async def _outcome(intake: Intake, submission: Submission) -> Outcome:
    if not intake.commits.offer(submission):
        return Away()
    try:
        return await asyncio.wait_for(submission.outcome, _ANSWER_WITHIN)
    except TimeoutError:
        return Away()


async def _add_message(intake: Intake, request: Request, text: str) -> Response:
    caller = await caller_of(intake, request, "submit")
    case_id = case_id_of(text)
    expect_type(request, "application/json")
    key = key_of(request)
    now = clock.now()
    read = read_form(MessageForm, await body_of(request), now=now)
    if isinstance(read, Unreadable | Invalid):
        raise problems.of_body(read)
    form, value = read

    def build(opened: CaseSubmitted, sequence: int) -> CaseSubmitted:
        return add_message(form, opened, sequence, now)

    outcome = await intake.messages.add(
        case_id,
        build,
        idempotency_of(key, caller, f"message {case_id}", value),
        telemetry.context_of(trace.get_current_span()),
    )
    match outcome:
        case Unknown():
            raise problems.not_found("case")
        case Conflict():
            raise conflict()
        case Accepted():
            note_case(outcome.case_id)
            return answer(
                {
                    "case_id": str(outcome.case_id),
                    "sequence": outcome.sequence,
                    "status": "received",
                },
                202,
            )
        case _:
            assert_never(outcome)
