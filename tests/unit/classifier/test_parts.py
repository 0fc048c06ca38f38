"""Long messages are looked at by passages that leave out no word and stand in their own place."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.classifier.tagging.features import encode
from services.classifier.tagging.flags import FLAGS, Flagging
from services.classifier.tagging.lists import Lists
from services.classifier.tagging.parts import FEW, LONG, MOST, READ, Units
from services.classifier.tagging.vocabulary import Vocabulary
from shared.events.tags import Flag

KNOWN = Vocabulary(Lists.read())
PARAGRAPH = "I paid the fee on the third of May. The app shows it twice. Could you look into it? "
SAFETY = FLAGS.index(Flag.SAFETY)


def units(*texts: str) -> Units:
    return Units.of_messages(encode(texts, KNOWN)[0], texts, KNOWN)


def lengths(cut: Units) -> list[int]:
    found: list[int] = (cut.words.ends - cut.words.starts - 1)[cut.messages :].tolist()
    return found


def test_a_message_of_usual_length_is_looked_at_whole() -> None:
    cut = units("fee " * LONG, "Hello.")
    assert not cut.have_passages
    assert cut.of.tolist() == [0, 1]


def test_passages_belong_to_their_message_and_follow_all_messages() -> None:
    cut = units("Hello.", PARAGRAPH * 10, "Thank you.", PARAGRAPH * 6)
    assert cut.of[:4].tolist() == [0, 1, 2, 3]
    assert set(cut.of[4:].tolist()) == {1, 3}
    assert sorted(cut.of[4:].tolist()) == cut.of[4:].tolist()


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 70), min_size=3, max_size=30), st.sampled_from([". ", "\n", "! "]))
def test_passages_hold_every_word_and_none_is_too_long_or_too_short(
    sentences: list[int], end: str
) -> None:
    text = end.join("fee " * words for words in sentences) + end
    cut = units(text)
    if not cut.have_passages:
        return
    assert all(FEW <= length <= MOST + FEW for length in lengths(cut))
    whole = set(cut.words.begin[1 : cut.words.ends[0]].tolist())
    assert set(cut.words.begin[cut.words.ends[0] :].tolist()) - {-1} == whole


def test_passages_are_whole_sentences_and_share_one() -> None:
    text = PARAGRAPH * 10
    cut = units(text)
    places = [
        (int(cut.words.begin[start + 1]), int(cut.words.end[end - 1]))
        for start, end in zip(cut.words.starts[1:], cut.words.ends[1:], strict=True)
    ]
    assert all(begin == 0 or text[begin - 2] in ".?" for begin, _ in places)
    assert all(text[end - 1] in ".?" for _, end in places)
    assert all(after[0] < before[1] for before, after in pairwise(places))


def test_a_reader_is_given_own_lines_only() -> None:
    text = PARAGRAPH * 4 + "\n> You fools, you will regret this\n" + PARAGRAPH * 4
    cut = units(text)
    assert all("fools" not in shown for shown in cut.own_texts([text]))
    assert "".join(cut.own_texts([text])[0]).count("Could you") == 8


def test_a_reader_is_given_a_few_passages_the_least_calm_ones() -> None:
    cut = units("Hello.", PARAGRAPH * 40)
    number = len(cut.of)
    assert number > 20
    calm = np.zeros((number, 4))
    calm[:, 0] = 5.0
    calm[10:20, 0] = np.arange(10)
    none = Flagging(np.full((number, len(FLAGS)), -9.0), np.full((number, len(FLAGS)), 0.5))
    rows = cut.worth_reading(np.arange(number), {"tone": calm}, none)
    assert rows.tolist() == [0, 1, *range(10, 10 + READ)]


def test_the_strongest_sure_passage_outranks_the_rest_and_doubtful_ones_do_not() -> None:
    cut = units(PARAGRAPH * 10)
    z = np.zeros((len(cut.of), 4))
    z[:, 0] = 4.0
    z[2] = [0, 0, 0, 0.5]
    assert cut.settled(z, remarks=True)[1].tolist() == [0]
    z[3], z[4] = [0, 0, 5, 0], [0, 9, 0, 0]
    said, deciding = cut.settled(z, remarks=True)
    assert deciding.tolist() == [3]
    assert said.tolist() == [[0, 0, 5, 0]]


@pytest.mark.parametrize("remarks", [True, False])
@pytest.mark.parametrize("whole", [[4, 0, 0, 0], [0, 4, 0, 0]])
def test_a_calm_message_gives_way_to_a_harsh_sentence_where_that_tells_of_the_target(
    whole: list[float], *, remarks: bool
) -> None:
    text = f"{PARAGRAPH} You are all idiots. {PARAGRAPH}"
    cut = units(text)
    assert len(cut.of) == 2
    assert cut.own_texts([text])[1] == "You are all idiots."
    z = np.array([whole, [0, 0, 0, 9.0]])
    gives_way = remarks and whole[0] > 0
    assert cut.settled(z, remarks=remarks)[1].tolist() == [1 if gives_way else 0]


def test_a_harsh_sentence_is_very_sure_and_says_nothing_of_dangers_nor_is_it_read() -> None:
    cut = units(f"{PARAGRAPH} You are all idiots. {PARAGRAPH}", "You idiots. Thank you.")
    assert cut.of.tolist() == [0, 1, 0]
    z = np.array([[4.0, 0, 0, 0], [4.0, 0, 0, 0], [0, 0, 0, 2.5]])
    assert cut.settled(z, remarks=True)[1].tolist() == [0, 1]
    said = Flagging(np.full((3, len(FLAGS)), 9.0), np.full((3, len(FLAGS)), 0.5))
    assert cut.settled_flags(said)[1].tolist() == [[0] * len(FLAGS), [1] * len(FLAGS)]
    assert cut.worth_reading(np.arange(3), {"tone": z}, said).tolist() == [0, 1]


def test_a_harsh_sentence_may_doubt_whether_it_is_rude_or_abusive() -> None:
    cut = units(f"{PARAGRAPH} You are all idiots. {PARAGRAPH}")
    for harsh, decides in ([0, 0, 5.0, 5.4], 1), ([0, 5.0, 0, 5.4], 0):
        z = np.array([[4.0, 0, 0, 0], harsh])
        assert cut.settled(z, remarks=True)[1].tolist() == [decides]


def test_what_all_words_add_up_to_counts_for_nothing() -> None:
    cut = units(PARAGRAPH * 10)
    z = np.zeros((len(cut.of), 4))
    z[1:, 0] = 2.0
    z[0] = [0, 0, 0, 99]
    said, deciding = cut.settled(z, remarks=True)
    assert deciding.tolist() == [0]
    assert said[0].tolist() == pytest.approx([2, 0, 0, 0])


def test_a_danger_is_that_of_the_passage_where_it_is_likely() -> None:
    cut = units(PARAGRAPH * 10)
    logits = np.full((len(cut.of), len(FLAGS)), -3.0)
    logits[0] = 9.0
    logits[4, SAFETY] = 2.0
    said, deciding = cut.settled_flags(Flagging(logits, np.full(logits.shape, 0.5)))
    assert deciding[0].tolist() == [4 if flag is Flag.SAFETY else 0 for flag in FLAGS]
    raised = {flag for flag, up in zip(FLAGS, said.raised[0], strict=True) if up}
    assert raised == set(FLAGS) - {Flag.VULNERABLE}
