"""What the desk works with, and how an act of a person is carried out: one transaction."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from opentelemetry import trace
from opentelemetry.trace import Tracer
from starlette.responses import Response

from services.decision.clock.load import Packs
from services.decision.desk.effort import Effort
from services.decision.policy.model import Policy
from shared import outbox, telemetry
from shared.http.answers import answer
from shared.http.problems import ProblemError
from shared.keys import Authenticate
from shared.outbox import Saying
from shared.postgres import Connection, Pool
from shared.publisher import Publisher

CONNECT: Final = 3.0
"""Seconds that a request waits for a connection."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What the routes work with; `policy` returns the active one.

    `take_lasts`: how long a person who took a case has it to themselves.
    """

    pool: Pool
    publisher: Publisher
    tracer: Tracer
    source: str
    policy: Callable[[], Policy]
    authenticate: Sequence[Authenticate]
    take_lasts: timedelta
    packs: Packs
    effort: Effort = field(default_factory=Effort)


@dataclass(frozen=True, slots=True)
class Done:
    """What an act has come to: what the caller is told, and the events that tell the others."""

    told: dict[str, Any]
    status: int = 200
    sayings: Sequence[Saying] = field(default=())


Act = Callable[[Connection], Awaitable[Done | ProblemError]]


async def carry_out(desk: Desk, act: Act) -> Response:
    """Run an act in one transaction with its events.

    An act that raises leaves nothing behind; one that returns a problem keeps what it stored.

    Raises:
        ProblemError: the act was refused.

    """
    async with desk.pool.acquire(timeout=CONNECT) as connection, connection.transaction():
        done = await act(connection)
        pending = []
        if isinstance(done, Done):
            pending = await outbox.add(
                connection, desk.source, desk.tracer, done.sayings, desk.publisher.hold
            )
    if isinstance(done, ProblemError):
        raise done
    if pending:
        await desk.publisher.publish_soon(pending)
    return answer(done.told, done.status)


def note_case(case_id: UUID) -> None:
    """Put the case on the request's span."""
    trace.get_current_span().set_attribute(telemetry.CASE, str(case_id))
