"""What fault may see of a message: the same whatever the manner, and every word in its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.classifier import tagging
from services.classifier.tagging import Matter

TAGGER = tagging.load()
PLAIN = "the fee was charged twice on monday by your clerk"


def matter(text: str) -> Matter:
    return TAGGER.matters([text])[0]


@pytest.mark.parametrize(
    "text",
    [
        "The FEE was charged twice on Monday by your clerk!!!",
        "You idiots! The fee was charged twice on Monday by your clerk, please.",
        "the fee   was charged\ntwice on monday; by your clerk :)",
        "<p>The fee was charged <b>twice</b> on Monday by your clerk</p>",
        "the fee was ch\u200barged twice on monday by your clerk",
    ],
)
def test_manner_signs_capitals_and_markup_leave_the_same_words(text: str) -> None:
    assert [w.replace("\u200b", "") for w in matter(text).words if w != "you"] == PLAIN.split()


@given(st.integers(0, len(PLAIN) - 1), st.integers(1, 30), st.sampled_from(["", "!! ", "Idiots, "]))
def test_whatever_is_cited_lies_in_whole_words_of_the_message(
    begin: int, length: int, before: str
) -> None:
    text = before + PLAIN.upper()
    found = matter(text)
    cited = found.text[begin : begin + length]
    first, last = found.place(begin, begin + len(cited))
    shown = text[first:last].lower()
    assert cited.strip() in shown
    assert {*shown.split()} <= {*PLAIN.split()}
    assert len(shown.split()) <= len(cited.split()) + 2


def test_a_space_behind_a_word_is_not_the_next_word() -> None:
    found = matter(PLAIN)
    assert found.place(0, len("the ")) == (0, len("the"))


def test_a_message_without_matter_has_none() -> None:
    assert matter("!!! :( idiots").text == ""
    assert matter("").text == ""
