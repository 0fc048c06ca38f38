"""Puts the messages on the way to an answer together, block by block. Pure."""

from collections.abc import Iterator
from typing import Final

from services.notifier.domain import (
    Asked,
    Closed,
    Delayed,
    DocumentRefused,
    InReview,
    Language,
    Receipt,
    Verifying,
)
from services.notifier.messages import wording
from services.notifier.messages.answering import Block, Bullets
from services.notifier.messages.texts import DocumentRefusedTexts, Texts
from shared.events.answer import RemedyKind

_WORDS: Final = frozenset({RemedyKind.APOLOGY, RemedyKind.EXPLANATION})
"""Remedies that were given when the answer was read."""


def receipt(content: Receipt, texts: Texts, language: Language) -> Iterator[Block]:
    """Say that the message is here, what happens next and by when."""
    yield from texts.receipt.paragraphs
    if content.next_on is not None:
        yield texts.receipt.next.format(date=wording.day_of(content.next_on, language))
    yield texts.receipt.closing


def in_review(content: InReview, texts: Texts, language: Language, place: str) -> Iterator[Block]:
    """Say that a person has the case, what is done already, and by when there is an answer."""
    words = texts.in_review
    if any(remedy.kind is RemedyKind.APOLOGY for remedy in content.at_once):
        yield words.apology
    yield words.opening
    if content.urgent:
        yield words.urgent
    given = [remedy for remedy in content.at_once if remedy.kind is not RemedyKind.APOLOGY]
    if said := wording.sentences(given, texts.final_answer, language):
        yield Bullets(words.at_once, said)
    if content.answer_due_at is not None:
        yield words.due.format(date=wording.day(content.answer_due_at, language, place))
    elif content.deadline is not None:
        yield words.deadline.format(date=wording.day_of(content.deadline, language))
    elif not content.urgent:
        yield words.no_due
    if content.danger:
        yield words.danger
    yield words.closing


def verifying(content: Verifying, texts: Texts, language: Language, place: str) -> Iterator[Block]:
    """Say what is compared with what, and until when."""
    words = texts.verifying
    yield words.opening
    yield words.due.format(moment=wording.moment(content.answer_by, language, place))
    yield words.closing


def document_refused(content: DocumentRefused, words: DocumentRefusedTexts) -> Iterator[Block]:
    """Say which document is not taken, why, and what to do."""
    yield words.opening.format(name=wording.isolated(content.name))
    yield from words.paragraphs


def closed(content: Closed, texts: Texts, language: Language, place: str) -> Iterator[Block]:
    """Say why the case is closed, what stays of it, and that it can be opened again."""
    words = texts.closed
    answered = wording.day(content.answered_at, language, place)
    yield f"{words.opening.format(date=answered)} {words.answer[content.disposition]}"
    given = [remedy for remedy in content.remedies if remedy.kind not in _WORDS]
    if promised := wording.sentences(given, texts.final_answer, language):
        yield Bullets(words.promised, promised)
    yield words.again
    yield words.closing


def delayed(content: Delayed, texts: Texts, language: Language, place: str) -> Iterator[Block]:
    """Say that a date may be missed, why, the new date and what there really is in return."""
    words = texts.delayed
    if content.promised is not None:
        yield words.promised.format(date=wording.day(content.promised, language, place))
    reason = content.reason if content.reason in words.reasons else "other"
    yield f"{words.sorry} {words.reasons[reason]}"
    for part, said in content.letter:
        lines = tuple(line.strip() for line in said.splitlines() if line.strip())
        if part in words.letter and lines:
            yield Bullets(words.letter[part], lines)
    yield words.due.format(date=wording.day(content.due_at, language, place))
    if content.in_return in words.in_return:
        yield words.in_return[content.in_return]
    if given := wording.sentences(content.granted, texts.final_answer, language):
        yield Bullets(words.granted, given)
    yield words.closing


def question(content: Asked, texts: Texts, language: Language, place: str) -> Iterator[Block]:
    """Ask, and say by when and what happens otherwise."""
    words = texts.question
    yield words.opening
    yield words.asked[content.question]
    due = words.due.format(date=wording.day(content.answer_by, language, place))
    yield f"{due} {words.silence}"
