"""A case on its way into the database, and its event as the outbox takes it."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from opentelemetry.context import Context
from opentelemetry.trace import get_current_span
from prometheus_client import Counter

from services.intake.domain import Idempotency, Outcome, submitted_event_id
from shared import telemetry
from shared.events.catalogue import CaseSubmitted, Topic
from shared.outbox import Saying

ACCEPTED: Final = Counter("evenhand_messages_accepted", "Messages stored, by way", ["way"])


def saying_of(event: CaseSubmitted, body: str, parent: Context) -> Saying:
    """Return the event as the outbox takes it; its own id is its cause, so it can be redriven."""
    identity = submitted_event_id(event.case_id, event.sequence)
    above = get_current_span(parent)
    return Saying(
        identity,
        Topic.SUBMITTED,
        event.customer_id,
        str(event.case_id),
        body.encode(),
        event.accepted_at,
        cause_id=identity,
        parent=parent,
        passed=None if above.is_recording() else telemetry.traceparent_of(above) or None,
    )


@dataclass(frozen=True, slots=True)
class Submission:
    """A case on its way into the database, and who waits for what becomes of it."""

    event: CaseSubmitted
    way: str
    parent: Context
    idempotency: Idempotency | None = None
    outcome: "asyncio.Future[Outcome]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
