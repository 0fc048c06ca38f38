"""The story of a case is the same in whatever order it was heard; its texts are whole."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.notifier.domain import Delayed, FinalAnswer, InReview, Language
from services.notifier.status_page.happenings import (
    Answer,
    Body,
    Check,
    Closing,
    Delay,
    Happening,
    Message,
    Question,
    Review,
)
from services.notifier.status_page.story import tell
from services.notifier.status_page.texts.load import PageTexts, load
from shared.events import catalogue
from shared.events.answer import Basis, Disposition
from shared.events.case import Category, Channel, Status
from shared.events.tags import Conduct, Fault, Flag, Pressure, Tone

START = datetime(2026, 11, 1, 9, tzinfo=UTC)
CASE = UUID(int=7)
LATER = START + timedelta(days=30)


def _message(sequence: int) -> Message:
    return Message(
        sequence=sequence, channel=Channel.WEB, category=Category.FEE_DISPUTE, text="words"
    )


def _question() -> Question:
    return Question(sequence=0, question=catalogue.Question.WHAT_HAPPENED, answer_by=LATER)


def _review(*, again: bool = False) -> Review:
    return Review(review=InReview(answer_due_at=LATER), again=again)


def _answer(revision: int = 0, disposition: Disposition = Disposition.UPHELD) -> Answer:
    return Answer(
        answer=FinalAnswer(revision=revision, disposition=disposition, basis=Basis.ENTITLEMENT)
    )


def _delay() -> Delay:
    return Delay(delay=Delayed(due_at=LATER + timedelta(days=5)))


def _told(*bodies: Body) -> list[Happening]:
    return [
        Happening(uuid5(CASE, str(n)), CASE, START + timedelta(hours=n), body)
        for n, body in enumerate(bodies)
    ]


@pytest.mark.parametrize(
    ("bodies", "status", "due_at"),
    [
        ([], Status.RECEIVED, None),
        ([_message(0)], Status.RECEIVED, None),
        ([_message(0), _question()], Status.WAITING_FOR_YOU, LATER),
        ([_message(0), _question(), _message(1)], Status.RECEIVED, None),
        ([_message(0), _question(), _delay()], Status.WAITING_FOR_YOU, LATER),
        ([_message(0), _question(), _review()], Status.IN_REVIEW, LATER),
        ([_message(0), Check(answer_by=LATER)], Status.IN_REVIEW, LATER),
        ([_message(0), Check(answer_by=LATER), _answer()], Status.DECIDED, None),
        ([_message(0), _answer(), Closing()], Status.CLOSED, None),
        ([_message(0), _answer(), Closing(), _delay()], Status.CLOSED, None),
        ([_message(0), _answer(), Closing(), _message(1)], Status.RECEIVED, None),
        ([_message(0), _answer(), Closing(), _review(again=True)], Status.REOPENED, LATER),
        ([_message(0), _review(), _delay()], Status.DELAYED, LATER + timedelta(days=5)),
        ([_message(0), _review(), _delay(), _answer()], Status.DECIDED, None),
        ([_message(0), _answer(), _delay()], Status.DECIDED, None),
        ([_message(0), _answer(), _message(1)], Status.DECIDED, None),
        ([_message(0), _answer(), _review(again=True)], Status.REOPENED, LATER),
        ([_answer(), _review(again=True), _answer(1)], Status.DECIDED, None),
    ],
)
def test_where_a_case_stands_follows_from_what_happened(
    bodies: list[Body], status: Status, due_at: datetime | None
) -> None:
    story = tell(_told(*bodies))
    assert (story.status, story.due_at) == (status, due_at)


BODIES = st.sampled_from(
    [
        *(_message(0), _question(), _review(), _delay(), _answer(), _answer(1)),
        *(Check(answer_by=LATER), Closing()),
    ]
)


@given(bodies=st.lists(BODIES, max_size=8), order=st.randoms())
def test_the_order_in_which_it_was_heard_makes_no_difference(
    bodies: list[Body], order: Random
) -> None:
    happened = _told(*bodies)
    told = tell(happened)
    order.shuffle(happened)
    assert tell(happened) == told
    assert all(a.at <= b.at for a, b in pairwise(told.happened))


def test_the_answer_that_stands_is_that_of_the_latest_revision() -> None:
    better, first = _answer(1, Disposition.GOODWILL), _answer(0, Disposition.DECLINED)
    story = tell(_told(_message(0), better, first))
    assert story.answer is not None
    assert story.answer.disposition is Disposition.GOODWILL


@pytest.mark.parametrize("language", list(Language))
def test_every_text_of_the_page_stands_in_every_language_and_knows_no_tags(
    language: Language,
) -> None:
    texts = load(language)
    said = set(texts.model_dump_json().lower().replace('"', " ").replace(".", " ").split())
    keys = {"none", *Category}  # names of texts, and no text themselves
    assert not ({*Tone, *Pressure, *Fault, *Flag, *Conduct} - keys) & said
    if language is not Language.EN:
        english = load(Language.EN)
        assert texts.statuses != english.statuses
        for status in Status:
            assert texts.statuses[status].name != english.statuses[status].name


def test_a_text_that_is_missing_or_has_a_wrong_placeholder_is_refused() -> None:
    texts = load(Language.EN).model_dump()
    del texts["statuses"]["delayed"]
    with pytest.raises(ValidationError, match="delayed"):
        PageTexts.model_validate(texts)
    texts = load(Language.EN).model_dump()
    texts["as_of"] = "As of {day}"
    with pytest.raises(ValidationError, match="placeholders"):
        PageTexts.model_validate(texts)


def test_only_a_check_without_a_person_is_said_to_be_one() -> None:
    check = Check(answer_by=LATER)
    assert tell(_told(_message(0), check)).checking
    assert not tell(_told(_message(0), check, _review())).checking
    assert not tell(_told(_message(0), check, _answer())).checking
