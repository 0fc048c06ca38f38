# ruff: noqa: RUF001 - Cyrillic samples
"""Spellings under which disguised words are found, and what training refuses."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.classifier.tagging.lists import Lists
from services.classifier.tagging.words import normalise, split, visible
from services.classifier.training.corpus import CorpusError, check, read


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("IDIOT", "idiot"),
        ("sh1t", "shit"),
        ("у6людки", "ублюдки"),
        ("сукa", "сука"),  # the last letter is Latin
        ("żółć", "zolc"),
        ("don’t", "dont"),
        ("id\u200biot", "idiot"),
        ("ﬁne", "fine"),
        ("soooo", "so"),
        ("ещё", "еще"),
        ("14th", "00th"),
    ],
)
def test_a_disguised_word_is_looked_up_as_itself(written: str, found: str) -> None:
    assert normalise(written) == found


@given(st.text())
def test_words_leave_out_white_space_and_nothing_else(text: str) -> None:
    assert "".join(text[place] for place in visible(text)) == "".join(split(text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("you i d i o t s, pay", ["you", "idiots", ",", "pay"]),
        ("д у р а к и", ["дураки"]),
        ("plan a b c", ["plan", "a", "b", "c"]),
    ],
)
def test_letters_set_apart_are_one_word(text: str, words: list[str]) -> None:
    assert split(text) == words


def test_white_space_is_what_python_calls_so() -> None:
    every = "".join(map(chr, range(0x1_0000)))
    assert [every[place] for place in visible(every)] == [c for c in every if not c.isspace()]


@given(st.text("абвгдеёжзийїіґєыэюяАЯЁЇҐЙżŁe0", min_size=1, max_size=8))
def test_an_invisible_character_changes_no_spelling(word: str) -> None:
    assert normalise("\u200b" + word) == normalise(word)


def test_every_word_of_the_lists_can_be_met() -> None:
    lists = Lists.read()
    for word in (*lists.whole, *lists.prefixes):
        assert split(word) == [word]


def test_a_training_file_that_changed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text("{}\n", "utf-8")
    known = hashlib.sha256(path.read_bytes()).hexdigest()
    check([path], [known])
    path.write_text("{} \n", "utf-8")
    with pytest.raises(CorpusError, match=known):
        check([path], [known])


def test_a_line_that_is_no_case_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text('{"id": "1"}\n', "utf-8")
    with pytest.raises(CorpusError, match=r"cases\.jsonl:1 is not a labelled case"):
        read([path])
