# ruff: noqa: RUF001 - Cyrillic look-alikes
"""Disguised and mistyped messages: what that costs on labelled cases that were not trained on.

Only the difference is looked at, never which case went wrong.
"""

import random
from collections.abc import Callable, Sequence
from functools import cache
from itertools import cycle, product
from pathlib import Path

import pytest

from services.classifier.tagging import Tier
from services.classifier.training.corpus import Case, read
from services.classifier.training.evaluate import Outcome, macro_f1, outcomes
from tests.unit.classifier_suites.disguises import (
    DISGUISES,
    Disguise,
    capitals,
    disguised,
    leet,
    look_alikes,
    spaced,
    starred,
    typo,
    zero_width,
)
from tests.unit.classifier_suites.tiers import sample, stays_within, tagger

DATA = Path(__file__).parents[4] / "shared" / "data"
FILES = tuple(DATA / name for name in ("cases_dev_en_pl.jsonl", "cases_dev_ru_uk.jsonl"))
ALLOWED = 0.03
TARGETS = ("tone", "pressure", "fault")
MISSED: dict[tuple[Disguise, str], float] = {
    (typo, "tone"): 0.1,
    (typo, "pressure"): 0.15,
    (typo, "fault"): 0.08,
    (spaced, "tone"): 0.045,
    (spaced, "pressure"): 0.045,
    (spaced, "fault"): 0.045,
}
"""Of three words in ten: what costs more than is allowed, and how much at most."""
SHORT = 160
SAMPLE = 120
"""So many short cases the slow tier reads, plain and disguised, in eight seconds.

In 60 of any length, which take longer, two cases that change cost .058.
"""

pytestmark = pytest.mark.skipif(
    not all(path.is_file() for path in FILES), reason="the labelled cases are not there"
)

RUSSIAN = dict(zip("абвгдеёзийклмнопрстуфыэ", "abvgdeeziyklmnoprstufye", strict=True)) | {
    "ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ь": "",
    "ю": "yu", "я": "ya",
}  # fmt: skip
UKRAINIAN = dict(zip("абвгґдезиіїйклмнопрстуф", "abvhgdezyiiyklmnoprstuf", strict=True)) | {
    "є": "ye", "ї": "yi", "ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch",
    "ь": "", "ю": "yu", "я": "ya", "’": "", "'": "",
}  # fmt: skip


def in_latin(text: str, letters: dict[str, str]) -> str:
    """Write Cyrillic in Latin letters, as people without the keyboard do."""
    return "".join(
        letters.get(letter.lower(), letter).capitalize()
        if letter.isupper()
        else letters.get(letter, letter)
        for letter in text
    )


@cache
def cases() -> tuple[Case, ...]:
    return tuple(read(FILES))


@cache
def plain(tier: Tier) -> Sequence[Outcome]:
    """Tag the cases as they are: all of them, or some short ones."""
    if tier == "fast":
        return outcomes(tagger(tier), cases())
    short = [case for case in cases() if len(case.text) <= SHORT]
    return outcomes(tagger(tier), sample(short, tier, SAMPLE))


@cache
def costs(tier: Tier, disguise: Disguise | None, share: float) -> dict[str, float]:
    """Return what a disguise costs each target; without one, all of them in turn."""
    chance = random.Random(1)
    ways = DISGUISES if disguise is None else (disguise,)
    shown = [
        disguised(outcome.case.text, way, chance, share)
        for outcome, way in zip(plain(tier), cycle(ways), strict=False)
    ]
    return lost(tier, plain(tier), shown)


def lost(tier: Tier, known: Sequence[Outcome], texts: Sequence[str]) -> dict[str, float]:
    """Return what it costs each target that known cases have these texts."""
    shown = [
        outcome.case.model_copy(update={"text": text})
        for outcome, text in zip(known, texts, strict=True)
    ]
    other = outcomes(tagger(tier), shown)
    return {target: macro_f1(known, target) - macro_f1(other, target) for target in TARGETS}


@cache
def in_letters(change: Callable[[str], str]) -> dict[str, float]:
    return lost("fast", plain("fast"), [change(case.text) for case in cases()])


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_disguise_of_one_word_in_ten_costs_little(disguise: Disguise, target: str) -> None:
    assert costs("fast", disguise, 0.1)[target] <= ALLOWED


# To shout three words in ten is a tone, so there capitals must cost the other targets little.
@pytest.mark.parametrize(
    ("disguise", "target"),
    [
        *product((look_alikes, leet, zero_width, starred, typo, spaced), TARGETS),
        (capitals, "pressure"),
        (capitals, "fault"),
    ],
)
def test_a_disguise_of_three_words_in_ten_costs_little(disguise: Disguise, target: str) -> None:
    stays_within(costs("fast", disguise, 0.3)[target], ALLOWED, MISSED.get((disguise, target)))


@pytest.mark.parametrize("target", TARGETS)
def test_disguises_cost_both_tiers_together_little(target: str) -> None:
    assert costs("cascade", None, 0.1)[target] <= ALLOWED


# Three words in ten cannot be starred out: only strong ones are.
@pytest.mark.parametrize("disguise", [way for way in DISGUISES if way is not starred])
def test_three_words_in_ten_are_really_changed(disguise: Disguise) -> None:
    chance = random.Random(1)
    changed = total = 0
    for case in cases():
        words = case.text.split()
        # Letters set apart would be words of their own: a mark that is no space keeps them one.
        whole = disguised(case.text, disguise, chance, 0.3, joint="\x1f").split("\x1f")
        changed += sum(word != other for word, other in zip(words, whole, strict=True))
        total += len(words)
    assert 0.28 <= changed / total <= 0.32


@pytest.mark.parametrize("target", TARGETS)
def test_small_letters_cost_little(target: str) -> None:
    assert in_letters(str.lower)[target] <= ALLOWED


@pytest.mark.parametrize("target", ["pressure", "fault"])
def test_shouting_the_whole_message_costs_pressure_and_fault_little(target: str) -> None:
    assert in_letters(str.upper)[target] <= ALLOWED


@pytest.mark.parametrize("target", TARGETS)
def test_cyrillic_in_latin_letters_costs_little(target: str) -> None:
    assert in_latin_letters()[target] <= ALLOWED


@cache
def in_latin_letters() -> dict[str, float]:
    letters = {"ru": RUSSIAN, "uk": UKRAINIAN}
    known = [outcome for outcome in plain("fast") if outcome.case.lang in letters]
    shown = [in_latin(outcome.case.text, letters[outcome.case.lang]) for outcome in known]
    return lost("fast", known, shown)
