"""Sums of weight rows for many messages at once.

All sums are of whole numbers, so a message scores the same alone, in any batch and on any machine.
"""

import numpy as np
from numpy.typing import NDArray

from services.classifier.tagging.features import Words
from services.classifier.tagging.growing import Growing
from services.classifier.tagging.hashing import (
    CONCEPT,
    NEIGHBOURS,
    PAIR,
    Ints,
    pair_rows,
    word_features,
)
from services.classifier.tagging.vocabulary import HASH, SHAPE, Vocabulary
from services.classifier.tagging.weights import Description, columns

Sums = NDArray[np.int32] | NDArray[np.int64]

_SHIFT = 32
_BLOCK = 512
"""So many new words are summed at once: their rows then fit into the processor's cache."""


class Summed:
    """A weight table, with what was already summed per word, concept set and pair of sets.

    A mark of reported words says nothing of the language.
    """

    def __init__(self, table: NDArray[np.int16], known: Vocabulary) -> None:
        self._table = table
        self._known = known
        width = table.shape[1]
        self._words = Growing(width, np.int32)
        self._groups = Growing(width, np.int32)
        self._pairs = Growing(width, np.int32)
        self._pair_number: dict[int, int] = {}

    def per_word(self, words: Words, part: slice) -> Sums:
        """Return what each word adds to these columns, its context included."""
        self._catch_up()
        rows: Sums = self._words.rows[:, part][words.word]
        rows += NEIGHBOURS * self._table[:, part][words.left].astype(np.int32)
        carrying = np.flatnonzero(words.group)
        rows[carrying] += self._groups.rows[:, part][words.group[carrying]]
        paired = np.flatnonzero(words.left_group)
        pair = self._pair(words.left_group[paired], words.group[paired])
        rows[paired] += self._pairs.rows[:, part][pair]
        return rows

    def _catch_up(self) -> None:
        known = self._known
        while (first := len(self._words)) < len(known.plain):
            block = slice(first, first + _BLOCK)
            about = known.table[block]
            rows, owner, count = word_features(
                known.plain[block], about[:, HASH].astype(np.uint64), about[:, SHAPE]
            )
            counted = self._table[rows] * count[:, None].astype(np.int32)
            starts = np.flatnonzero(np.diff(owner, prepend=-1))
            sums = np.add.reduceat(counted, starts, axis=0)
            marks = known.is_told(np.arange(first, first + len(sums)))
            sums[marks, columns("language")] = 0
            self._words.extend(sums)
        for members in known.members[len(self._groups) :]:
            total = self._table[sorted(members)].astype(np.int32).sum(axis=0, keepdims=True)
            self._groups.extend(CONCEPT * total)

    def _pair(self, left: Ints, right: Ints) -> Ints:
        keys, where = np.unique((left << _SHIFT) | right, return_inverse=True)
        numbers = [self._number_of_pair(key) for key in keys.tolist()]
        return np.array(numbers, np.int64)[where]

    def _number_of_pair(self, key: int) -> int:
        if key not in self._pair_number:
            members = self._known.members
            rows = pair_rows(members[key >> _SHIFT], members[key & (1 << _SHIFT) - 1])
            total = self._table[rows].astype(np.int32).sum(axis=0, keepdims=True)
            self._pair_number[key] = len(self._pairs)
            self._pairs.extend(PAIR * total)
        return self._pair_number[key]


def per_message(rows: Sums, words: Words) -> Sums:
    """Sum the rows of each message's words."""
    return np.add.reduceat(rows, words.starts, axis=0, dtype=np.int64)


def logits(
    sums: Sums, scale: tuple[float, ...], bias: tuple[float, ...], about: Description
) -> NDArray[np.float64]:
    """Turn sums into logits; the last column of the sums is the squared length of the message."""
    length = np.sqrt(sums[:, -1:] * about.length_unit + about.length_floor)
    found: NDArray[np.float64] = sums[:, :-1] * np.array(scale) / length + np.array(bias)
    return found


def chances(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn logits into chances, those of each row together one."""
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    found: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return found
