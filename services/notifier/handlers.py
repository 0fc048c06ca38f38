"""The hop of the notifier: events in, notices queued, all in the hop's transaction."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from services.notifier import recipients, store
from services.notifier.domain import (
    Channel,
    Content,
    Plan,
    Recipient,
    Unreachable,
    Verifying,
    recipient_of,
)
from services.notifier.notified import unreachable
from services.notifier.reaching import address
from services.notifier.retelling import in_view_of, looks_back
from services.notifier.status_page import store as status_page
from services.notifier.status_page.happenings import Happening, happening_of
from services.notifier.telling import AT_ONCE, PAID_WITHIN, content_of, with_last_days
from shared.events.catalogue import (
    CaseAsked,
    CaseDecided,
    CaseReferred,
    CaseSubmitted,
    Topic,
    VerificationRequested,
)
from shared.hop import Hop, Received
from shared.outbox import Saying
from shared.postgres import Connection


def plans_of(batch: Sequence[Received], paid_within: int = PAID_WITHIN) -> list[Plan]:
    """Return what a batch of events makes us tell."""
    return [
        Plan(
            case_id=received.event.case_id,
            customer_id=received.event.customer_id,
            sequence=_sequence(received),
            content=content,
            language=_language(received),
            cause_id=received.envelope.id,
            traceparent=received.traceparent,
            planned_at=_planned_at(received, content),
        )
        for received in batch
        if (content := content_of(received.event, paid_within)) is not None
    ]


def _planned_at(received: Received, content: Content) -> datetime:
    """Return when to tell; who has the answer meanwhile is not told that it is being checked."""
    return received.envelope.time + (AT_ONCE if isinstance(content, Verifying) else timedelta(0))


def _sequence(received: Received) -> int:
    match received.event:
        case CaseSubmitted(sequence=n) | CaseDecided(sequence=n) | CaseReferred(sequence=n):
            return n
        case CaseAsked(sequence=n) | VerificationRequested(sequence=n):
            return n
        case _:
            return 0


def _language(received: Received) -> str | None:
    match received.event:
        case CaseDecided(language=language) | CaseReferred(language=language):
            return language
        case CaseAsked(language=language):
            return language
        case _:
            return None


def _dated(plan: Plan, recipient: Recipient) -> Plan:
    """Put the dates of a plan as the calendar where its recipient is has them."""
    place = (recipient.jurisdiction or "").upper()
    return replace(plan, content=with_last_days(plan.content, place))


async def handle(
    tx: Connection,
    batch: Sequence[Received],
    offered: Collection[Channel],
    paid_within: int = PAID_WITHIN,
) -> Sequence[Saying]:
    """Queue what is to be told, and note it for the status page.

    An answer that overtook its case waits for it.
    """
    new = {
        received.event.case_id: recipient_of(received.event)
        for received in batch
        if isinstance(received.event, CaseSubmitted) and received.event.sequence == 0
    }
    released = await recipients.remember(tx, new)
    plans = [*plans_of(batch, paid_within), *released]
    if back := looks_back(plans):
        plans = in_view_of(await store.told(tx, back), plans)
    await status_page.note(tx, _happened(batch, plans))
    await recipients.reopen(tx, _news_of(batch))
    known = new | await recipients.of(
        tx, {plan.case_id for plan in plans if plan.case_id not in new}
    )
    addressed = [
        address(_dated(plan, known[plan.case_id]), known[plan.case_id], offered)
        for plan in plans
        if plan.case_id in known
    ]
    await recipients.keep_waiting(tx, [plan for plan in plans if plan.case_id not in known])
    await store.queue(tx, [n for found in addressed if isinstance(found, list) for n in found])
    nowhere = [found for found in addressed if isinstance(found, Unreachable)]
    fresh = await store.give_up(tx, nowhere)
    return [unreachable(notice) for notice in nowhere if notice.id in fresh]


def _news_of(batch: Sequence[Received]) -> set[UUID]:
    """Return the cases of which something is heard that can come after they were closed."""
    found = set()
    for received in batch:
        match received.event:
            case CaseSubmitted(sequence=n) | CaseDecided(revision=n) if n:
                found.add(received.event.case_id)
            case CaseReferred(reopened=True):
                found.add(received.event.case_id)
            case _:
                pass
    return found


def _happened(batch: Sequence[Received], plans: Sequence[Plan]) -> list[Happening]:
    told = {plan.cause_id: plan.content for plan in plans}
    happened = (
        happening_of(received.event, received.envelope.id, told.get(received.envelope.id))
        for received in batch
    )
    return [happening for happening in happened if happening is not None]


def hop(offered: Collection[Channel], paid_within: int = PAID_WITHIN) -> Hop:
    """Return the hop of a notifier that offers these channels; `paid_within` is in working days."""

    async def handle_batch(tx: Connection, batch: Sequence[Received]) -> Sequence[Saying]:
        return await handle(tx, batch, offered, paid_within)

    return Hop(
        "evenhand-notifier",
        (
            Topic.SUBMITTED,
            Topic.DECIDED,
            Topic.REFERRED,
            Topic.ASKED,
            Topic.SLA,
            Topic.VERIFICATION_REQUESTED,
        ),
        handle_batch,
    )
