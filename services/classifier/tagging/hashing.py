"""Which rows of the weight table a word, two neighbours, a concept or two concepts stand for.

Whole-number arithmetic only, so a row number is the same on every machine.
"""

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

BUCKETS: Final = 1 << 17
RESERVED: Final = 256
"""Rows below this are concepts and word shapes; hashed features lie above."""
SHOUTED, DISGUISED, NOTHING = 200, 201, 255
"""Rows of word shapes; the weights of row NOTHING are zero."""

ONCE, WORD, NEIGHBOURS, CONCEPT, PAIR = 1, 2, 2, 8, 6
"""How often a feature of each kind counts; whole numbers keep every sum exact."""

_NGRAMS: Final = (3, 4, 5)
_STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_FINAL: Final = np.uint64(0xD6E8FEB86659FD93)
_SHIFT: Final = np.uint64(40)
_WHOLE: Final = np.uint64(0x57)
_OF_PAIR: Final = np.uint64(0x5041)


def _bucket(mixed: NDArray[np.uint64]) -> Ints:
    spread = (mixed * _FINAL) >> _SHIFT
    return (spread % np.uint64(BUCKETS - RESERVED)).astype(np.int64) + RESERVED


def neighbours_buckets(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> Ints:
    """Return the rows of words standing next to each other, given their hashes."""
    return _bucket((left * _STEP) ^ right)


def ngram_buckets(words: Sequence[str]) -> tuple[Ints, Ints]:
    """Return the rows of all letter runs of these words, and for each the word it belongs to."""
    framed = [f"^{word}$" for word in words]
    encoded = "".join(framed).encode("utf-32-le", "surrogatepass")
    points = np.frombuffer(encoded, np.uint32).astype(np.uint64)
    owner = np.repeat(np.arange(len(words)), [len(word) for word in framed])
    rows, owners = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    mixed = points
    for size in range(2, max(_NGRAMS) + 1):
        mixed = mixed[:-1] * _STEP + points[size - 1 :]
        if size in _NGRAMS:
            inside = owner[: len(mixed)] == owner[size - 1 :]
            rows.append(_bucket(mixed[inside]))
            owners.append(owner[: len(mixed)][inside])
    return np.concatenate(rows), np.concatenate(owners)


def word_features(
    words: Sequence[str], hashed: NDArray[np.uint64], shapes: Ints
) -> tuple[Ints, Ints, Ints]:
    """Return row, word and count of every feature of these words, sorted by word."""
    runs, owner = ngram_buckets(words)
    every = np.arange(len(words))
    rows = np.concatenate([runs, _bucket((hashed * _STEP) ^ _WHOLE), shapes])
    owners = np.concatenate([owner, every, every])
    counts = np.repeat([ONCE, WORD, CONCEPT], [len(runs), len(words), len(words)])
    order = np.argsort(owners, kind="stable")
    return rows[order], owners[order], counts[order]


def pair_rows(left: Collection[int], right: Collection[int]) -> Ints:
    """Return the rows of every pair of a concept on the left with one on the right."""
    first = np.repeat(np.array(sorted(left), np.uint64), len(right))
    second = np.tile(np.array(sorted(right), np.uint64), len(left))
    return _bucket((((first * _STEP) ^ _OF_PAIR) * _STEP) ^ second)
