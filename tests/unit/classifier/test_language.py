"""Letters decide where they can; short messages are not given a language at random."""

import pytest

from services.classifier import tagging
from services.classifier.tagging import Message


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("b", "en"),
        ("Hello", "en"),
        ("ok", "en"),
        ("Dzień dobry", "pl"),
        ("Proszę o zwrot", "pl"),
        ("Объясните", "ru"),
        ("Дякую", "uk"),
        ("Їжа", "uk"),
        ("Жду ответа, спасибо", "ru"),
    ],
)
def test_short_messages_get_the_language_of_their_letters(text: str, language: str) -> None:
    assert tagging.load().tag([Message(text)])[0].language == language
