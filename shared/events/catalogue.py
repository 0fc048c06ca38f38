"""The events, one model per topic, and the catalogue that maps topics to models.

Past tense throughout: an event states what has happened and asks nothing of anybody.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, Literal
from uuid import UUID

from pydantic import Field

from shared.events.answer import Basis, Disposition, Remedy
from shared.events.base import Confidence, Instant, Model, Money
from shared.events.case import Category, Channel, Customer, Facts, Product, Status
from shared.events.tags import Evidence, Labels, Tags


class Topic(StrEnum):
    """Every topic of the system; the name is also the CloudEvents type."""

    SUBMITTED = "evenhand.case.submitted.v1"
    CLASSIFIED = "evenhand.case.classified.v1"
    DECIDED = "evenhand.case.decided.v1"
    REFERRED = "evenhand.case.referred.v1"
    SLA = "evenhand.case.sla.v1"
    STATUS = "evenhand.case.status.v1"
    NOTIFIED = "evenhand.case.notified.v1"
    ASKED = "evenhand.case.asked.v1"
    VERIFICATION_REQUESTED = "evenhand.case.verification-requested.v1"
    VERIFICATION_COMPLETED = "evenhand.case.verification-completed.v1"
    CORRECTED = "evenhand.case.classification-corrected.v1"
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
    product: Product | None = None
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
    product: Product | None = None
    text: str
    claim: Money | None = None
    facts: Facts = Facts()
    received_at: Instant
    accepted_at: Instant | None = Field(
        default=None, description="When we took the message; not in events of earlier versions"
    )
    language: str
    jurisdiction: str | None = None
    tags: Tags


class Alternative(Model):
    """An answer that was considered and not given, with the reason."""

    disposition: Disposition
    basis: Basis
    reason: str


class Particulars(Model):
    """The dates, sums and counts that decided: what the reasons say to the customer in figures.

    All from the bank's facts and the policy, none of them personal data.
    """

    due_at: Instant | None = None
    paid_at: Instant | None = None
    days_late: int | None = Field(default=None, description="Days begun after the due date")
    days_forgiven: int | None = Field(default=None, description="Days that the policy forgives")
    promised_by: Instant | None = None
    delivered_at: Instant | None = None
    incident_from: Instant | None = None
    incident_to: Instant | None = None
    exceptions: int | None = Field(default=None, description="Own slips forgiven in 12 months")
    claimed: Money | None = None


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
    options: tuple[Remedy, ...] = Field(
        default=(), description="Remedies that the customer may choose instead of those given"
    )
    particulars: Particulars | None = Field(
        default=None, description="The dates, sums and counts that decided"
    )


class CaseDecided(Event):
    """The case was decided on its merits. Exactly one per case and revision.

    A later revision betters an automatic decision, or is a person's.
    """

    sequence: int = Field(default=0, ge=0, description="The message that led to it")
    revision: int = Field(default=0, ge=0, description="0 is the first decision of the case")
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
    at_once: tuple[Remedy, ...] = Field(
        default=(), description="What the customer has already, whatever the person decides"
    )
    language: str
    jurisdiction: str | None = None
    answer_due_at: Instant | None = Field(
        default=None, description="Last legal day for the final answer"
    )
    referred_at: Instant


class Question(StrEnum):
    """What a customer may be asked, once, before a claim that nothing shows is trusted."""

    WHAT_HAPPENED = "what_happened"


class CaseAsked(Event):
    """The customer is asked one question; the clock runs on, and silence decides nothing."""

    sequence: int = Field(default=0, ge=0)
    question: Question
    language: str
    jurisdiction: str | None = None
    answer_by: Instant = Field(description="Then a person looks at the case as it is")
    asked_at: Instant


class CaseStatusChanged(Event):
    """The status that the customer sees has changed."""

    status: Status
    reason: str | None = None
    changed_at: Instant


class SlaMilestone(Event):
    """Something happened on the case's SLA clock. Never a decision."""

    clock: str
    kind: Literal[
        "armed",
        "nudged",
        "warned",
        "escalated",
        "extended",
        "paused",
        "resumed",
        "lapsed",
        "cancelled",
    ]
    due_at: Instant
    at: Instant
    reason: str | None = None
    new_due_at: Instant | None = Field(
        default=None, description="The new date that the customer is told; null: `due_at`"
    )
    in_return: str | None = Field(
        default=None, description="What the customer gets for waiting: a stable code"
    )
    granted: tuple[Remedy, ...] = Field(
        default=(),
        description="What the customer is given for waiting, now and whatever the answer will be",
    )
    letter: Mapping[str, str] = Field(
        default_factory=dict,
        description="Parts of a holding letter in words for the customer, such as `reason`",
    )
    sequence: int = Field(default=0, ge=0, description="The message that set the clock")
    pack: str | None = Field(default=None, description="The pack of the clock, with its version")
    role: str | None = Field(
        default=None, description="What is due: `answer`, `refund`, `promise`…"
    )
    rung: str | None = Field(default=None, description="The rung of the ladder; null: an act")
    rung_due_at: Instant | None = Field(default=None, description="When the rung was to fire")
    late: bool = Field(default=False, description="The rung fired later than a minute after that")
    decide_by: Instant | None = Field(
        default=None, description="By when to decide, so that the answer is out in time"
    )
    queue: Queue | None = Field(default=None, description="Where the case waits")
    person: str | None = Field(default=None, description="Opaque id of whoever has the case")
    summoned: Literal["person", "team", "executive"] | None = Field(
        default=None, description="Whom an escalation calls; `executive`: the duty phone, too"
    )
    needs: tuple[str, ...] = Field(
        default=(), description="What a holding letter still lacks before it can be sent"
    )
    legal_effect: str | None = Field(
        default=None, description="What the law attaches to a lapse: a stable code. No decision"
    )
    legal_text: str | None = Field(default=None, description="The same in words, with its source")
    late_arrival: bool = Field(
        default=False, description="The deadline had passed when the case arrived"
    )


