"""The events that tell what a person has done; free text of staff is in none of them."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from opentelemetry import trace

from services.decision.merits.outcome import priority_of
from services.decision.store import HANDED_OVER, Standing
from shared import outbox, telemetry
from shared.events.case import Status
from shared.events.catalogue import (
    CaseClassified,
    CaseDecided,
    CaseReferred,
    CaseStatusChanged,
    ClassificationCorrected,
    Decision,
    Event,
    Queue,
    Topic,
)
from shared.events.envelope import event_id
from shared.events.tags import Labels, Tags
from shared.outbox import Saying

TARGETS: Final = ("tone", "pressure", "fault", "flags")


def of_decision(
    row: Standing, case: CaseClassified, decision: Decision, now: datetime
) -> list[Saying]:
    """Tell of a decision; `row` is the case as it stands with it."""
    decided = CaseDecided(
        case_id=row.case_id,
        customer_id=row.customer_id,
        sequence=row.sequence,
        revision=row.revision,
        decision=decision,
        language=case.language,
        jurisdiction=case.jurisdiction,
        decided_at=now,
    )
    return [
        _saying(row, Topic.DECIDED, decided, now),
        of_status(row, Status.DECIDED, None, now),
    ]


def of_referral(
    row: Standing, case: CaseClassified, proposal: Decision | None, now: datetime
) -> Saying:
    """Tell that a case is in another queue; `row` is the case as it stands with it."""
    answered = row.state == "decided"
    referred = CaseReferred(
        case_id=row.case_id,
        customer_id=row.customer_id,
        sequence=row.sequence,
        queue=row.queue or Queue.REVIEW,
        priority=priority_of(row.queue or Queue.REVIEW),
        reason=row.reason or HANDED_OVER,
        proposal=proposal,
        answered=not row.customer_waits,
        reopened=answered and row.customer_waits,
        language=case.language,
        jurisdiction=case.jurisdiction,
        answer_due_at=row.answer_due_at,
        referred_at=now,
    )
    return _saying(row, Topic.REFERRED, referred, now)


def of_correction(
    row: Standing,
    case: CaseClassified,
    corrected: Tags,
    named: Collection[str],
    by: tuple[str, datetime],
) -> Saying:
    """Tell of tags that a person has corrected; `case` is the message with the tags before.

    `named` are the targets that the person named, `by` is who they are and when it was.
    """
    person, now = by
    said = ClassificationCorrected(
        case_id=row.case_id,
        customer_id=row.customer_id,
        sequence=case.sequence,
        category=case.category,
        text=case.text,
        claim=case.claim,
        facts=case.facts,
        language=case.tags.language,
        before=labels_of(case.tags),
        corrected=labels_of(corrected),
        named=tuple(target for target in TARGETS if target in named),
        model=case.tags.model,
        corrected_by=person,
        corrected_at=now,
    )
    return _saying(row, Topic.CORRECTED, said, now)


def labels_of(tags: Tags) -> Labels:
    """Return tags without confidence and evidence."""
    return Labels(
        tone=tags.tone.value,
        pressure=tags.pressure.value,
        fault=tags.fault.value,
        flags=tuple(flag.value for flag in tags.flags),
    )


def of_status(row: Standing, status: Status, reason: str | None, now: datetime) -> Saying:
    """Tell of what the customer sees as the case's status."""
    changed = CaseStatusChanged(
        case_id=row.case_id,
        customer_id=row.customer_id,
        status=status,
        reason=reason,
        changed_at=now,
    )
    return _saying(row, Topic.STATUS, changed, now)


def _saying(row: Standing, topic: Topic, event: Event, now: datetime) -> Saying:
    # The version is the case's before the act, and no two acts change the same one.
    return outbox.saying(
        event,
        event_id=event_id(str(row.case_id), topic, "desk", str(row.version)),
        topic=topic,
        key=row.customer_id,
        subject=str(row.case_id),
        said_at=now,
        parent=telemetry.context_of(trace.get_current_span()),
    )
