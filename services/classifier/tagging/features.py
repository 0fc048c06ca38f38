"""From messages to features: one code path for training and for tagging.

A message gives two sequences of words. The *full* one feeds tone, pressure, flags and language; in
it a word that the customer only reports stands for any reported word. The *visible* one feeds
fault: words of manner, signs, capitals and starred-out words are taken out before anything is
looked at, so two messages that differ only in those are one message to it.
Every feature is a row number of a weight table, computed with integer arithmetic only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.classifier.tagging.hashing import NOTHING, Ints, neighbours_buckets
from services.classifier.tagging.lists import GAP
from services.classifier.tagging.vocabulary import (
    CONTENT,
    GROUP,
    HASH,
    KIND,
    LENGTH,
    PARTNERS,
    UNSEEN,
    VISIBLE_GROUP,
    VISIBLE_WANTED,
    WANTED,
    Vocabulary,
)
from services.classifier.tagging.words import visible

REACH: Final = 8
"""Two concepts this many words apart or nearer form a pair."""


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

    def concepts(self, start: int, end: int, known: Vocabulary) -> frozenset[str]:
        """Return the names of the concepts of the words in [start, end)."""
        members = (known.members[group] for group in set(self.group[start:end].tolist()))
        return frozenset(known.lists.concepts[n] for concepts in members for n in concepts)


def encode(texts: Sequence[str], known: Vocabulary) -> tuple[Words, Words]:
    """Return the full and the visible sequence of these messages."""
    word, meaning, begin, end = _read(texts, known)
    kind = known.table[word, KIND]
    shown = (kind == CONTENT) | (begin < 0)
    full = _full(known, meaning, begin, end, kind)
    return full, _sequence(known, word[shown], begin[shown], end[shown], shown=True)


def verbatim(texts: Sequence[str], known: Vocabulary) -> Words:
    """Return the full sequence of these messages with reported words as they stand."""
    word, _, begin, end = _read(texts, known)
    return _full(known, word, begin, end, known.table[word, KIND])


def _read(texts: Sequence[str], known: Vocabulary) -> tuple[Ints, Ints, Ints, Ints]:
    """Return all words as they stand and as they are meant, where they begin and where they end."""
    numbers: list[int] = []
    meanings: list[int] = []
    lengths: list[int] = []
    for text in texts:
        of_text, meant = known.numbers(text)
        numbers += [0, *of_text]
        meanings += [0, *meant]
        lengths.append(len(of_text) + 1)
    word = np.array(numbers, np.int64)
    begin, end = _places(texts, known.table[word, LENGTH], np.array(lengths))
    return word, np.array(meanings, np.int64), begin, end


def _full(known: Vocabulary, word: Ints, begin: Ints, end: Ints, kind: Ints) -> Words:
    seen = (kind > UNSEEN) | (begin < 0)
    return _sequence(known, word[seen], begin[seen], end[seen], shown=False)


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
