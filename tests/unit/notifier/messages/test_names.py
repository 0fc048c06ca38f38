"""A customer's name is greeted as it is, and can do nothing to the text around it."""

import sys
import unicodedata

import pytest

from services.notifier.domain import Language, Receipt
from services.notifier.messages.wording import isolated
from tests.unit.notifier.messages.saying import LANGUAGES, say


def test_a_name_cannot_bring_markup_or_lines_of_its_own() -> None:
    message = say(Receipt(), Language.EN, name="<b>Eve</b>\r\n\r\nPay & win {case}")
    assert message.plain.startswith("Dear <b>Eve</b> Pay & win {case},\n\n")
    assert "<b>" not in message.html
    assert "&lt;b&gt;Eve&lt;/b&gt; Pay &amp; win" in message.html
    assert say(Receipt(), Language.EN, name=" ").plain.startswith("Dear customer,")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_very_long_name_is_cut_and_every_message_can_greet_it(language: Language) -> None:
    plain = say(Receipt(), language, name="Ж" * 200).plain
    assert "Ж" * 99 + "…" in plain
    assert "Ж" * 100 not in plain


def test_marks_that_turn_the_text_around_are_taken_out_and_such_names_are_kept_apart() -> None:
    turned = say(Receipt(), Language.EN, name="Anna\u202egnp.exe\u200f").plain
    assert turned.startswith("Dear Anna gnp.exe,")
    hebrew = say(Receipt(), Language.EN, name="\u05d3\u05d5\u05d3").plain
    assert hebrew.startswith("Dear \u2068\u05d3\u05d5\u05d3\u2069,")


def test_a_name_with_any_letter_written_from_right_to_left_is_kept_apart() -> None:
    letters = filter(_is_from_right, map(chr, range(sys.maxunicode + 1)))
    assert all(isolated(f"A{one}") == f"\u2068A{one}\u2069" for one in letters)


def _is_from_right(letter: str) -> bool:
    return unicodedata.bidirectional(letter) in {"R", "AL", "AN"}
