# ruff: noqa: RUF001 - Cyrillic samples and quotation marks
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
        ("Your clerk said 'you fool, get lost' to me.", ["'you", "fool", ",", "get", "lost'"]),
        ("He called me ‘an idiot’ twice", ["an", "idiot’"]),
        ("They wrote: `go away` and left", ["go", "away"]),
        ("'You are a stupid cow', said your clerk.", ["'You", "are", "a", "stupid", "cow'"]),
        ("Сотрудник сказал мне, что я тупой идиот. Ждите!", ["тупой", "идиот"]),
        ("Касир сказав, що я дебіл і свиня.", ["дебіл", "і", "свиня"]),
        (
            "He said I was a worthless idiot and a cow.",
            ["a", "worthless", "idiot", "and", "a", "cow"],
        ),
        ("I was told that I am an idiot, thank you.", ["an", "idiot"]),
        ("Kasjerka powiedziała, że jestem debilem i idiotą.", ["debilem", "i", "idiotą"]),
        ("She said I'm a cow and you are idiots", ["a", "cow", "and"]),
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
        "You can't say my parents' house isn't mine, it's theirs",
        "Your 'geniuses' lost it, and they said 'em all",
        "I told your clerk that I am going to burn it",
        "I have said I was a fool",
        "Сказал же вам, что я вас убью",
        "Я уже говорил, что я вернусь",
        "Powiedziałem, że jestem gotów",
        "He called because I was late, you idiots",
        "'I want my money back, you idiots'",
        '"I want my money back, you idiots"',
    ],
)
def test_irony_and_own_words_stay_the_customers(text: str) -> None:
    assert others(text) == []


@pytest.mark.parametrize(
    ("text", "word", "not_own"),
    [
        ("The doctor said I am dying of it", "dying", False),
        ("The clerk said I am a moron", "moron", True),
    ],
)
def test_only_an_insult_is_taken_from_what_the_customer_was_told_of_themselves(
    text: str, word: str, *, not_own: bool
) -> None:
    words = split(text)
    places = reported(words, [normalise(word) for word in words], [w == "moron" for w in words])
    assert (words.index(word) in places) == not_own


@given(
    st.text(st.sampled_from("ab \"“”„«»:'‘’,` called me назвал меня said I am что я"), max_size=60)
)
def test_any_text_can_be_looked_through(text: str) -> None:
    words = split(text)
    places = reported(words, [normalise(word) for word in words])
    assert all(0 <= n < len(words) for n in places)
