"""Whose words these are: quoted and reported ones are not the customer's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.classifier.tagging.reported import may_report, reported
from services.classifier.tagging.words import normalise, split


def others(text: str) -> list[str]:
    words = split(text)
    places = reported(words, [normalise(word) for word in words]) if may_report(text) else set()
    return [words[n] for n in sorted(places)]


@pytest.mark.parametrize(
    ("text", "not_own"),
    [
        ("Your clerk called me an idiot.", ["an", "idiot"]),
        ('He said "shut up" and left.', ["shut", "up"]),
        ("They told me: “you people are stupid”.", ["you", "people", "are", "stupid"]),
        ("Кассир назвала меня дурой, прошу разобраться", ["дурой"]),
        ("Сказав: «забирайся геть»", ["забирайся", "геть"]),
        ("Usłyszałem „proszę wyjść”, i tyle", ["proszę", "wyjść"]),
        ("Pracownik nazwał mnie debilem!", ["debilem"]),
    ],
)
def test_quoted_and_reported_words_are_somebody_elses(text: str, not_own: list[str]) -> None:
    assert others(text) == not_own


@pytest.mark.parametrize(
    "text",
    [
        'Your "geniuses" lost it.',
        "You idiots called the wrong number",
        'A mark that never closes: " and then more',
        "Вы идиоты",
    ],
)
def test_irony_and_own_words_stay_the_customers(text: str) -> None:
    assert others(text) == []


@given(st.text(st.sampled_from('ab "“”„«»: called me назвал меня said'), max_size=60))
def test_any_text_can_be_looked_through(text: str) -> None:
    words = split(text)
    places = reported(words, [normalise(word) for word in words])
    assert all(0 <= n < len(words) for n in places)
