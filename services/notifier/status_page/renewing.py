"""Sends a new link where the old one has expired: to a contact on file, and to no other.

Invariant: who asks learns nothing, whether there is such a contact or not; at most one an hour,
however many processes are asked (the notice's id holds the hour).
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from opentelemetry import trace

from services.notifier import recipients
from services.notifier import store as notices
from services.notifier.domain import Channel, NewLink, Plan, Planned, language_of, notice_id
from services.notifier.reaching import ways_to
from services.notifier.status_page import store
from shared import telemetry
from shared.postgres import Connection

_HOUR: Final = 3600


async def renew(
    tx: Connection, case_id: UUID, now: datetime, language: str, offered: Collection[Channel]
) -> None:
    """Queue a message with a new link to the person; the second one in an hour changes nothing."""
    recipient = await recipients.known(tx, case_id)
    owner = (await store.owners(tx, [case_id])).get(case_id)
    ways = ways_to(recipient, offered) if recipient else []
    if recipient is None or owner is None or not ways:
        return
    plan = Plan(
        case_id=case_id,
        customer_id=owner.customer_id,
        sequence=int(now.timestamp()) // _HOUR,
        content=NewLink(),
        language=language,
        cause_id=case_id,
        traceparent=telemetry.traceparent_of(trace.get_current_span()),
        planned_at=now,
    )
    # The id is that of the first way: where it fails, the next one has an id of its own.
    way, spoken = ways[0], language_of(recipient.language, language)
    await notices.queue(tx, [Planned(notice_id(plan, way), plan, way, spoken)])
