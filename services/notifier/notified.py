"""The events that tell how a customer was told, or could not be, or that a case is closed. Pure.

Invariant: one event per notice; its id is the notice's.
"""

from datetime import datetime
from uuid import UUID

from opentelemetry.context import Context

from services.notifier.attempts import Settled
from services.notifier.domain import Outgoing, Plan, Unreachable
from shared import telemetry
from shared.events.case import Status
from shared.events.catalogue import CaseNotified, CaseStatusChanged, Event, Topic
from shared.outbox import Saying, saying


def notified(
    outgoing: Outgoing, verdict: Settled, closed_at: datetime, parent: Context | None
) -> Saying:
    """Tell what became of a notice; `parent` is the span of sending it, where one is recorded."""
    plan = outgoing.plan
    if parent is None and not telemetry.is_unrecorded(plan.traceparent):
        parent = telemetry.remote_context(plan.traceparent)
    return saying(
        CaseNotified(
            case_id=plan.case_id,
            customer_id=plan.customer_id,
            notice=plan.content.notice,
            sequence=plan.sequence,
            channel=outgoing.channel.value,
            outcome=verdict.outcome,
            message_id=str(outgoing.id),
            language=outgoing.language,
            detail=verdict.detail,
            at=closed_at,
        ),
        event_id=outgoing.id,
        topic=Topic.NOTIFIED,
        key=plan.customer_id,
        subject=str(plan.case_id),
        said_at=closed_at,
        cause_id=plan.cause_id,
        parent=parent,
        passed=None if parent else plan.traceparent,
    )


def unreachable(notice: Unreachable) -> Saying:
    """Tell that there is no way to the customer."""
    plan = notice.plan
    told = CaseNotified(
        case_id=plan.case_id,
        customer_id=plan.customer_id,
        notice=plan.content.notice,
        sequence=plan.sequence,
        channel="none",
        outcome="no_contact",
        language=notice.language,
        detail=notice.why,
        at=plan.planned_at,
    )
    return _with_plan(plan, told, notice.id, Topic.NOTIFIED)


def closed(plan: Plan, why: str) -> Saying:
    """Tell that a case is closed, whose customer hears of it by this plan."""
    status = CaseStatusChanged(
        case_id=plan.case_id,
        customer_id=plan.customer_id,
        status=Status.CLOSED,
        reason=why,
        changed_at=plan.planned_at,
    )
    return _with_plan(plan, status, plan.cause_id, Topic.STATUS)


def _with_plan(plan: Plan, event: Event, identity: UUID, topic: Topic) -> Saying:
    """Say what became true with a plan, in its trace."""
    return saying(
        event,
        event_id=identity,
        topic=topic,
        key=plan.customer_id,
        subject=str(plan.case_id),
        said_at=plan.planned_at,
        cause_id=plan.cause_id,
        parent=telemetry.remote_context(plan.traceparent),
        passed=plan.traceparent if telemetry.is_unrecorded(plan.traceparent) else None,
    )
