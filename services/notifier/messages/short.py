"""Notices in few words, for SMS. Pure.

Invariant: no sum, reason or answer stands in them; who reads over a shoulder learns nothing.
"""

from collections.abc import Iterator
from typing import assert_never

from services.notifier.domain import (
    Asked,
    Content,
    Delayed,
    FinalAnswer,
    InReview,
    Language,
    NewLink,
    Receipt,
)
from services.notifier.messages import wording
from services.notifier.messages.texts import ShortTexts


def sentences(content: Content, words: ShortTexts, language: Language, place: str) -> Iterator[str]:
    """Say what is new and by when the customer hears more."""
    match content:
        case Receipt():
            yield words.receipt
        case InReview(answer_due_at=due):
            yield words.in_review
            if due is not None:
                yield words.due.format(date=wording.day(due, language, place))
        case Delayed(due_at=due):
            yield words.delayed.format(date=wording.day(due, language, place))
        case Asked(answer_by=due):
            yield words.question.format(date=wording.day(due, language, place))
        case NewLink():
            yield words.new_link
        case FinalAnswer(revision=revision):
            yield words.corrected if revision else words.final_answer
        case _:
            assert_never(content)
