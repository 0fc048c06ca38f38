"""The same story is recognised by numbers, and other stories are not taken for it."""

import random

from hypothesis import given
from hypothesis import strategies as st

from services.decision.stories import ALIKE, NUMBERS, sketch

WORDS = [f"{a}{b}" for a in ("be", "ko", "lu", "mi", "ra", "so", "ti", "wu") for b in "aeiou"]
STORY = " ".join(random.Random(7).choices(WORDS, k=80))


def _alike(one: str, other: str) -> bool:
    return len({*sketch(one)} & {*sketch(other)}) >= ALIKE


def test_a_story_with_another_name_sum_and_day_is_the_same_story() -> None:
    told = f"{STORY} On 3 May I paid 120.50 EUR. Anna"
    again = f"{STORY} On 17 May I paid 80 EUR! Piotr"
    assert _alike(told, again)
    assert sketch(STORY) == sketch(STORY.upper())


def test_a_short_text_is_nobody_s_in_particular() -> None:
    assert sketch("Thank you for your help.") == ()
    assert sketch("thank you " * 40) == ()


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_different_stories_of_the_same_words_are_not_alike(one: int, other: int) -> None:
    told = [" ".join(random.Random(seed).choices(WORDS, k=80)) for seed in (one, other)]
    assert _alike(*told) == (one == other)


@given(st.text(max_size=4000))
def test_any_text_has_a_sketch_that_the_database_can_hold(text: str) -> None:
    numbers = sketch(text)
    assert len(numbers) in {0, NUMBERS}
    assert all(0 <= number < 1 << 63 for number in numbers)
