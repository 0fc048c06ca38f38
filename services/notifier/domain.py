"""Which notices follow from an event and whom they reach. Pure.

Invariant: one notice per (case, notice, sequence, channel). Its id is derived from that key, and
from the id everything that a receiver may see twice: Message-ID, webhook id, event id.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Literal, TypeAlias
from uuid import UUID

from pydantic import Field, TypeAdapter

from shared.events.answer import Basis, Disposition, Remedy
from shared.events.base import Instant, Model
from shared.events.catalogue import CaseDecided, CaseReferred, CaseSubmitted, Event, Notice
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
    WEBHOOK = "webhook"


class Receipt(Model):
    """We have your message."""

    notice: Literal[Notice.RECEIPT] = Notice.RECEIPT


class InReview(Model):
    """A person is looking at it."""

    notice: Literal[Notice.IN_REVIEW] = Notice.IN_REVIEW
    answer_due_at: Instant | None = None


class FinalAnswer(Model):
    """The answer: what the customer may know of the decision, and nothing else."""

    notice: Literal[Notice.FINAL_ANSWER] = Notice.FINAL_ANSWER
    disposition: Disposition
    basis: Basis
    remedies: tuple[Remedy, ...] = ()
    reasons: tuple[str, ...] = ()
    boundary: bool = False
    recourse: bool = True


Content: TypeAlias = Annotated[Receipt | InReview | FinalAnswer, Field(discriminator="notice")]
CONTENT: Final[TypeAdapter[Content]] = TypeAdapter(Content)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a case's notices go to. Personal data."""

    name: str | None
    email: str | None
    webhook: str | None
    language: str | None
    jurisdiction: str | None


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


@dataclass(frozen=True, slots=True)
class Unreachable:
    """There is something to tell and no way to the customer."""

    id: UUID
    plan: Plan
    language: Language


def recipient_of(event: CaseSubmitted) -> Recipient:
    """Return whom the case's notices go to."""
    customer = event.customer
    return Recipient(
        name=customer.name,
        email=customer.contacts.email,
        webhook=customer.contacts.webhook,
        language=customer.language,
        jurisdiction=customer.jurisdiction,
    )


def content_of(event: Event) -> Content | None:
    """Return what an event makes us tell the customer; nothing for a later message of the case."""
    match event:
        case CaseSubmitted(sequence=0):
            return Receipt()
        case CaseReferred(answered=False):  # else the customer has the answer already
            return InReview(answer_due_at=event.answer_due_at)
        case CaseDecided(decision=decision):
            return FinalAnswer(
                disposition=decision.disposition,
                basis=decision.basis,
                remedies=decision.remedies,
                reasons=decision.reasons,
                boundary=decision.boundary,
                recourse=decision.recourse,
            )
        case _:
            return None


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


def address(plan: Plan, recipient: Recipient) -> list[Planned] | Unreachable:
    """Decide by which channels a plan reaches its recipient."""
    language = language_of(recipient.language, plan.language)
    channels = [
        channel
        for channel, contact in (
            (Channel.EMAIL, recipient.email),
            (Channel.WEBHOOK, recipient.webhook),
        )
        if contact
    ]
    if not channels:
        return Unreachable(notice_id(plan, "none"), plan, language)
    return [Planned(notice_id(plan, channel), plan, channel, language) for channel in channels]


def notice_id(plan: Plan, channel: str) -> UUID:
    """Derive the id of a notice from its key."""
    return event_id(str(plan.case_id), plan.content.notice, str(plan.sequence), channel)