class Notice(StrEnum):
    """What the customer is told."""

    RECEIPT = "receipt"
    IN_REVIEW = "in_review"
    FINAL_ANSWER = "final_answer"
    NEW_LINK = "new_link"
    QUESTION = "question"
    DELAYED = "delayed"
    VERIFYING = "verifying"
    DOCUMENT_REFUSED = "document_refused"
    CLOSED = "closed"


class CaseNotified(Event):
    """The customer was told, or could not be: `outcome` says which."""

    notice: Notice
    sequence: int = Field(default=0, ge=0)
    channel: Literal["email", "sms", "webhook", "none"]
    outcome: Literal["sent", "failed", "no_contact"]
    message_id: str | None = None
    language: str
    detail: str | None = Field(default=None, description="Reason of a failure, no personal data")
    at: Instant


class VerificationRequested(Event):
    """The bank's systems are asked to check a claim."""

    sequence: int = Field(default=0, ge=0, description="The message that led to it")
    verification_id: UUID | None = None
    question: str = Field(description="What is to be checked: the situation of the matrix")
    purpose: Literal["background", "first"] = Field(
        default="background", description="`first`: the answer to the customer waits for it"
    )
    category: Category | None = None
    claim: Money | None = None
    facts: Facts = Facts()
    requested_at: Instant
    answer_by: Instant | None = None


class VerificationCompleted(Event):
    """The bank's systems answered."""

    verification_id: UUID | None = None
    answer: Literal["verified", "contradicted", "unknown"]
    confidence: Confidence | None = None
    evidence: str | None = Field(
        default=None, description="What shows it, without personal data; needed to contradict"
    )
    facts: Facts = Field(default=Facts(), description="Facts that were found; null changes nothing")
    completed_at: Instant


class ClassificationCorrected(Event):
    """A person said what the tags of a message should have been. Decides nothing.

    Carries the message, so that the classifier can learn from it. The person's reason is in no
    event: it may name people.
    """

    sequence: int = Field(default=0, ge=0, description="The newest message of the case")
    category: Category
    text: str
    claim: Money | None = None
    facts: Facts = Facts()
    language: str = Field(description="Language that the message is written in, as it was tagged")
    before: Labels
    corrected: Labels
    named: tuple[Literal["tone", "pressure", "fault", "flags"], ...] = Field(
        description="What the person looked at and named; the rest of `corrected` is as before"
    )
    model: str = Field(description="Version and hash of what gave the tags before")
    corrected_by: str = Field(description="The person's opaque id")
    corrected_at: Instant


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
    Topic.ASKED: CaseAsked,
    Topic.VERIFICATION_REQUESTED: VerificationRequested,
    Topic.VERIFICATION_COMPLETED: VerificationCompleted,
    Topic.CORRECTED: ClassificationCorrected,
    Topic.DLQ: DeadLetter,
}


def json_schema(topic: Topic) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a topic's body as it is published."""
    return MODELS[topic].model_json_schema(mode="serialization")
