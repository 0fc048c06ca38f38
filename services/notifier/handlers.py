"""The hop of the notifier: events in, notices queued, all in the hop's transaction."""

from collections.abc import Sequence

from services.notifier import recipients, store
from services.notifier.domain import Plan, Unreachable, address, content_of, recipient_of
from shared import telemetry
from shared.events.catalogue import (
    CaseDecided,
    CaseNotified,
    CaseReferred,
    CaseSubmitted,
    Topic,
)
from shared.hop import Hop, Received
from shared.outbox import Saying, saying
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
        case _:
            return 0


def _language(received: Received) -> str | None:
    match received.event:
        case CaseDecided(language=language) | CaseReferred(language=language):
            return language
        case _:
            return None


async def handle(tx: Connection, batch: Sequence[Received]) -> Sequence[Saying]:
    """Queue what is to be told. An answer that overtook its case waits for it."""
    new = {
        received.event.case_id: recipient_of(received.event)
        for received in batch
        if isinstance(received.event, CaseSubmitted) and received.event.sequence == 0
    }
    released = await recipients.remember(tx, new)
    plans = [*plans_of(batch), *released]
    known = new | await recipients.of(
        tx, {plan.case_id for plan in plans if plan.case_id not in new}
    )
    addressed = [address(plan, known[plan.case_id]) for plan in plans if plan.case_id in known]
    await recipients.keep_waiting(tx, [plan for plan in plans if plan.case_id not in known])
    await store.queue(tx, [n for found in addressed if isinstance(found, list) for n in found])
    unreachable = [found for found in addressed if isinstance(found, Unreachable)]
    fresh = await store.give_up(tx, unreachable)
    return [_unreachable(notice) for notice in unreachable if notice.id in fresh]


def _unreachable(notice: Unreachable) -> Saying:
    plan = notice.plan
    return saying(
        CaseNotified(
            case_id=plan.case_id,
            customer_id=plan.customer_id,
            notice=plan.content.notice,
            sequence=plan.sequence,
            channel="none",
            outcome="no_contact",
            language=notice.language,
            at=plan.planned_at,
        ),
        event_id=notice.id,
        topic=Topic.NOTIFIED,
        key=plan.customer_id,
        subject=str(plan.case_id),
        said_at=plan.planned_at,
        cause_id=plan.cause_id,
        parent=telemetry.remote_context(plan.traceparent),
        passed=plan.traceparent if telemetry.is_unrecorded(plan.traceparent) else None,
    )


HOP = Hop("evenhand-notifier", (Topic.SUBMITTED, Topic.DECIDED, Topic.REFERRED), handle)
