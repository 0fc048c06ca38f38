"""From messages to features: one code path for training and for tagging.

A message gives two sequences of words. The *full* one feeds tone, pressure, flags and language; in
it a word that the customer only reports stands for any reported word. The *visible* one feeds
fault: words of manner, signs, capitals and starred-out words are taken out before anything is
looked at, so two messages that differ only in those are one message to it.
Every feature is a row number of a weight table, computed with integer arithmetic only.
"""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.classifier.tagging.growing import Growing
from services.classifier.tagging.hashing import (
    DISGUISED,
    NOTHING,
    SHOUTED,
    Ints,
    neighbours_buckets,
)
from services.classifier.tagging.lists import GAP, Lists, Meaning, Phrase
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

REACH: Final = 8
"""Two concepts this many words apart or nearer form a pair."""

_LATIN: Final = re.compile(r"[A-Za-z]")
_MANY_WORDS: Final = 200_000
_REPORTED, _REPORTED_HARSH = "<reported>", "<reported harsh>"
"""Stand for any word that is somebody else's; no word of a message can be spelt like them."""


@dataclass(frozen=True, slots=True)
class Sequel:
    """Words of many messages on end."""

    word: Ints
    starts: Ints
    ends: Ints
    message: Ints


@dataclass(frozen=True, slots=True)
class Words:
    """A sequence of words of many messages on end, each with the rows of its context."""

    starts: Ints  # index of each message's opening mark
    ends: Ints  # index after each message's last word
    message: Ints  # number of the message that the word belongs to
    begin: Ints  # where the word begins in its message, in code points; -1 is the opening mark
    end: Ints  # where it ends
    word: Ints  # number in the vocabulary; 0 is the opening mark
    group: Ints  # number of the set of concepts that it stands for; 0 is the empty set
    left: Ints  # row of this word with the one before it
    left_group: Ints  # the last group before it within reach; 0 when there is none

    @property
    def have_any(self) -> NDArray[np.bool_]:
        """Whether each message has any word."""
        return (self.ends - self.starts) > 1

    def concepts(self, start: int, end: int, known: "Vocabulary") -> frozenset[str]:
        """Return the names of the concepts of the words in [start, end)."""
        members = (known.members[group] for group in set(self.group[start:end].tolist()))
        return frozenset(known.lists.concepts[n] for concepts in members for n in concepts)


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


def encode(texts: Sequence[str], known: Vocabulary) -> tuple[Words, Words]:
    """Return the full and the visible sequence of these messages."""
    numbers: list[int] = []
    meanings: list[int] = []
    lengths: list[int] = []
    for text in texts:
        of_text, meant = known.numbers(text)
        numbers += [0, *of_text]
        meanings += [0, *meant]
        lengths.append(len(of_text) + 1)
    word, meaning = np.array(numbers, np.int64), np.array(meanings, np.int64)
    begin, end = _places(texts, known.table[word, LENGTH], np.array(lengths))
    kind = known.table[word, KIND]
    shown = (kind == CONTENT) | (begin < 0)
    seen = (kind > UNSEEN) | (begin < 0)
    full = _sequence(known, meaning[seen], begin[seen], end[seen], shown=False)
    return full, _sequence(known, word[shown], begin[shown], end[shown], shown=True)


def _places(texts: Sequence[str], characters: Ints, words: Ints) -> tuple[Ints, Ints]:
    """Return where each word begins and ends in its message, given how long each is."""
    place = np.append(visible("".join(texts)), 0)
    after = np.cumsum(characters)
    lengths = np.array([len(text) for text in texts])
    offset = np.repeat(np.cumsum(lengths) - lengths, words)
    begin, end = place[after - characters] - offset, place[after - 1] + 1 - offset
    begin[np.cumsum(words) - words] = -1
    return begin, end


def _sequence(known: Vocabulary, word: Ints, begin: Ints, end: Ints, *, shown: bool) -> Words:
    starts = np.flatnonzero(begin < 0)
    ends = np.append(starts[1:], len(word))
    message = np.repeat(np.arange(len(starts)), ends - starts)
    about = known.table[word]
    group = about[:, VISIBLE_GROUP if shown else GROUP].copy()
    wanted = about[:, VISIBLE_WANTED if shown else WANTED]
    anchors = np.flatnonzero(wanted & _around(about[:, PARTNERS]))
    _add_phrases(known, Sequel(word, starts, ends, message), anchors, group, which=int(shown))
    left = np.full(len(word), NOTHING, np.int64)
    hashed = about[:, HASH].astype(np.uint64)
    left[1:] = neighbours_buckets(hashed[:-1], hashed[1:])
    left[starts] = NOTHING
    carrying = np.flatnonzero(group)
    left_group = np.zeros(len(word), np.int64)
    near = (np.diff(carrying) <= REACH) & (message[carrying[1:]] == message[carrying[:-1]])
    left_group[carrying[1:][near]] = group[carrying[:-1][near]]
    return Words(starts, ends, message, begin, end, word, group, left, left_group)


def _around(bits: Ints) -> Ints:
    """Return for each word the bits of the words so near that they may be its phrase's next."""
    found = np.zeros_like(bits)
    for distance in range(1, GAP + 2):
        found[distance:] |= bits[:-distance]
        found[:-distance] |= bits[distance:]
    return found


def _add_phrases(known: Vocabulary, words: Sequel, anchors: Ints, group: Ints, which: int) -> None:
    """Add to the groups of these words the concepts of the phrases that stand around them."""
    if not len(anchors):
        return
    low = words.starts[words.message[anchors]] + 1
    high = words.ends[words.message[anchors]]
    first, last = np.maximum(low, anchors - known.lists.reach), anchors + 1 + known.lists.reach
    number, plain = words.word.tolist(), known.plain
    for anchor, begin, end in zip(
        anchors.tolist(), first.tolist(), np.minimum(high, last).tolist(), strict=True
    ):
        before = [plain[n] for n in number[begin:anchor]][::-1]
        after = [plain[n] for n in number[anchor + 1 : end]]
        found = {
            phrase.concept
            for phrase in known.phrases[number[anchor]][which]
            if phrase.stands_between(before, after)
        }
        if found:
            group[anchor] = known.group_of(known.members[group[anchor]] | found)
