"""HTML mail is read as its text, and offsets stay those of the message."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.classifier import tagging
from services.classifier.tagging import Message
from services.classifier.tagging.markup import blanked

MAIL = (
    "<html><head><title>x</title></head><style>p {color: red}</style><body><p>You are"
    " <b>idiots</b>!</p>&nbsp;<br></body></html>"
)


def test_only_the_text_of_a_mail_is_left() -> None:
    assert blanked(MAIL).split() == ["x", "You", "are", "idiots", "!"]


def test_evidence_points_into_the_mail_as_it_was_sent() -> None:
    proofs = [p for p in tagging.load().tag([Message(MAIL)])[0].evidence if p.target == "tone"]
    assert any("idiots" in MAIL[proof.start : proof.end] for proof in proofs)


@pytest.mark.parametrize("text", ["5 < 6 and 7 > 3", "a <- b", "I <3 you", "x & y; z"])
def test_a_text_without_markup_stays_as_it_is(text: str) -> None:
    assert blanked(text) == text


@given(st.text(st.sampled_from("<>/pbr &;#x1a \n"), max_size=60))
def test_no_character_moves(text: str) -> None:
    assert len(blanked(text)) == len(text)


@pytest.mark.parametrize("piece", ["<p", "<style>", "<p <", "&#1", "</p"])
def test_hostile_markup_takes_no_long_time(piece: str) -> None:
    begun = time.process_time()
    blanked("</p>" + piece * (20_000 // len(piece)))
    assert time.process_time() - begun < 1
