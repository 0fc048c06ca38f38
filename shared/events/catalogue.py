"""The events, one model per topic, and the catalogue that maps topics to models.

Past tense throughout: an event states what has happened and asks nothing of anybody.
"""

from enum import StrEnum
from typing import Any, Final, Literal
from uuid import UUID

from pydantic import Field

from shared.events.answer import Basis, Disposition, Remedy
from shared.events.base import Confidence, Instant, Model, Money
from shared.events.case import Category, Channel, Customer, Facts, Status
from shared.events.tags import Evidence, Tags


class Topic(StrEnum):
    """Every topic of the system; the name is also the CloudEvents type."""

    SUBMITTED = "evenhand.case.submitted.v1"
    CLASSIFIED = "evenhand.case.classified.v1"
    DECIDED = "evenhand.case.decided.v1"
    REFERRED = "evenhand.case.referred.v1"
    SLA = "evenhand.case.sla.v1"
    STATUS = "evenhand.case.status.v1"
    NOTIFIED = "evenhand.case.notified.v1"
    VERIFICATION_REQUESTED = "evenhand.case.verification-requested.v1"
    VERIFICATION_COMPLETED = "evenhand.case.verification-completed.v1"
    DLQ = "evenhand.case.dlq.v1"


class Queue(StrEnum):
    """Queues of the review desk."""

    SAFETY = "safety"
    SPECIALIST = "specialist"
    LEGAL = "legal"
    FRAUD = "fraud"
    STAFF_CONDUCT = "staff_conduct"
    REVIEW = "review"


class Event(Model):
    """What every event of a case says."""

    case_id: UUID
    customer_id: str


class CaseSubmitted(Event):
    """A customer's message is durably stored: the case itself (sequence 0) or a later message."""

    sequence: int = Field(default=0, ge=0, description="0 opens the case, n is its n-th message")
    customer: Customer
    channel: Channel
    category: Category = Category.OTHER
    text: str
    claim: Money | None = None
    facts: Facts = Facts()
    received_at: Instant
    accepted_at: Instant


class CaseClassified(Event):
    """The message was tagged. Carries the matter on, so that nobody reads another's tables."""

    sequence: int = Field(default=0, ge=0)
    channel: Channel
    category: Category
    text: str
    claim: Money | None = None
    facts: Facts = Facts()
    received_at: Instant
    language: str
    jurisdiction: str | None = None
    tags: Tags


class Alternative(Model):
    """An answer that was considered and not given, with the reason."""

    disposition: Disposition
    basis: Basis
    reason: str


class Decision(Model):
    """An answer on the merits, or the proposal of one, with everything that explains it."""

    disposition: Disposition
    basis: Basis
    remedies: tuple[Remedy, ...] = ()
    reasons: tuple[str, ...] = Field(description="Stable reason codes, most important first")
    rule: str = Field(description="The rule that fired")
    row: str | None = Field(default=None, description="The row of the compensation matrix")
    policy: str = Field(description="Content hash of the policy")
    boundary: bool = Field(default=False, description="The message states a boundary")
    recourse: bool = True
    decided_by: str = Field(default="policy", description="`policy`, or the person's opaque id")
    evidence: tuple[Evidence, ...] = ()
    alternatives: tuple[Alternative, ...] = ()


class CaseDecided(Event):
    """The case was decided on its merits. Exactly one per case, until it is reopened."""

    sequence: int = Field(default=0, ge=0, description="The message that led to it")
    decision: Decision
    language: str
    jurisdiction: str | None = None
    decided_at: Instant


class CaseReferred(Event):
    """The case waits for a person; the proposal is for staff only."""

    sequence: int = Field(default=0, ge=0)
    queue: Queue
    priority: int = Field(ge=0, le=100, description="0 is most urgent")
    reason: str
    proposal: Decision | None = None
    answered: bool = Field(
        default=False, description="The answer was given; the person is told and may do more"
    )
    reopened: bool = Field(default=False, description="The case had its answer before")
    language: str
    jurisdiction: str | None = None
    answer_due_at: Instant | None = Field(
        default=None, description="Last legal day for the final answer"
    )
    referred_at: Instant


class CaseStatusChanged(Event):
    """The status that the customer sees has changed."""

    status: Status
    reason: str | None = None
    changed_at: Instant


class SlaMilestone(Event):
    """Something happened on the case's SLA clock. Never a decision."""

    clock: str
    kind: Literal["armed", "nudged", "warned", "escalated", "extended", "lapsed", "cancelled"]
    due_at: Instant
    at: Instant
    reason: str | None = None


class Notice(StrEnum):
    """What the customer is told."""

    RECEIPT = "receipt"
    IN_REVIEW = "in_review"
    FINAL_ANSWER = "final_answer"


class CaseNotified(Event):
    """The customer was told, or could not be: `outcome` says which."""

    notice: Notice
    sequence: int = Field(default=0, ge=0)
    channel: Literal["email", "webhook", "none"]
    outcome: Literal["sent", "failed", "no_contact"]
    message_id: str | None = None
    language: str
    detail: str | None = Field(default=None, description="Reason of a failure, no personal data")
    at: Instant


class VerificationRequested(Event):
    """The bank's systems are asked to check a claim."""

    question: str
    claim: Money | None = None
    requested_at: Instant


class VerificationCompleted(Event):
    """The bank's systems answered."""

    answer: Literal["verified", "contradicted", "unknown"]
    confidence: Confidence | None = None
    evidence: str | None = None
    completed_at: Instant


class DeadLetter(Model):
    """A message that could not be handled, parked with all that is needed to replay it."""

    consumer: str
    topic: str
    partition: int
    offset: int
    key: str | None = Field(description="The message key, base64")
    headers: tuple[tuple[str, str], ...] = Field(description="Names and base64 values")
    body: str = Field(
        description="The message body, base64; empty in the event (not in the table) if very large"
    )
    error: str
    attempts: int
    parked_at: Instant


MODELS: Final[dict[Topic, type[Model]]] = {
    Topic.SUBMITTED: CaseSubmitted,
    Topic.CLASSIFIED: CaseClassified,
    Topic.DECIDED: CaseDecided,
    Topic.REFERRED: CaseReferred,
    Topic.SLA: SlaMilestone,
    Topic.STATUS: CaseStatusChanged,
    Topic.NOTIFIED: CaseNotified,
    Topic.VERIFICATION_REQUESTED: VerificationRequested,
    Topic.VERIFICATION_COMPLETED: VerificationCompleted,
    Topic.DLQ: DeadLetter,
}


def json_schema(topic: Topic) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a topic's body as it is published."""
    return MODELS[topic].model_json_schema(mode="serialization")
