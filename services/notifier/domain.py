"""What customers are told, and whom it reaches. Pure.

Invariant: one notice per (case, notice, sequence, channel, revision of the answer). Its id is
derived from that key, and from the id everything that a receiver may see twice: Message-ID, webhook
id, event id. A notice holds what its customer may know and nothing else.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Final, Literal, TypeAlias
from uuid import UUID

from pydantic import Field, TypeAdapter

from shared.events.answer import Basis, Disposition, Remedy
from shared.events.base import Instant, Model
from shared.events.catalogue import CaseSubmitted, Notice, Particulars, Question
from shared.events.envelope import event_id

_LONGEST_NAME: Final = 100


class Language(StrEnum):
    """Languages that every text exists in."""

    EN = "en"
    RU = "ru"
    UK = "uk"
    PL = "pl"


_LANGUAGES: Final = {language.value: language for language in Language}


class Channel(StrEnum):
    """The ways to the customer."""

    EMAIL = "email"
    SMS = "sms"
    WEBHOOK = "webhook"


class Boundary(StrEnum):
    """What a boundary is drawn against; customers read a sentence and never these words."""

    INSULT = "insult"
    LEVERAGE = "leverage"
    VIOLENCE = "violence"


class Receipt(Model):
    """We have your message; `next_on` is the day by which the customer hears from us again."""

    notice: Literal[Notice.RECEIPT] = Notice.RECEIPT
    next_on: date | None = None


class InReview(Model):
    """A person is looking at it; `at_once` is given already.

    `urgent`: it goes ahead of others, and a date far away would mislead; it is told as the
    `deadline`, the last day for the answer, and not as a promise. `danger`: somebody may be in
    danger, and must not wait for us.
    """

    notice: Literal[Notice.IN_REVIEW] = Notice.IN_REVIEW
    answer_due_at: Instant | None = None
    deadline: date | None = None
    urgent: bool = False
    danger: bool = False
    at_once: tuple[Remedy, ...] = ()


class Delayed(Model):
    """The date that was told may be missed: why, the new date, what the customer gets for it.

    `in_return` is what is done for the case, `granted` what the customer is given; neither is said
    where there is none. `letter` holds parts of a holding letter, by name, in the words of whoever
    wrote it.
    """

    notice: Literal[Notice.DELAYED] = Notice.DELAYED
    promised: Instant | None = None
    due_at: Instant
    reason: str | None = None
    in_return: str | None = None
    granted: tuple[Remedy, ...] = ()
    letter: tuple[tuple[str, str], ...] = ()


class Asked(Model):
    """We ask the customer something."""

    notice: Literal[Notice.QUESTION] = Notice.QUESTION
    question: Question
    answer_by: Instant


class Verifying(Model):
    """We compare what the customer wrote with the bank's records; until when."""

    notice: Literal[Notice.VERIFYING] = Notice.VERIFYING
    answer_by: Instant


class NewLink(Model):
    """A new link to the status page: the old one has expired."""

    notice: Literal[Notice.NEW_LINK] = Notice.NEW_LINK


class DocumentRefused(Model):
    """A document that the customer added is not taken: the virus check found something in it."""

    notice: Literal[Notice.DOCUMENT_REFUSED] = Notice.DOCUMENT_REFUSED
    name: str


class Closed(Model):
    """Nothing has come since the answer: the case is closed, until the customer writes again."""

    notice: Literal[Notice.CLOSED] = Notice.CLOSED
    answered_at: Instant
    disposition: Disposition
    remedies: tuple[Remedy, ...] = ()


class Earlier(Model):
    """What the answer before this one said, and when."""

    disposition: Disposition
    remedies: tuple[Remedy, ...] = ()
    reasons: tuple[str, ...] = ()
    answered_at: Instant | None = None


