"""A case that waits for a person is told what is done at once and until when."""

from datetime import date

import pytest

from services.notifier.domain import InReview, Language
from services.notifier.messages.render import Voice
from services.notifier.messages.texts import Texts
from services.notifier.messages.wording import day_of
from shared.events.answer import Remedy, RemedyKind
from tests.unit.notifier.messages.saying import CASE, LANGUAGES, LINK, TEXTS, VOICE, say


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_urgent_case_hears_of_a_limit_far_away_after_what_is_done_at_once_and_as_no_promise(
    language: Language,
) -> None:
    words = TEXTS[language].in_review
    urgent = InReview(urgent=True, deadline=date(2026, 12, 20))
    said = say(urgent, language).plain
    limit = words.deadline.format(date=day_of(date(2026, 12, 20), language))
    assert said.index(words.urgent) < said.index(limit)
    assert words.due.partition("{")[0] not in said
    assert words.no_due not in said
    short = VOICE.say_shortly(urgent, language=language, jurisdiction="GB", link=LINK)
    assert "2026" in short
    assert TEXTS[language].short.due.partition("{")[0] not in short


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_of_a_time_when_no_limit_was_told_still_prove_what_they_said(
    language: Language,
) -> None:
    tree = TEXTS[language].model_dump(mode="json")
    for part in ("in_review", "short"):
        del tree[part]["deadline"]
    older = Voice({language: Texts.model_validate(tree, context={"language": language})})
    for urgent in (True, False):
        review = InReview(urgent=urgent)
        assert older.say(
            review, case_id=CASE, name=None, language=language, jurisdiction=None
        ) == say(review, language, name=None)


def test_an_apology_that_is_given_at_once_comes_first() -> None:
    at_once = (Remedy(kind=RemedyKind.TRACE), Remedy(kind=RemedyKind.APOLOGY))
    said = say(InReview(at_once=at_once), Language.EN).plain.split("\n\n")
    assert said[1] == TEXTS[Language.EN].in_review.apology
    assert sum("sorry" in part for part in said) == 1
