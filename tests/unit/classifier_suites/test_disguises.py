# ruff: noqa: RUF001 - Cyrillic look-alikes
"""Disguised and mistyped messages: what that costs on labelled cases that were not trained on.

Only the difference is looked at, never which case went wrong.
"""

import random
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from services.classifier import tagging
from services.classifier.training.corpus import Case, read
from services.classifier.training.evaluate import macro_f1, outcomes

DATA = Path(__file__).parents[4] / "shared" / "data"
FILES = tuple(DATA / name for name in ("cases_dev_en_pl.jsonl", "cases_dev_ru_uk.jsonl"))
ALLOWED = 0.03
TARGETS = ("tone", "pressure", "fault")

LOOK_ALIKE = str.maketrans("aceopxyасеорху", "асеорхуaceopxy")
LEET = str.maketrans("oieaоз", "013@03")

pytestmark = pytest.mark.skipif(
    not all(path.is_file() for path in FILES), reason="the labelled cases are not there"
)

Disguise = Callable[[str, random.Random], str]


def look_alikes(word: str, chance: random.Random) -> str:
    place = chance.randrange(len(word))
    return word[:place] + word[place].translate(LOOK_ALIKE) + word[place + 1 :]


def leet(word: str, chance: random.Random) -> str:
    return word.translate(LEET) if len(word) > 3 and chance.random() < 0.5 else word


def zero_width(word: str, chance: random.Random) -> str:
    place = chance.randrange(len(word))
    return f"{word[:place]}\u200b{word[place:]}"


def typo(word: str, chance: random.Random) -> str:
    if len(word) < 5 or chance.random() < 0.7:
        return word
    place = chance.randrange(1, len(word) - 2)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def spaced(word: str, chance: random.Random) -> str:
    return " ".join(word) if len(word) > 3 and chance.random() < 0.1 else word


def small_letters(word: str, _: random.Random) -> str:
    return word.lower()


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
def scores(disguise: Disguise | None) -> dict[str, float]:
    chance = random.Random(1)
    shown = [
        case
        if disguise is None
        else case.model_copy(
            update={
                "text": " ".join(
                    disguise(word, chance) if chance.random() < 0.3 else word
                    for word in case.text.split()
                )
            }
        )
        for case in cases()
    ]
    found = outcomes(tagging.load(), shown)
    return {target: macro_f1(found, target) for target in TARGETS}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("disguise", [look_alikes, leet, zero_width, typo, spaced, small_letters])
def test_a_disguise_costs_little(disguise: Disguise, target: str) -> None:
    assert scores(None)[target] - scores(disguise)[target] <= ALLOWED


@cache
def cyrillic_scores(*, latin: bool) -> dict[str, float]:
    letters = {"ru": RUSSIAN, "uk": UKRAINIAN}
    shown = [
        case.model_copy(update={"text": in_latin(case.text, letters[case.lang])}) if latin else case
        for case in cases()
        if case.lang in letters
    ]
    found = outcomes(tagging.load(), shown)
    return {target: macro_f1(found, target) for target in TARGETS}


@pytest.mark.parametrize("target", TARGETS)
def test_cyrillic_in_latin_letters_costs_little(target: str) -> None:
    lost = cyrillic_scores(latin=False)[target] - cyrillic_scores(latin=True)[target]
    assert lost <= ALLOWED
