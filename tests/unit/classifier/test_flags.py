"""What is guessed of flags: honest chances, doubts of words alone, and no danger in a joke."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.classifier.tagging.flags import FLAGS, SPOKEN, Flagging
from shared.events.tags import Flag

CHANCES = st.lists(st.floats(0.01, 0.99), min_size=len(FLAGS), max_size=len(FLAGS))


def flagging(chances: list[float], least: float = 0.1) -> Flagging:
    """Say this of two messages."""
    row = np.array(chances)
    logits = np.stack([np.log(row / (1 - row))] * 2)
    return Flagging(logits, np.full(logits.shape, least))


@given(CHANCES)
def test_in_a_joke_a_danger_must_be_likelier_than_not_and_nothing_else_changes(
    chances: list[float],
) -> None:
    said = flagging(chances)
    sober = said.sober(np.array([1]))
    safety = FLAGS.index(Flag.SAFETY)
    assert sober.raised[0].tolist() == said.raised[0].tolist()
    assert bool(sober.raised[1, safety]) == bool(sober.chances[1, safety] >= 0.5)
    rest = [n for n in range(len(FLAGS)) if n != safety]
    assert sober.raised[1, rest].tolist() == said.raised[1, rest].tolist()


@given(CHANCES)
def test_only_flags_of_words_alone_make_a_doubt(chances: list[float]) -> None:
    doubtful = any(
        max(chance, 1 - chance) < 0.9
        for flag, chance in zip(FLAGS, chances, strict=True)
        if flag in SPOKEN and abs(max(chance, 1 - chance) - 0.9) > 1e-9
    )
    near = any(abs(max(chance, 1 - chance) - 0.9) <= 1e-9 for chance in chances)
    assert near or flagging(chances).in_doubt.tolist() == [doubtful] * 2


@given(CHANCES, CHANCES)
def test_what_is_said_anew_of_one_message_leaves_the_others(
    first: list[float], second: list[float]
) -> None:
    said, anew = flagging(first), flagging(second)
    revised = said.revised(np.array([1]), anew.logits[1:], np.full(len(FLAGS), 0.4))
    assert revised.logits.tolist() == [said.logits[0].tolist(), anew.logits[1].tolist()]
    assert revised.least.tolist() == [[0.1] * len(FLAGS), [0.4] * len(FLAGS)]
