"""Messages as rows of a sparse matrix: the same features that the tagger sums at run time."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from services.classifier.tagging.facts import Facts
from services.classifier.tagging.features import Words, encode
from services.classifier.tagging.hashing import (
    BUCKETS,
    CONCEPT,
    NEIGHBOURS,
    NOTHING,
    PAIR,
    Ints,
    pair_rows,
    word_features,
)
from services.classifier.tagging.lists import Lists
from services.classifier.tagging.message import circumstances
from services.classifier.tagging.said import said
from services.classifier.tagging.vocabulary import HASH, SHAPE, Vocabulary
from services.classifier.training.corpus import Case

Sparse = Any  # scipy's matrices carry no types


@dataclass(frozen=True, slots=True)
class Matrices:
    """What the models see of some cases: counts of both word sequences, and circumstances."""

    style: Sparse
    visible: Sparse
    circumstances: NDArray[np.float64]
    said: tuple[frozenset[str], ...]
    facts: tuple[Facts, ...]


def build(cases: Sequence[Case], lists: Lists) -> Matrices:
    """Count the features of these cases."""
    known = Vocabulary(lists)
    texts = [case.text for case in cases]
    full, visible = encode(texts, known)
    facts = tuple(Facts.read(case.facts or {}) for case in cases)
    beside = [
        circumstances(case.message, of_case) for case, of_case in zip(cases, facts, strict=True)
    ]
    return Matrices(
        _counts(full, known, known.table[:, SHAPE]),
        _counts(visible, known, np.full(len(known.plain), NOTHING)),
        np.array(beside, np.float64),
        tuple(
            said(text, start, end, visible, known)
            for text, (start, end) in zip(texts, _bounds(visible), strict=True)
        ),
        facts,
    )


def _counts(words: Words, known: Vocabulary, shapes: Ints) -> Sparse:
    message, total = words.message, len(words.starts)
    hashed = known.table[:, HASH].astype(np.uint64)
    rows, owner, count = word_features(known.plain, hashed, shapes)
    of_words = _matrix(owner, rows, count, (len(known.plain), BUCKETS))
    of_groups = _stack(known.members, CONCEPT)
    paired = np.flatnonzero(words.left_group)
    left, right = words.left_group[paired].tolist(), words.group[paired].tolist()
    pairs = [
        pair_rows(known.members[a], known.members[b]) for a, b in zip(left, right, strict=True)
    ]
    counts = (
        _matrix(message, words.word, 1, (total, len(known.plain))) @ of_words
        + _matrix(message, words.left, NEIGHBOURS, (total, BUCKETS))
        + _matrix(message, words.group, 1, (total, len(known.members))) @ of_groups
        + _matrix(message[paired], np.arange(len(paired)), 1, (total, len(paired)))
        @ _stack(pairs, PAIR)
    )
    return counts @ sparse.diags_array((np.arange(BUCKETS) != NOTHING).astype(np.float64))


def _bounds(words: Words) -> list[tuple[int, int]]:
    ends = [*words.starts[1:].tolist(), len(words.word)]
    return list(zip(words.starts.tolist(), ends, strict=True))


def _matrix(rows: Ints, columns: Ints, value: int | Ints, shape: tuple[int, int]) -> Sparse:
    values = np.broadcast_to(np.asarray(value, np.float64), rows.shape)
    return sparse.csr_array((values, (rows, columns)), shape=shape)


def _stack(features: Sequence[Collection[int] | Ints], value: int) -> Sparse:
    lengths = [len(found) for found in features]
    columns = np.array([n for found in features for n in sorted(found)], np.int64)
    return _matrix(
        np.repeat(np.arange(len(features)), lengths), columns, value, (len(features), BUCKETS)
    )
