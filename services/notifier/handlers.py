"""The hop of the notifier: events in, notices queued, all in the hop's transaction."""

from collections.abc import Collection, Sequence

from services.notifier import recipients, store
from services.notifier.domain import Channel, Plan, Unreachable, recipient_of
from services.notifier.notified import unreachable
from services.notifier.reaching import address
from services.notifier.retelling import in_view_of, looks_back
from services.notifier.status_page import store as status_page
from services.notifier.status_page.happenings import Happening, happening_of
from services.notifier.telling import content_of
from shared.events.catalogue import (
    CaseAsked,
    CaseDecided,
    CaseReferred,
    CaseSubmitted,
    Topic,
)
from shared.hop import Hop, Received
from shared.outbox import Saying
from shared.postgres import Connection


def plans_of(batch: Sequence[Received]) -> list[Plan]:
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
            planned_at=received.envelope.time,
        )
        for received in batch
        if (content := content_of(received.event)) is not None
    ]


def _sequence(received: Received) -> int:
    match received.event:
        case CaseSubmitted(sequence=n) | CaseDecided(sequence=n) | CaseReferred(sequence=n):
            return n
        case CaseAsked(sequence=n):
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


async def handle(
    tx: Connection, batch: Sequence[Received], offered: Collection[Channel]
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
    plans = [*plans_of(batch), *released]
    if back := looks_back(plans):
        plans = in_view_of(await store.told(tx, back), plans)
    await status_page.note(tx, _happened(batch, plans))
    known = new | await recipients.of(
        tx, {plan.case_id for plan in plans if plan.case_id not in new}
    )
    addressed = [
        address(plan, known[plan.case_id], offered) for plan in plans if plan.case_id in known
    ]
    await recipients.keep_waiting(tx, [plan for plan in plans if plan.case_id not in known])
    await store.queue(tx, [n for found in addressed if isinstance(found, list) for n in found])
    nowhere = [found for found in addressed if isinstance(found, Unreachable)]
    fresh = await store.give_up(tx, nowhere)
    return [unreachable(notice) for notice in nowhere if notice.id in fresh]


def _happened(batch: Sequence[Received], plans: Sequence[Plan]) -> list[Happening]:
    told = {plan.cause_id: plan.content for plan in plans}
    happened = (
        happening_of(received.event, received.envelope.id, told.get(received.envelope.id))
        for received in batch
    )
    return [happening for happening in happened if happening is not None]


def hop(offered: Collection[Channel]) -> Hop:
    """Return the hop of a notifier that offers these channels."""

    async def handle_batch(tx: Connection, batch: Sequence[Received]) -> Sequence[Saying]:
        return await handle(tx, batch, offered)

    return Hop(
        "evenhand-notifier",
        (Topic.SUBMITTED, Topic.DECIDED, Topic.REFERRED, Topic.ASKED, Topic.SLA),
        handle_batch,
    )
