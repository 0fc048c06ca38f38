"""An answer of the bank's systems on its way in: whoever brings it, it enters as one event.

The same answer to the same question is the same event, so that a repeated call is heard once.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator

from shared import telemetry
from shared.events.base import Confidence, Instant
from shared.events.case import Facts
from shared.events.catalogue import Topic, VerificationCompleted
from shared.events.envelope import event_id
from shared.http.fields import plain, wrong
from shared.http.forms import Form
from shared.outbox import Saying, saying

_Line = Annotated[str, StringConstraints(max_length=500), AfterValidator(plain)]


class FoundFacts(Form):
    """Facts that the bank's systems found; what is left out changes nothing."""

    due_at: Instant | None = None
    paid_at: Instant | None = None
    promised_by: Instant | None = None
    delivered_at: Instant | None = None
    terms_accepted: bool | None = None
    rejected_by: _Line | None = None
    incident: _Line | None = None
    incident_from: Instant | None = None
    incident_to: Instant | None = None
    authorised: bool | None = None


class BankAnswer(Form):
    """What the bank's systems say of a claim; `evidence` shows it, without personal data."""

    answer: Literal["verified", "contradicted", "unknown"]
    confidence: Confidence | None = None
    evidence: Annotated[_Line | None, Field(validate_default=True)] = None
    facts: FoundFacts = Field(default_factory=FoundFacts)

    @field_validator("evidence")
    @classmethod
    def _nobody_is_contradicted_by_nothing(
        cls, evidence: str | None, info: ValidationInfo
    ) -> str | None:
        if info.data.get("answer") == "contradicted" and not evidence:
            raise wrong("is needed to contradict a customer; say what shows it")
        return evidence


UNKNOWN = BankAnswer(answer="unknown")


@dataclass(frozen=True, slots=True)
class Question:
    """What an answer belongs to."""

    verification_id: UUID
    case_id: UUID
    customer_id: str
    traceparent: str | None


def heard(question: Question, answer: BankAnswer, now: datetime) -> Saying:
    """Return the event that tells of an answer."""
    told: dict[str, Any] = answer.model_dump(exclude={"facts"})
    traceparent = question.traceparent
    event = VerificationCompleted(
        case_id=question.case_id,
        customer_id=question.customer_id,
        verification_id=question.verification_id,
        **told,
        facts=Facts(**answer.facts.__dict__),
        completed_at=now,
    )
    same = hashlib.sha256(answer.model_dump_json().encode()).hexdigest()
    return saying(
        event,
        event_id=event_id(str(question.verification_id), "completed", same),
        topic=Topic.VERIFICATION_COMPLETED,
        key=question.customer_id,
        subject=str(question.case_id),
        said_at=now,
        parent=telemetry.remote_context(traceparent),
        passed=traceparent if telemetry.is_unrecorded(traceparent) else None,
    )
