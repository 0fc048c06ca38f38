"""What is known of every word met so far, and the numbers of a message's words.

Invariant: what is known of a word depends on nothing but the word. A word that the customer only
reports is meant as any reported word.
"""

import re
import zlib
from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.classifier.tagging.growing import Growing
from services.classifier.tagging.hashing import DISGUISED, NOTHING, SHOUTED, Ints
from services.classifier.tagging.lists import Lists, Meaning, Phrase
from services.classifier.tagging.reported import may_report, reported
from services.classifier.tagging.transliterated import (
    Signs,
    Source,
    in_cyrillic,
    signs_of,
    source,
)
from services.classifier.tagging.turns import others
from services.classifier.tagging.words import is_disguised, is_shouted, normalise, split, visible

_LATIN: Final = re.compile(r"[A-Za-z]")
_MANY_WORDS: Final = 200_000
_REPORTED, _REPORTED_HARSH = _MARKS = ("<reported>", "<reported harsh>")
"""Stand for any word that is somebody else's; no word of a message can be spelt like them."""

HASH, GROUP, VISIBLE_GROUP, KIND, LENGTH, SHAPE, PARTNERS, WANTED, VISIBLE_WANTED = range(9)
"""Columns of `Vocabulary.table`. SHAPE is a row of word shapes, NOTHING when there is none.

PARTNERS are the bits of phrases' words that the word may be, WANTED the bits of those that must
stand near it in some phrase that it is the longest word of.
"""
_COLUMNS: Final = 9
UNSEEN, MANNER, CONTENT = range(3)
"""Kinds: nothing visible remains, a sign or a word of manner, any other word."""


class Vocabulary:
    """Every word met so far; what is known of a word depends on nothing but the word.

    Not for use from two threads at a time.
    """

    def __init__(self, lists: Lists) -> None:
        self.lists = lists
        self.number: dict[str, int] = {}
        self.plain: list[str] = []
        self.phrases: dict[int, tuple[list[Phrase], list[Phrase]]] = {}
        self.groups: dict[frozenset[int], int] = {}
        self.members: list[frozenset[int]] = []
        self._signs: dict[str, Signs | None] = {}
        self._table = Growing(_COLUMNS)
        self._learnt: list[int] = []
        self._harsh: list[bool] = []
        self.group_of(frozenset())
        self._learn("")

    def is_full(self) -> bool:
        """Tell whether it is time for a new vocabulary, so that memory stays bounded."""
        return len(self.plain) > _MANY_WORDS

    def group_of(self, concepts: frozenset[int]) -> int:
        """Return the number of a set of concepts."""
        if concepts not in self.groups:
            self.groups[concepts] = len(self.members)
            self.members.append(concepts)
        return self.groups[concepts]

    def numbers(self, text: str) -> tuple[list[int], list[int]]:
        """Return the number of each word of the text, in order: as it stands, and as it is meant.

        Where words are somebody else's, what is meant is only that something was reported.
        """
        known = self.number
        words = split(text)
        if (language := self._source(text, words)) is not None:
            numbers = [self._in_cyrillic(word, language) for word in words]
        else:
            numbers = [known[word] if word in known else self._learn(word) for word in words]
        foreign = others(text)
        if not foreign and not may_report(text):
            return numbers, numbers
        told = reported(words, [self.plain[number] for number in numbers])
        told |= _within(words, text, foreign)
        meant = [self._told(n) if at in told else n for at, n in enumerate(numbers)]
        return numbers, meant

    def _source(self, text: str, words: Sequence[str]) -> Source | None:
        """Return the language behind Latin letters, told by words that are none of manner."""
        if _LATIN.search(text) is None:
            return None
        known = self._signs
        signs = [known[word] if word in known else self._learn_signs(word) for word in words]
        return source([found for found in signs if found is not None])

    def _learn_signs(self, word: str) -> Signs | None:
        spelt = {normalise(word), in_cyrillic(word, "ru"), in_cyrillic(word, "uk")}
        manner = self.lists.manner
        tells = not any(is_disguised(p) or self.lists.meaning(p).concepts & manner for p in spelt)
        self._signs[word] = found = signs_of(word) if tells else None
        return found

    def _in_cyrillic(self, word: str, language: Source) -> int:
        """Return the number of a word that is written in Latin letters for Cyrillic ones."""
        key = f"<{language}>{word}"
        if key in self.number:
            return self.number[key]
        return self._learn(word, key=key, plain=in_cyrillic(word, language))

    def _told(self, number: int) -> int:
        """Return the number that stands for a reported word."""
        harsh = self._harsh[number]
        mark = _REPORTED_HARSH if harsh else _REPORTED
        return self.number[mark] if mark in self.number else self._learn(mark)

    def is_told(self, words: Ints) -> NDArray[np.bool_]:
        """Say of each word whether it only stands for a reported one."""
        marks = [self.number[mark] for mark in _MARKS if mark in self.number]
        return np.isin(words, marks)

    @property
    def table(self) -> Ints:
        """What is known of each word, one row a word, in the columns named above."""
        if self._learnt:
            self._table.extend(np.array(self._learnt, np.int64).reshape(-1, _COLUMNS))
            self._learnt.clear()
        return self._table.rows

    def _learn(self, word: str, *, key: str | None = None, plain: str | None = None) -> int:
        number = self.number[key or word] = len(self.plain)
        plain = normalise(word) if plain is None else plain
        meaning = self.lists.meaning(plain)
        concepts = meaning.concepts
        disguised = is_disguised(plain)
        content = bool(plain) and plain[0].isalnum() and not disguised
        kind = CONTENT if content and not concepts & self.lists.manner else MANNER
        shape = DISGUISED if disguised else SHOUTED if is_shouted(word) else NOTHING
        self.plain.append(plain)
        self._harsh.append(not concepts.isdisjoint(self.lists.manner))
        wanted, visible_wanted = self._expect(number, meaning) if meaning.anchored else (0, 0)
        self._learnt += (
            zlib.crc32(plain.encode("utf-8", "surrogatepass")),
            self.group_of(concepts),
            self.group_of(concepts - self.lists.manner - self.lists.flags),
            kind if plain else UNSEEN,
            len(word),
            shape,
            meaning.partners,
            wanted,
            visible_wanted,
        )
        return number

    def _expect(self, number: int, meaning: Meaning) -> tuple[int, int]:
        """Keep the phrases around a word, those of fault apart; return the bits of both kinds."""
        fault = self.lists.fault
        kinds = (
            [phrase for phrase in meaning.anchored if phrase.concept not in fault],
            [phrase for phrase in meaning.anchored if phrase.concept in fault],
        )
        self.phrases[number] = kinds
        full, of_fault = (reduce(or_, (phrase.bit for phrase in kind), 0) for kind in kinds)
        return full, of_fault


def _within(words: Sequence[str], text: str, spans: Sequence[tuple[int, int]]) -> set[int]:
    """Return the places of the words that stand in these spans of their text."""
    if not spans:
        return set()
    shown = visible(text)
    first = shown[np.cumsum([0, *(len(word) for word in words[:-1])])]
    begins, ends = np.array(spans).T
    span = np.maximum(np.searchsorted(begins, first, side="right") - 1, 0)
    return set(np.flatnonzero((begins[span] <= first) & (first < ends[span])).tolist())
