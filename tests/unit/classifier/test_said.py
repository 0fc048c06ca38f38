# ruff: noqa: RUF001 - Cyrillic words are what these messages say
"""What a customer says of their own doing, for the rules on facts: not what they quote or deny."""

import pytest

from services.classifier.tagging.features import encode
from services.classifier.tagging.lists import Lists
from services.classifier.tagging.said import said
from services.classifier.tagging.vocabulary import Vocabulary

KNOWN = Vocabulary(Lists.read())
OWN_DOING = {"own_choice", "own_slip", "both"}


def of(text: str) -> frozenset[str]:
    _, visible = encode([text], KNOWN)
    return said(text, 0, len(visible.word), visible, KNOWN)


@pytest.mark.parametrize(
    "text",
    [
        "The app was down when I tried to pay. I did not leave it to the last minute.",
        "The app was down all evening. It was not my mistake and I did not forget anything.",
        'The app was down. Your clerk told me: "you left it, that was your own choice". Not true.',
        "I had to pay after midnight. I should have been able to pay; the transfer left it open.",
        "The app was down. I paid, the bank left it in a pending state.",
        "Приложение не работало. Это не моя вина, я не забыл.",
        "Застосунок не працював. Це не моя провина, я не забула.",
        "Aplikacja nie działała. To nie moja wina, nie zapomniałem.",
        "The app was down.\n> You left it to the last minute, your own choice.",
    ],
)
def test_quoted_and_denied_words_are_no_doing_of_ones_own(text: str) -> None:
    assert OWN_DOING.isdisjoint(of(text))


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("The app was down, I left it to the last hour, my own choice.", "own_choice"),
        ("I did not read the terms.", "own_slip"),
        ("I do not deny that it was my mistake.", "own_slip"),
        ("It was not only my mistake.", "own_slip"),
        ("I did not pay because I forgot.", "own_slip"),
        ("I did not pay. My mistake.", "own_slip"),
        ("Я не заплатил, забыл.", "own_slip"),
        ("Не прочитал условия.", "own_slip"),
        ("Nie zapłaciłem, bo zapomniałem.", "own_slip"),
        ("It was not me who gave the code, I mistyped the account.", "own_slip"),
        ("The app was not working.", "outage"),
    ],
)
def test_what_is_said_outright_stays(text: str, concept: str) -> None:
    assert concept in of(text)
