"""From messages to features: one code path for training and for tagging.

A message gives two sequences of words. The *full* one feeds tone, pressure, flags and language; in
it words on end that the customer only reports are one mark, and somebody else's lines are taken
out, so that a quotation weighs the same however long it is. The *visible* one feeds
fault: words of manner, alone or of a whole phrase, signs, capitals and starred-out words are taken
out before anything is looked at, so two messages that differ only in those are one message to it.
Every feature is a row number of a weight table, computed with integer arithmetic only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.classifier.tagging.hashing import NOTHING, Ints, neighbours_buckets
from services.classifier.tagging.lists import GAP, Phrase
from services.classifier.tagging.vocabulary import (
    CONTENT,
    GROUP,
    HASH,
    KIND,
    LENGTH,
    MANNER_WANTED,
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
    told: Ints  # numbers of the messages of which words are taken out, being somebody else's

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
    shown = ((kind == CONTENT) & ~_of_manner(known, word, begin, kind)) | (begin < 0)
    full = _full(known, meaning, begin, end)
    full = replace(full, told=np.unique(_sequel(word, begin).message[word != meaning]))
    return full, _sequence(known, word[shown], begin[shown], end[shown], shown=True)


def verbatim(texts: Sequence[str], known: Vocabulary) -> Words:
    """Return the full sequence of these messages with reported words as they stand."""
    word, _, begin, end = _read(texts, known)
    return _full(known, word, begin, end)


def as_messages(words: Words, at: Ints, known: Vocabulary) -> Words:
    """Return these words of a full sequence as messages of their own.

    Each begins with the opening mark of the message that it is taken from.
    """
    return _full(known, words.word[at], words.begin[at], words.end[at])


def joined(first: Words, second: Words) -> Words:
    """Return the messages of both on end; what is told of others stays that of the first."""
    size, messages = len(first.word), len(first.starts)

    def both(one: Ints, other: Ints, offset: int = 0) -> Ints:
        return np.concatenate([one, other + offset])

    return Words(
        starts=both(first.starts, second.starts, size),
        ends=both(first.ends, second.ends, size),
        message=both(first.message, second.message, messages),
        begin=both(first.begin, second.begin),
        end=both(first.end, second.end),
        word=both(first.word, second.word),
        group=both(first.group, second.group),
        left=both(first.left, second.left),
        left_group=both(first.left_group, second.left_group),
        told=first.told,
    )


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


def _full(known: Vocabulary, word: Ints, begin: Ints, end: Ints) -> Words:
    seen = (known.table[word, KIND] > UNSEEN) | (begin < 0)
    return _sequence(known, word[seen], begin[seen], end[seen], shown=False)


def _of_manner(known: Vocabulary, word: Ints, begin: Ints, kind: Ints) -> NDArray[np.bool_]:
    """Say of each word whether it is part of a phrase of manner.

    Here only signs and other words of manner may stand between two words of a phrase: those change
    nothing for fault wherever they stand, and a phrase does not reach into what else is said. A
    word is part of one phrase only, the longest.
    """
    seen = np.flatnonzero((kind == CONTENT) | (known.table[word, GROUP] > 0) | (begin < 0))
    words = _sequel(word[seen], begin[seen])
    anchors = np.flatnonzero(known.table[words.word, MANNER_WANTED])
    places = [
        seen[np.array(found_at) + anchor]
        for anchor, phrases, before, after in _phrases(known, words, anchors, MANNER_WANTED)
        for phrase in phrases
        if (found_at := phrase.places_between(before, after, gap=0, light=known.light))
    ]
    found = np.zeros(len(word), np.bool_)
    for at in sorted(places, key=len, reverse=True):
        found[at] |= not found[at].any()
    return found


def _places(texts: Sequence[str], characters: Ints, words: Ints) -> tuple[Ints, Ints]:
    """Return where each word begins and ends in its message, given how long each is."""
    place = np.append(visible("".join(texts)), 0)
    after = np.cumsum(characters)
    lengths = np.array([len(text) for text in texts])
    offset = np.repeat(np.cumsum(lengths) - lengths, words)
    begin, end = place[after - characters] - offset, place[after - 1] + 1 - offset
    begin[np.cumsum(words) - words] = -1
    return begin, end


def _sequel(word: Ints, begin: Ints) -> Sequel:
    starts = np.flatnonzero(begin < 0)
    ends = np.append(starts[1:], len(word))
    message = np.repeat(np.arange(len(starts)), ends - starts)
    return Sequel(word, starts, ends, message)


def _sequence(known: Vocabulary, word: Ints, begin: Ints, end: Ints, *, shown: bool) -> Words:
    sequel = _sequel(word, begin)
    starts, ends, message = sequel.starts, sequel.ends, sequel.message
    about = known.table[word]
    group = about[:, VISIBLE_GROUP if shown else GROUP].copy()
    wanted = VISIBLE_WANTED if shown else WANTED
    _add_phrases(known, sequel, _anchors(known, word, wanted), group, wanted)
    left = np.full(len(word), NOTHING, np.int64)
    hashed = about[:, HASH].astype(np.uint64)
    left[1:] = neighbours_buckets(hashed[:-1], hashed[1:])
    left[starts] = NOTHING
    carrying = np.flatnonzero(group)
    left_group = np.zeros(len(word), np.int64)
    near = (np.diff(carrying) <= REACH) & (message[carrying[1:]] == message[carrying[:-1]])
    left_group[carrying[1:][near]] = group[carrying[:-1][near]]
    told = np.empty(0, np.int64)
    return Words(starts, ends, message, begin, end, word, group, left, left_group, told)


def _anchors(known: Vocabulary, word: Ints, wanted: int) -> Ints:
    """Return the words of which a phrase of this kind may be found: its next word may be near."""
    bits = known.table[word, wanted]
    places = np.flatnonzero(bits)
    near = np.zeros_like(places)
    for distance in range(1, GAP + 2):
        for place in (
            np.maximum(places - distance, 0),
            np.minimum(places + distance, len(word) - 1),
        ):
            near |= known.table[word[place], PARTNERS]
    found: Ints = places[(bits[places] & near) > 0]
    return found


def _add_phrases(known: Vocabulary, words: Sequel, anchors: Ints, group: Ints, wanted: int) -> None:
    """Add to the groups of these words the concepts of the phrases that stand around them."""
    for anchor, phrases, before, after in _phrases(known, words, anchors, wanted):
        found = {phrase.concept for phrase in phrases if phrase.stands_between(before, after)}
        if found:
            group[anchor] = known.group_of(known.members[group[anchor]] | found)


def _phrases(
    known: Vocabulary, words: Sequel, anchors: Ints, wanted: int
) -> Iterator[tuple[int, list[Phrase], list[str], list[str]]]:
    """Return each of these words with its phrases and the words before and after, nearest first."""
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
        yield anchor, known.phrases[number[anchor]][wanted - WANTED], before, after
