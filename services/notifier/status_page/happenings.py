"""What of the events a customer may see of their case. Pure.

Invariant: a happening holds nothing that the customer may not know: no tags, queue, priority,
reference to a rule or person. Happenings of a case may be noted in any order, and more than once.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal, TypeAlias
from uuid import UUID

from pydantic import Field, TypeAdapter

from services.notifier.domain import Content, Delayed, FinalAnswer, InReview, Verifying
from shared.events import catalogue
from shared.events.base import Instant, Model
from shared.events.case import Category, Channel
from shared.events.catalogue import (
    CaseAsked,
    CaseDecided,
    CaseReferred,
    CaseSubmitted,
    Event,
    SlaMilestone,
    VerificationRequested,
)


class Message(Model):
    """The customer wrote."""

    kind: Literal["message"] = "message"
    sequence: int
    channel: Channel
    category: Category
    text: str


class Review(Model):
    """A person has the case."""

    kind: Literal["review"] = "review"
    review: InReview
    again: bool


class Check(Model):
    """What the customer wrote is compared with the bank's records before there is an answer."""

    kind: Literal["check"] = "check"
    answer_by: Instant


class Question(Model):
    """The customer was asked something."""

    kind: Literal["question"] = "question"
    sequence: int
    question: catalogue.Question
    answer_by: Instant


class Delay(Model):
    """The answer will take longer than was said."""

    kind: Literal["delay"] = "delay"
    delay: Delayed


class Answer(Model):
    """The case has its answer, or a better one."""

    kind: Literal["answer"] = "answer"
    answer: FinalAnswer


class Closing(Model):
    """Nothing has come since the answer, and the case is closed."""

    kind: Literal["closing"] = "closing"


Body: TypeAlias = Annotated[
    Message | Review | Check | Question | Delay | Answer | Closing, Field(discriminator="kind")
]
BODY: Final[TypeAdapter[Body]] = TypeAdapter(Body)


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened in a case; `id` is that of the event that told of it."""

    id: UUID
    case_id: UUID
    at: datetime
    body: Body


def happening_of(event: Event, event_id: UUID, told: Content | None) -> Happening | None:
    """Return what the customer may see of an event, if anything; `told` is what its notice says."""
    found = _seen_of(event, told)
    return None if found is None else Happening(event_id, event.case_id, *found)


def _seen_of(event: Event, told: Content | None) -> tuple[datetime, Body] | None:
    found: tuple[datetime, Body] | None = None
    match event, told:
        case CaseSubmitted(), _:
            message = Message(
                sequence=event.sequence,
                channel=event.channel,
                category=event.category,
                text=event.text,
            )
            found = event.accepted_at, message
        case CaseAsked(), _:
            question = Question(
                sequence=event.sequence, question=event.question, answer_by=event.answer_by
            )
            found = event.asked_at, question
        case VerificationRequested(), Verifying():
            found = event.requested_at, Check(answer_by=told.answer_by)
        case CaseDecided(), FinalAnswer():
            found = event.decided_at, Answer(answer=told)
        case CaseReferred(), InReview():
            found = event.referred_at, Review(review=told, again=event.reopened)
        case SlaMilestone(), Delayed():
            found = event.at, Delay(delay=told)
        case _:
            pass
    return found
