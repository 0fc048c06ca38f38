"""From messages to features: one code path for training and for tagging.

A message gives two sequences of words. The *full* one feeds tone, pressure, flags and language. The
*visible* one feeds fault: words of manner, signs, capitals and starred-out words are taken out
before anything is looked at, so two messages that differ only in those are one message to it.
Every feature is a row number of a weight table, computed with integer arithmetic only.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
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
from services.classifier.tagging.lists import Lists, Phrase
from services.classifier.tagging.words import is_disguised, is_shouted, normalise, split

REACH: Final = 8
"""Two concepts this many words apart or nearer form a pair."""

_MANY_WORDS: Final = 200_000


@dataclass(frozen=True, slots=True)
class Sequel:
    """Words of many messages on end."""

    word: Ints
    starts: Ints
    message: Ints


@dataclass(frozen=True, slots=True)
class Words:
    """A sequence of words of many messages on end, each with the rows of its context."""

    starts: Ints  # index of each message's opening mark
    message: Ints  # number of the message that the word belongs to
    place: Ints  # index of the word among all words of its message; -1 is the opening mark
    word: Ints  # number in the vocabulary; 0 is the opening mark
    left: Ints  # row of this word with the one before it
    group: Ints  # number of the set of concepts that it stands for; 0 is the empty set
    left_group: Ints  # the last group before it within reach; 0 when there is none

    @property
    def have_any(self) -> NDArray[np.bool_]:
        """Whether each message has any word."""
        return np.diff(np.append(self.starts, len(self.word))) > 1

    def concepts(self, start: int, end: int, known: "Vocabulary") -> frozenset[str]:
        """Return the names of the concepts of the words in [start, end)."""
        members = (known.members[group] for group in set(self.group[start:end].tolist()))
        return frozenset(known.lists.concepts[n] for concepts in members for n in concepts)


HASH, GROUP, VISIBLE_GROUP, KIND, ANCHOR, SHAPE = range(6)
"""Columns of `Vocabulary.table`. SHAPE is a row of word shapes, NOTHING when there is none."""
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
        self._table = Growing(6)
        self._learnt: list[tuple[int, int, int, int, int, int]] = []
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

    def numbers(self, text: str) -> list[int]:
        """Return the number of each word of the text, in order."""
        known = self.number
        return [known[word] if word in known else self._learn(word) for word in split(text)]

    @property
    def table(self) -> Ints:
        """What is known of each word, one row a word, in the columns named above."""
        if self._learnt:
            self._table.extend(np.array(self._learnt, np.int64))
            self._learnt.clear()
        return self._table.rows

    def _learn(self, word: str) -> int:
        number = self.number[word] = len(self.plain)
        plain = normalise(word)
        concepts = self.lists.concepts_of(plain)
        disguised = is_disguised(plain)
        content = bool(plain) and plain[0].isalnum() and not disguised
        kind = CONTENT if content and not concepts & self.lists.manner else MANNER
        phrases, anchors = self.lists.phrases_around(plain), 0
        shape = DISGUISED if disguised else SHOUTED if is_shouted(word) else NOTHING
        self.plain.append(plain)
        if phrases:
            of_fault = [phrase for phrase in phrases if phrase.concept in self.lists.fault]
            self.phrases[number] = (
                [phrase for phrase in phrases if phrase not in of_fault],
                of_fault,
            )
            anchors = 1 * bool(self.phrases[number][0]) + 2 * bool(of_fault)
        self._learnt.append(
            (
                zlib.crc32(plain.encode("utf-8", "surrogatepass")),
                self.group_of(concepts),
                self.group_of(concepts - self.lists.manner),
                kind if plain else UNSEEN,
                anchors,
                shape,
            )
        )
        return number


def encode(texts: Sequence[str], known: Vocabulary) -> tuple[Words, Words]:
    """Return the full and the visible sequence of these messages."""
    numbers: list[int] = []
    lengths: list[int] = []
    for text in texts:
        of_text = known.numbers(text)
        numbers.append(0)
        numbers += of_text
        lengths.append(len(of_text) + 1)
    word = np.array(numbers, np.int64)
    place = np.arange(len(word)) - np.repeat(np.cumsum(lengths) - lengths, lengths) - 1
    kind = known.table[word, KIND]
    shown = (kind == CONTENT) | (place < 0)
    seen = (kind > UNSEEN) | (place < 0)
    full = _sequence(known, word[seen], place[seen], shown=False)
    return full, _sequence(known, word[shown], place[shown], shown=True)


def _sequence(known: Vocabulary, word: Ints, place: Ints, *, shown: bool) -> Words:
    starts = np.flatnonzero(place < 0)
    message = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(word))))
    about = known.table[word]
    group = about[:, VISIBLE_GROUP if shown else GROUP].copy()
    anchors = np.flatnonzero(about[:, ANCHOR] & (2 if shown else 1))
    _add_phrases(known, Sequel(word, starts, message), anchors, group, which=int(shown))
    left = np.full(len(word), NOTHING, np.int64)
    hashed = about[:, HASH].astype(np.uint64)
    left[1:] = neighbours_buckets(hashed[:-1], hashed[1:])
    left[starts] = NOTHING
    carrying = np.flatnonzero(group)
    left_group = np.zeros(len(word), np.int64)
    near = (np.diff(carrying) <= REACH) & (message[carrying[1:]] == message[carrying[:-1]])
    left_group[carrying[1:][near]] = group[carrying[:-1][near]]
    return Words(starts, message, place, word, left, group, left_group)


def _add_phrases(known: Vocabulary, words: Sequel, anchors: Ints, group: Ints, which: int) -> None:
    """Add to the groups of these words the concepts of the phrases that stand around them."""
    bounds = np.append(words.starts, len(words.word))
    first = bounds[words.message[anchors]] + 1
    last = bounds[words.message[anchors] + 1]
    plain = [known.plain[n] for n in words.word.tolist()]
    numbers = words.word[anchors].tolist()
    for anchor, number, low, high in zip(
        anchors.tolist(), numbers, first.tolist(), last.tolist(), strict=True
    ):
        found = {
            phrase.concept
            for phrase in known.phrases[number][which]
            if phrase.stands_at(plain, anchor, low, high)
        }
        if found:
            group[anchor] = known.group_of(known.members[group[anchor]] | found)
