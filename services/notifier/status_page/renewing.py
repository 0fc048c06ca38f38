"""Sends a new link where the old one has expired: to the address on file, and to no other.

Invariant: who asks learns nothing, whether there is such an address or not; at most one an hour.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from opentelemetry import trace

from services.notifier import store as notices
from services.notifier.domain import Channel, NewLink, Plan, Planned, language_of, notice_id
from services.notifier.status_page import store
from shared import telemetry
from shared.postgres import Connection

_HOUR: Final = 3600


async def renew(tx: Connection, case_id: UUID, now: datetime, language: str | None) -> None:
    """Queue an e-mail with a new link; the second one in an hour changes nothing."""
    reader = await store.reader(tx, case_id)
    customer_id = await store.customer_of(tx, case_id)
    if reader.email is None or customer_id is None:
        return
    hour = int(now.timestamp()) // _HOUR
    plan = Plan(
        case_id=case_id,
        customer_id=customer_id,
        sequence=hour,
        content=NewLink(),
        language=language,
        cause_id=case_id,
        traceparent=telemetry.traceparent_of(trace.get_current_span()),
        planned_at=now,
    )
    identity = notice_id(plan, Channel.EMAIL)
    chosen = language_of(reader.language, language)
    await notices.queue(tx, [Planned(identity, plan, Channel.EMAIL, chosen)])
