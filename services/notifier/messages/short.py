"""Notices in few words, for SMS. Pure.

Invariant: no sum, reason or answer stands in them; who reads over a shoulder learns nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import Final, assert_never

from services.notifier.domain import (
    Asked,
    Closed,
    Content,
    Delayed,
    DocumentRefused,
    FinalAnswer,
    InReview,
    Language,
    NewLink,
    Receipt,
    Verifying,
)
from services.notifier.messages import wording
from services.notifier.messages.texts import ShortTexts

_WHOLE: Final[Mapping[type[Content], Callable[[ShortTexts], str]]] = {
    Receipt: attrgetter("receipt"),
    NewLink: attrgetter("new_link"),
    DocumentRefused: attrgetter("document_refused"),
    Closed: attrgetter("closed"),
}
"""Notices that say the same to everybody."""


def sentences(content: Content, words: ShortTexts, language: Language, place: str) -> Iterator[str]:
    """Say what is new and by when the customer hears more."""
    match content:
        case Receipt() | NewLink() | DocumentRefused() | Closed():
            yield _WHOLE[type(content)](words)
        case InReview(answer_due_at=due, deadline=last_day):
            yield words.in_review
            if due is not None:
                yield words.due.format(date=wording.day(due, language, place))
            elif last_day is not None:
                yield words.deadline.format(date=wording.day_of(last_day, language))
        case Delayed(due_at=due):
            yield words.delayed.format(date=wording.day(due, language, place))
        case Asked(answer_by=due):
            yield words.question.format(date=wording.day(due, language, place))
        case Verifying(answer_by=due):
            yield words.verifying.format(moment=wording.moment(due, language, place))
        case FinalAnswer(revision=revision):
            yield words.corrected if revision else words.final_answer
        case _:
            assert_never(content)
