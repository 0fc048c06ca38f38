"""The texts of one language as types: what there is to say, and with which placeholders.

Invariant: every disposition, basis, remedy and reason has its text in every language, each text
has exactly the placeholders of its place, and every count the plural forms of its language.
"""

from pydantic import model_validator

from services.notifier.messages.answer_texts import FinalAnswerTexts
from services.notifier.messages.codes import DELAYS, IN_RETURN, LETTER_PARTS
from services.notifier.messages.placeholders import (
    Part,
    Plain,
    WithCase,
    WithDate,
    WithLink,
    WithMoment,
    WithName,
    WithSubject,
    complete,
)
from shared.events.answer import Disposition
from shared.events.catalogue import Question


class ReceiptTexts(Part):
    subject: Plain
    paragraphs: tuple[Plain, ...]
    next: WithDate
    closing: Plain


class InReviewTexts(Part):
    subject: Plain
    apology: Plain
    opening: Plain
    due: WithDate
    urgent: Plain
    deadline: WithDate = ""
    """Texts that were kept before there was one prove what they said: they never told it."""
    danger: Plain
    no_due: Plain
    at_once: Plain
    closing: Plain


class DelayedTexts(Part):
    subject: Plain
    promised: WithDate
    sorry: Plain
    reasons: dict[str, Plain]
    letter: dict[str, Plain]
    due: WithDate
    in_return: dict[str, Plain]
    granted: Plain
    closing: Plain

    @model_validator(mode="after")
    def _nothing_is_missing(self) -> "DelayedTexts":
        complete("reasons", set(self.reasons), DELAYS)
        complete("letter", set(self.letter), LETTER_PARTS)
        complete("in_return", set(self.in_return), IN_RETURN)
        return self


class QuestionTexts(Part):
    subject: Plain
    opening: Plain
    asked: dict[Question, Plain]
    due: WithDate
    silence: Plain

    @model_validator(mode="after")
    def _nothing_is_missing(self) -> "QuestionTexts":
        complete("asked", {*self.asked}, {*Question})
        return self


class VerifyingTexts(Part):
    subject: Plain
    opening: Plain
    due: WithMoment
    closing: Plain


class NewLinkTexts(Part):
    subject: Plain
    paragraphs: tuple[Plain, ...]


class DocumentRefusedTexts(Part):
    subject: Plain
    opening: WithName
    paragraphs: tuple[Plain, ...]


class ClosedTexts(Part):
    subject: Plain
    opening: WithDate
    answer: dict[Disposition, Plain]
    promised: Plain
    again: Plain
    closing: Plain

    @model_validator(mode="after")
    def _nothing_is_missing(self) -> "ClosedTexts":
        complete("answer", {*self.answer}, {*Disposition})
        return self


class AgainTexts(Part):
    """A message that is sent once more, at somebody's request."""

    subject: WithSubject
    opening: WithDate


class ShortTexts(Part):
    """Notices in few words, for SMS: what a locked telephone may show to others."""

    receipt: Plain
    in_review: Plain
    due: WithDate
    deadline: WithDate = ""
    delayed: WithDate
    question: WithDate
    verifying: WithMoment
    new_link: Plain
    document_refused: Plain
    closed: Plain
    final_answer: Plain
    corrected: Plain
    follow: WithLink


class Texts(Part):
    """Everything that is said in one language."""

    greeting: WithName
    greeting_unnamed: Plain
    case: WithCase
    follow: WithLink
    person: WithLink
    reply: Plain
    closing: Plain
    again: AgainTexts
    short: ShortTexts
    receipt: ReceiptTexts
    in_review: InReviewTexts
    delayed: DelayedTexts
    question: QuestionTexts
    verifying: VerifyingTexts
    new_link: NewLinkTexts
    document_refused: DocumentRefusedTexts
    closed: ClosedTexts
    final_answer: FinalAnswerTexts
