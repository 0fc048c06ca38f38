# ruff: noqa: RUF001 - Cyrillic look-alikes
"""Ways to disguise or mistype the words of a message, as many of them as asked.

A disguise takes a word and returns it changed, or as it was where it cannot be disguised so.
"""

import random
from collections.abc import Callable
from functools import cache
from typing import Final

from services.classifier.tagging.lists import Lists
from services.classifier.tagging.words import normalise

Disguise = Callable[[str, random.Random], str]

STRONG: Final = ("insult", "vulgar", "contempt")
"""Concepts of the words that people star out."""
SIGNS: Final = ".,!?:;()«»„”\"'-"

LOOK_ALIKE: Final = str.maketrans("aceopxyасеорху", "асеорхуaceopxy")
LEET: Final = str.maketrans("oieaоз", "013@03")


def look_alikes(word: str, chance: random.Random) -> str:
    """Put a letter of another script for one that looks like it."""
    places = [n for n, letter in enumerate(word) if ord(letter) in LOOK_ALIKE]
    if not places:
        return word
    place = chance.choice(places)
    return word[:place] + word[place].translate(LOOK_ALIKE) + word[place + 1 :]


def leet(word: str, _: random.Random) -> str:
    """Put digits and signs for letters."""
    return word.translate(LEET) if len(word) > 3 else word


def zero_width(word: str, chance: random.Random) -> str:
    """Break a word by a character that nobody sees."""
    place = chance.randrange(len(word))
    return f"{word[:place]}\u200b{word[place:]}"


def typo(word: str, chance: random.Random) -> str:
    """Swap two neighbouring letters inside a word."""
    places = [
        n for n in range(1, len(word) - 2) if word[n : n + 2].isalpha() and word[n] != word[n + 1]
    ]
    if not places:
        return word
    place = chance.choice(places)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def spaced(word: str, _: random.Random) -> str:
    """Set the letters of a word apart."""
    return " ".join(word) if len(word) > 3 and word.isalpha() else word


def starred(word: str, chance: random.Random) -> str:
    """Star out a letter inside a strong word, as forums do; of plain words nobody does."""
    bare = normalise(word).strip(SIGNS)
    lists, strong = _strong()
    places = [n for n in range(1, len(word) - 1) if word[n - 1 : n + 2].isalpha()]
    if len(bare) < 4 or not places or not lists.meaning(bare).concepts & strong:
        return word
    place = chance.choice(places)
    return f"{word[:place]}*{word[place + 1 :]}"


@cache
def _strong() -> tuple[Lists, frozenset[int]]:
    lists = Lists.read()
    return lists, frozenset(lists.concepts.index(name) for name in STRONG)


def capitals(word: str, _: random.Random) -> str:
    """Shout a word."""
    return word.upper() if len(word) > 1 else word


DISGUISES: Final[tuple[Disguise, ...]] = (
    look_alikes, leet, zero_width, typo, spaced, starred, capitals,
)  # fmt: skip


def disguised(
    text: str, disguise: Disguise, chance: random.Random, share: float, joint: str = " "
) -> str:
    """Disguise that share of the words, or as many as can be disguised so; joined by `joint`."""
    words = text.split()
    changed = {
        n: other for n, word in enumerate(words) if (other := disguise(word, chance)) != word
    }
    wanted = min(len(changed), round(share * len(words)))
    for n in chance.sample(sorted(changed), wanted):
        words[n] = changed[n]
    return joint.join(words)
