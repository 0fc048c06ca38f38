"""Training gives the same bytes every time, and judges nobody by what they wrote themselves."""

from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # has no types

from services.classifier.tagging.hashing import SHOUTED
from services.classifier.tagging.lists import Lists
from services.classifier.tagging.weights import DESCRIPTION, HEADS, TABLES, Weights, columns, write
from services.classifier.training.build import STRENGTH, fitted
from services.classifier.training.compose import composed
from services.classifier.training.corpus import Case, read
from services.classifier.training.fit import Floats, Inputs, Names, unseen_logits
from services.classifier.training.matrix import build
from services.classifier.training.weighing import authors_of, gold_of

BOOK = Path(__file__).parents[1] / "classifier_suites" / "by_the_book.jsonl"
TONES = HEADS["tone"]


@cache
def cases() -> list[Case]:
    """Return a few hundred cases of every language, flag and kind of author."""
    return [*read([BOOK]), *composed()[::100]]


def trained() -> Weights:
    with threadpool_limits(1):  # more threads wait for each other longer than they work
        return fitted(cases())


@cache
def weights() -> Weights:
    return trained()


def test_the_same_cases_give_the_same_bytes(tmp_path: Path) -> None:
    for name, found in (("one", weights()), ("other", trained())):
        write(tmp_path / name, found)
    for file in (TABLES, DESCRIPTION):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "other" / file).read_bytes()


def test_cases_of_one_group_are_of_one_author() -> None:
    """So a fold that shares no author shares no group."""
    authors = defaultdict(set)
    for case, author in zip(composed(), authors_of(composed()).tolist(), strict=True):
        authors[case.group].add(author)
    assert len(authors) > 1
    assert all(len(found) == 1 for found in authors.values())


def test_no_fold_shares_an_author() -> None:
    """Whatever labels authors give their own cases, the opinion of these cases stays the same."""
    seen, authors = build(cases(), Lists.read()), authors_of(cases())
    gold = gold_of(cases(), "tone")
    nothing, even = np.zeros((len(gold), 0)), np.ones(len(gold))
    author = Counter(authors.tolist()).most_common(1)[0][0]
    own = authors == author
    other = np.where(own, "rude", gold)

    def unseen(labels: Names) -> Floats:
        inputs = Inputs(seen.style, nothing, labels, even)
        with threadpool_limits(1):
            return unseen_logits(inputs, TONES, authors, STRENGTH["tone"])

    before, after = unseen(gold), unseen(other)
    np.testing.assert_array_equal(before[own], after[own])
    assert not np.array_equal(before[~own], after[~own])


@pytest.mark.parametrize("target", ["pressure", "language", "flags"])
def test_only_tone_hears_capitals(target: str) -> None:
    style = weights().style[SHOUTED]
    assert style[columns("tone")].any()
    assert not style[columns(target)].any()
