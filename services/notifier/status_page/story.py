"""Where a case stands for its customer, told from what has happened in it. Pure.

Invariant: the same happenings give the same story, in whatever order they were noted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, assert_never
from uuid import UUID

from services.notifier.domain import Delayed, FinalAnswer, InReview
from services.notifier.status_page.happenings import (
    Answer,
    Check,
    Closing,
    Delay,
    Happening,
    Message,
    Question,
    Review,
)
from shared.events import catalogue
from shared.events.case import Category, Status


@dataclass(frozen=True, slots=True)
class Story:
    """A case up to now; `happened` from first to last."""

    status: Status
    category: Category | None
    happened: tuple[Happening, ...]
    due_at: datetime | None
    """By when the customer has the answer, or is to answer where they were asked."""
    question: catalogue.Question | None
    answer: FinalAnswer | None
    answered_at: datetime | None
    review: InReview | None
    """What is said while a person looks at the case."""
    delay: Delayed | None
    checking: bool = False
    """The answer waits for a look at the bank's records, and not for a person."""


def tell(happenings: Sequence[Happening]) -> Story:
    """Tell the story of a case."""
    happened = tuple(sorted(happenings, key=_order))
    status = Status.RECEIVED
    category: Category | None = None
    due_at: datetime | None = None
    question: Question | None = None
    answer: tuple[Happening, Answer] | None = None
    review: InReview | None = None
    delay: Delayed | None = None
    for happening in happened:
        match happening.body:
            case Message() as message:
                category = category or message.category
                answers = question is not None and message.sequence > question.sequence
                if answers or status is Status.CLOSED:
                    status, due_at, question = Status.RECEIVED, None, None
            case Review(review=review, again=again):
                status = Status.REOPENED if answer or again else Status.IN_REVIEW
                due_at, question, delay = review.answer_due_at, None, None
            case Check(answer_by=due_at):
                status, question, delay = Status.IN_REVIEW, None, None
            case Closing():
                status, due_at = Status.CLOSED, None
            case Question() as asked:
                status, due_at, question = Status.WAITING_FOR_YOU, asked.answer_by, asked
            case Delay(delay=delay):
                stands = status in _OVER or question is not None
                status, due_at = (status, due_at) if stands else (Status.DELAYED, delay.due_at)
            case Answer() as found:
                answer = _latest(answer, happening, found)
                status, due_at, question, review, delay = Status.DECIDED, None, None, None, None
            case _:
                assert_never(happening.body)
    return Story(
        status,
        category,
        happened,
        due_at,
        question.question if question else None,
        answer[1].answer if answer else None,
        answer[0].at if answer else None,
        review,
        delay,
        checking=status is Status.IN_REVIEW and review is None,
    )


def _latest(
    so_far: tuple[Happening, Answer] | None, happening: Happening, answer: Answer
) -> tuple[Happening, Answer]:
    if so_far is not None and so_far[1].answer.revision > answer.answer.revision:
        return so_far
    return happening, answer


_OVER: Final = frozenset({Status.DECIDED, Status.CLOSED})
_RANK = {Message: 0, Check: 1, Review: 2, Question: 2, Delay: 3, Answer: 4, Closing: 5}


def _order(happening: Happening) -> tuple[datetime, int, UUID]:
    """Order by time; what has the same instant, by what leads to what."""
    return happening.at, _RANK[type(happening.body)], happening.id
