"""What is known of every word met so far, and the numbers of a message's words.

Invariant: what is known of a word depends on nothing but the word. Words on end that the customer
only reports are meant as one mark, however many they are; lines of somebody else as nothing.
"""

import re
import zlib
from collections.abc import Collection, Sequence
from functools import reduce
from operator import or_
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.classifier.tagging.denied import DENIABLE, REMEDIES, Deniable, denied
from services.classifier.tagging.disguised import Disguises
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
from services.classifier.tagging.words import is_disguised, is_shouted, normalise, within

_LATIN: Final = re.compile(r"[A-Za-z]")
_MANY_WORDS: Final = 200_000
_REPORTED, _REPORTED_HARSH = _MARKS = ("<>", "<!>")
"""Each stands for reported words on end, the second where one of them is harsh.

No word of a message can be spelt like them, and no letter of theirs is a word's.
"""
_DENIED: Final = "<~>"
"""Stands for a word that the customer only denies."""
HARSH: Final = frozenset({"insult", "vulgar", "contempt"})
"""Concepts of words that are hard on somebody."""
_NOTHING_MEANT: Final = 0

HASH, GROUP, VISIBLE_GROUP, KIND, LENGTH, SHAPE, PARTNERS = range(7)
WANTED, VISIBLE_WANTED, MANNER_WANTED = range(7, 10)
"""Columns of `Vocabulary.table`. SHAPE is a row of word shapes, NOTHING when there is none.

PARTNERS are the bits of phrases' words that the word may be, WANTED the bits of those that must
stand near it in some phrase that it is the longest word of: in any but those of fault, in those of
fault, in those of manner.
"""
_COLUMNS: Final = 10
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
        self.light: set[str] = set()
        """Signs and words of manner."""
        self.phrases: dict[int, tuple[list[Phrase], ...]] = {}
        self.groups: dict[frozenset[int], int] = {}
        self.members: list[frozenset[int]] = []
        self._signs: dict[str, Signs | None] = {}
        self._disguises = Disguises(lists)
        self._table = Growing(_COLUMNS)
        self._learnt: list[int] = []
        self._harsh: list[bool] = []
        self._deniable: list[Deniable | None] = []
        self._remedies: dict[int, list[Phrase]] = {}
        self._is_harsh = frozenset(n for n, name in enumerate(lists.concepts) if name in HARSH)
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

        Where words are somebody else's, what is meant is only that something was reported; their
        lines mean nothing, and do not tell how the customer's own are written.
        """
        words = self._disguises.split(text)
        lines = within(words, text, others(text))
        if lines:
            sides = {
                side: iter(
                    self._look_up(text, [w for n, w in enumerate(words) if (n in lines) is side])
                )
                for side in (False, True)
            }
            numbers = [next(sides[n in lines]) for n in range(len(words))]
        else:
            numbers = self._look_up(text, words)
            if not may_report(text):
                return numbers, self._undenied(text, numbers, numbers)
        return numbers, self._undenied(text, numbers, self._meant(words, numbers, lines))

    def _look_up(self, text: str, words: Sequence[str]) -> list[int]:
        if (language := self._source(text, words)) is not None:
            return [self._in_cyrillic(word, language) for word in words]
        known = self.number
        return [known[word] if word in known else self._learn(word) for word in words]

    def _meant(
        self, words: Sequence[str], numbers: Sequence[int], lines: Collection[int]
    ) -> list[int]:
        harsh = [self._harsh[number] for number in numbers]
        told = reported(words, [self.plain[number] for number in numbers], harsh, lines)
        meant = [_NOTHING_MEANT if n in lines else number for n, number in enumerate(numbers)]
        mark = _NOTHING_MEANT
        for n in sorted(told - set(lines)):
            if n - 1 not in told:
                mark = n
                meant[mark] = self._mark(_REPORTED)
            else:
                meant[n] = _NOTHING_MEANT
            if harsh[n]:
                meant[mark] = self._mark(_REPORTED_HARSH)
        return meant

    def _undenied(self, text: str, numbers: list[int], meant: list[int]) -> list[int]:
        """Return what is meant, with a mark in place of what the customer only denies."""
        if self.lists.denials.may_deny.search(text) is None:
            return meant
        kinds = [self._deniable[number] for number in numbers]
        phrases = {n: self._remedies[w] for n, w in enumerate(numbers) if w in self._remedies}
        if not phrases and not any(kinds):
            return meant
        found = list(meant)
        for at in denied([self.plain[number] for number in numbers], kinds, phrases, self.lists):
            if meant[at] == numbers[at]:
                found[at] = self._mark(_DENIED)
        return found

    def _source(self, text: str, words: Sequence[str]) -> Source | None:
        """Return the language behind Latin letters, told by words that are none of manner."""
        if _LATIN.search(text) is None:
            return None
        known = self._signs
        signs = [known[word] if word in known else self._learn_signs(word) for word in words]
        return source([found for found in signs if found is not None])

    def _learn_signs(self, word: str) -> Signs | None:
        spelt = {self._spelling(word), in_cyrillic(word, "ru"), in_cyrillic(word, "uk")}
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

    def _mark(self, mark: str) -> int:
        return self.number[mark] if mark in self.number else self._learn(mark)

    def is_told(self, words: Ints) -> NDArray[np.bool_]:
        """Say of each word whether it only stands for reported ones."""
        marks = [self.number[mark] for mark in _MARKS if mark in self.number]
        return np.isin(words, marks)

    @property
    def table(self) -> Ints:
        """What is known of each word, one row a word, in the columns named above."""
        if self._learnt:
            self._table.extend(np.array(self._learnt, np.int64).reshape(-1, _COLUMNS))
            self._learnt.clear()
        return self._table.rows

    def _spelling(self, word: str) -> str:
        """Return the spelling under which a word is looked up, disguised or not."""
        plain = normalise(word)
        if self.lists.meaning(plain).concepts:
            return plain
        return self._disguises.reading(word) or plain

    def _learn(self, word: str, *, key: str | None = None, plain: str | None = None) -> int:
        number = self.number[key or word] = len(self.plain)
        plain = self._spelling(word) if plain is None else plain
        meaning = self.lists.meaning(plain)
        concepts = meaning.concepts
        disguised = is_disguised(plain)
        content = bool(plain) and plain[0].isalnum() and not disguised
        kind = CONTENT if content and not concepts & self.lists.manner else MANNER
        if kind == MANNER:
            self.light.add(plain)
        shape = DISGUISED if disguised else SHOUTED if is_shouted(word) else NOTHING
        self.plain.append(plain)
        self._harsh.append(not concepts.isdisjoint(self._is_harsh))
        names = {self.lists.concepts[concept] for concept in concepts}
        self._deniable.append(next((k for name, k in DENIABLE.items() if name in names), None))
        wanted = self._expect(number, meaning) if meaning.anchored else (0, 0, 0)
        self._learnt += (
            zlib.crc32(plain.encode("utf-8", "surrogatepass")),
            self.group_of(concepts),
            self.group_of(concepts - self.lists.manner - self.lists.flags),
            kind if plain else UNSEEN,
            len(word),
            shape,
            meaning.partners,
            *wanted,
        )
        return number

    def _expect(self, number: int, meaning: Meaning) -> tuple[int, ...]:
        """Keep the phrases around a word by kind, in the order of WANTED; return each kind's bits.

        The kinds are all but those of fault, those of fault, and those of manner.
        """
        fault, manner = self.lists.fault, self.lists.manner
        kinds = (
            [phrase for phrase in meaning.anchored if phrase.concept not in fault],
            [phrase for phrase in meaning.anchored if phrase.concept in fault],
            [phrase for phrase in meaning.anchored if phrase.concept in manner],
        )
        self.phrases[number] = kinds
        concepts = self.lists.concepts
        if remedies := [p for p in meaning.anchored if concepts[p.concept] in REMEDIES]:
            self._remedies[number] = remedies
        return tuple(reduce(or_, (phrase.bit for phrase in kind), 0) for kind in kinds)