class FinalAnswer(Model):
    """The answer: what the customer may know of the decision, and nothing else.

    `taken_back`: what was granted on trust is taken back. `earlier` is the answer that a later
    revision replaces. `automatic`: no person had a part in it. `paid_by`: the day by which what it
    pays is on the customer's account.
    """

    notice: Literal[Notice.FINAL_ANSWER] = Notice.FINAL_ANSWER
    revision: int = 0
    disposition: Disposition
    basis: Basis
    remedies: tuple[Remedy, ...] = ()
    options: tuple[Remedy, ...] = ()
    reasons: tuple[str, ...] = ()
    boundary: bool = False
    boundary_for: Boundary = Boundary.INSULT
    recourse: bool = True
    particulars: Particulars | None = None
    taken_back: bool = False
    earlier: Earlier | None = None
    automatic: bool = False
    paid_by: date | None = None


Content: TypeAlias = Annotated[
    Receipt
    | InReview
    | Delayed
    | Asked
    | Verifying
    | NewLink
    | DocumentRefused
    | Closed
    | FinalAnswer,
    Field(discriminator="notice"),
]
CONTENT: Final[TypeAdapter[Content]] = TypeAdapter(Content)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a case's notices go to. Personal data."""

    name: str | None
    email: str | None
    webhook: str | None
    language: str | None
    jurisdiction: str | None
    phone: str | None = None
    preferred: str | None = None
    unusable: frozenset[str] = frozenset()
    """Channels whose contact has failed for good in this case."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Something to be told in a case, before it is known to whom and how."""

    case_id: UUID
    customer_id: str
    sequence: int
    content: Content
    language: str | None
    cause_id: UUID
    traceparent: str
    planned_at: datetime


@dataclass(frozen=True, slots=True)
class Planned:
    """A notice for one channel, ready to be queued."""

    id: UUID
    plan: Plan
    channel: Channel
    language: Language


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A notice that this process may send until its lease runs out."""

    id: UUID
    lease: UUID
    attempts: int
    queued_at: datetime
    plan: Plan
    channel: Channel
    language: Language
    recipient: Recipient
    again_at: datetime | None = None
    """When this was said before, for a notice that an operator sends again."""
    disabled: bool = False
    """Its receiver has failed for so long that it is not tried any more."""
    taken: bool = False
    """Its receiver has reported that it has it, before we had its answer."""
    overtaken: bool = False
    """Its customer was told more meanwhile: what it says is of the past."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """There is something to tell and no way to the customer."""

    id: UUID
    plan: Plan
    language: Language
    why: str | None = None


def recipient_of(event: CaseSubmitted) -> Recipient:
    """Return whom the case's notices go to."""
    customer = event.customer
    return Recipient(
        name=customer.name,
        email=customer.contacts.email,
        webhook=customer.contacts.webhook,
        language=customer.language,
        jurisdiction=customer.jurisdiction,
        phone=customer.contacts.phone,
        preferred=customer.contacts.preferred,
    )


def language_of(*wishes: str | None) -> Language:
    """Return the first wish that we have texts for; English when there is none."""
    for wish in wishes:
        primary = (wish or "").replace("_", "-").split("-")[0].lower()
        if primary in _LANGUAGES:
            return _LANGUAGES[primary]
    return Language.EN


def called(name: str | None) -> str:
    """Return a name as it is written: one line, nothing invisible, at most 100 characters."""
    text = (name or "")[: 4 * _LONGEST_NAME]
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    words = " ".join(text.split())
    return words if len(words) <= _LONGEST_NAME else words[: _LONGEST_NAME - 1].rstrip() + "…"


def notice_id(plan: Plan, channel: str) -> UUID:
    """Derive the id of a notice from its key; every revision and every delay is told."""
    again: tuple[str, ...]
    match plan.content:
        case FinalAnswer(revision=revision) if revision:
            again = (f"revision {revision}",)
        case Delayed() | DocumentRefused() | Verifying() | Closed():
            again = (str(plan.cause_id),)
        case _:
            again = ()
    return event_id(str(plan.case_id), plan.content.notice, str(plan.sequence), channel, *again)
