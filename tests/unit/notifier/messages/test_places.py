"""Bodies to turn to and dates are those of the customer's place."""

from datetime import UTC, datetime

import pytest

from services.notifier.domain import InReview, Language
from services.notifier.places import ZONES
from tests.unit.notifier.messages.saying import LANGUAGES, TEXTS, answer_of, say


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_body_to_turn_to_is_that_of_the_customers_country(language: Language) -> None:
    texts = TEXTS[language].final_answer.recourse
    for place, bodies in texts.places.items():
        plain = say(answer_of(), language, jurisdiction=place.lower()).plain
        for body in bodies:
            assert body.name in plain
            assert body.address in plain
        assert texts.elsewhere not in plain
        assert place in ZONES
    assert texts.elsewhere in say(answer_of(), language, jurisdiction="JP").plain


def test_where_the_ombudsman_comes_before_the_court_it_is_said() -> None:
    texts = TEXTS[Language.EN].final_answer.recourse
    russian = say(answer_of(), Language.EN, jurisdiction="RU").plain
    assert texts.court_afterwards in russian
    assert texts.court_afterwards not in say(answer_of(), Language.EN, jurisdiction="PL").plain


def test_every_member_state_and_every_market_has_a_body_of_its_own() -> None:
    places = TEXTS[Language.EN].final_answer.recourse.places
    assert len(places) == 27 + len({"GB", "UA", "RU", "US"})
    assert {mark for bodies in places.values() for mark in (b.mark for b in bodies)} <= {
        *("V", "S", "K")
    }
    assert all(body.source for bodies in places.values() for body in bodies)


@pytest.mark.parametrize(
    ("language", "jurisdiction", "date"),
    [
        (Language.EN, "GB", "30 November 2026"),
        (Language.PL, "PL", "1 grudnia 2026 r."),
        (Language.UK, "UA", "1 грудня 2026 року"),
        (Language.RU, "RU", "1 декабря 2026 года"),
        (Language.EN, "US", "30 November 2026"),
        (Language.EN, "DE", "1 December 2026"),
    ],
)
def test_a_date_is_that_of_the_customers_place(
    language: Language, jurisdiction: str, date: str
) -> None:
    late = InReview(answer_due_at=datetime(2026, 11, 30, 23, 30, tzinfo=UTC))
    assert date in say(late, language, jurisdiction=jurisdiction).plain
