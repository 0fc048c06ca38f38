"""Where the bank's systems answer over HTTP: stored as an event, and heard as all others are."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from services.decision.checking.hearing import BankAnswer, Question, heard
from shared import clock, outbox
from shared.http import problems
from shared.http.answers import answer
from shared.http.flaws import Invalid, Unreadable
from shared.http.forms import read_form
from shared.http.requests import body_of, caller_of, expect_type
from shared.keys import Authenticate
from shared.run import Parts

_QUESTION = """
SELECT case_id, customer_id, traceparent FROM verifications WHERE verification_id = $1
"""


def routes(parts: Parts, authenticate: Sequence[Authenticate]) -> APIRouter:
    """Return the route for the bank's systems."""
    router = APIRouter(tags=["verifications"])

    async def take(verification_id: str, request: Request) -> Response:
        """Take the answer to a question; the same answer may be sent again."""
        await caller_of(authenticate, request, "bank")
        expect_type(request, "application/json")
        read = read_form(BankAnswer, await body_of(request))
        if isinstance(read, Unreadable | Invalid):
            raise problems.of_body(read)
        identity = _id_of(verification_id)
        async with parts.pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_QUESTION, identity)
            if row is None:
                raise problems.not_found("verification")
            question = Question(identity, row["case_id"], row["customer_id"], row["traceparent"])
            saying = heard(question, read[0], clock.now())
            pending = await outbox.add(
                connection, parts.source, parts.tracer, [saying], parts.publisher.hold
            )
        await parts.publisher.publish_soon(pending)
        return answer({"verification_id": str(identity), "status": "taken"}, 202)

    router.add_api_route(
        "/v1/verifications/{verification_id}",
        take,
        methods=["POST"],
        status_code=202,
        response_class=Response,
    )
    return router


def _id_of(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise problems.not_found("verification") from None
