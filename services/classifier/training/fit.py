"""Fitting and calibrating: logistic regression on length-normalised counts, all seeds fixed.

Every figure that the model reports of itself comes from folds that keep a group of cases together.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from services.classifier.tagging.hashing import BUCKETS, SHOUTED
from services.classifier.training.matrix import Sparse

Floats = NDArray[np.float64]
Names = NDArray[np.str_]

FOLDS: Final = 5
RARE: Final = 2
"""A feature in fewer messages than this is dropped."""
FLOOR: Final = 2000.0
"""Added to the squared length of a message: few words are weak evidence."""
BESIDE: Final = 0.7
"""Weight of a circumstance against a word."""


def rarity(counts: Sparse) -> Floats:
    """Return each feature's inverse document frequency; 0 for the rare ones."""
    met = np.bincount(counts.tocsr().indices, minlength=BUCKETS)
    found: Floats = np.log((1 + counts.shape[0]) / (1 + met)) + 1
    found[met < RARE] = 0
    return found


def scaled(counts: Sparse, rare: Floats) -> Sparse:
    """Weigh counts by rarity and divide by the message's length, as the tagger does."""
    return sparse.diags_array(1 / _length(counts, rare)) @ counts @ sparse.diags_array(rare)


def _length(counts: Sparse, rare: Floats) -> Floats:
    found: Floats = np.sqrt(counts @ rare**2 + FLOOR)
    return found


@dataclass(frozen=True, slots=True)
class Inputs:
    """Cases to learn from, column by column; several copies of them stand one after the other."""

    counts: Sparse
    beside: Floats  # circumstances; no columns where the target must not see them
    gold: Names
    weight: Floats
    copies: int = 1
    capitals: bool = False
    """Whether words in capitals may count as such; they lengthen a message in any case."""

    def take(self, which: NDArray[Any]) -> "Inputs":
        """Return some of the cases."""
        return Inputs(
            self.counts[which],
            self.beside[which],
            self.gold[which],
            self.weight[which],
            self.copies,
            self.capitals,
        )


@dataclass(frozen=True, slots=True)
class Linear:
    """A fitted model: weights of rows of the table, of circumstances, and the bias."""

    table: Floats  # buckets x classes, rarity included
    beside: Floats  # circumstances x classes
    bias: Floats
    rare: Floats

    def logits(self, counts: Sparse, beside: Floats) -> Floats:
        """Score cases."""
        length = _length(counts, self.rare)[:, None]
        found: Floats = (counts @ self.table) / length + beside @ self.beside + self.bias
        return found


def fit(inputs: Inputs, classes: Sequence[str], strength: float) -> Linear:
    """Fit one target; two classes give one column, the logit of the second.

    Where the cases are given several times over, rarity counts one copy.
    """
    rare = rarity(inputs.counts[: inputs.counts.shape[0] // inputs.copies])
    beside = sparse.csr_array(inputs.beside * BESIDE)
    shown = sparse.hstack([scaled(inputs.counts, rare), beside]).tocsr()
    used = np.unique(shown.indices[shown.data != 0])
    if not inputs.capitals:
        used = used[used != SHOUTED]
    model = LogisticRegression(
        C=strength, max_iter=1000, tol=1e-3, class_weight="balanced", random_state=0
    )
    model.fit(shown[:, used], inputs.gold, sample_weight=inputs.weight)
    if len(classes) > 2:  # noqa: PLR2004 - two classes share one column
        order = [list(model.classes_).index(name) for name in classes]
        weights, bias = model.coef_[order], model.intercept_[order]
    else:
        weights, bias = model.coef_, model.intercept_
    whole = np.zeros((shown.shape[1], len(weights)))
    whole[used] = weights.T
    return Linear(whole[:BUCKETS] * rare[:, None], whole[BUCKETS:] * BESIDE, bias, rare)


def unseen_logits(inputs: Inputs, classes: Sequence[str], groups: Names, strength: float) -> Floats:
    """Score every case by a model that has not seen its group."""
    width = len(classes) if len(classes) > 2 else 1  # noqa: PLR2004 - as in fit
    found = np.zeros((len(inputs.gold), width))
    folds = min(FOLDS, len(set(groups.tolist())))
    for seen, unseen in GroupKFold(folds).split(inputs.gold, inputs.gold, groups):
        model = fit(inputs.take(seen), classes, strength)
        found[unseen] = model.logits(inputs.counts[unseen], inputs.beside[unseen])
    return found


def sharpness(logits: Floats, gold: Names, classes: Sequence[str]) -> float:
    """Return the factor on the logits under which the true classes are likeliest."""
    right = np.array([list(classes).index(name) for name in gold])

    def loss(factor: float) -> float:
        z = logits * factor
        z = z - z.max(axis=1, keepdims=True)
        chance = z[np.arange(len(right)), right] - np.log(np.exp(z).sum(axis=1))
        return -float(chance.mean())

    return _least(loss, 0.1, 5.0)


def platt(logits: Floats, gold: NDArray[np.bool_]) -> tuple[float, float]:
    """Return slope and offset that turn one column of logits into honest chances."""
    model = LogisticRegression(C=1.0, max_iter=1000, random_state=0)
    model.fit(logits.reshape(-1, 1), gold)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def threshold(chance: Floats, gold: NDArray[np.bool_], recall_weight: float) -> float:
    """Return the chance from which raising the flag pays best (F-beta; beta = recall_weight)."""
    steps = [n / 100 for n in range(3, 90)]

    def score(step: float) -> float:
        raised = chance >= step
        right = float((raised & gold).sum())
        weight = recall_weight**2
        return (1 + weight) * right / max(weight * float(gold.sum()) + float(raised.sum()), 1.0)

    return steps[int(np.argmax([score(step) for step in steps]))]


def _least(loss: Callable[[float], float], low: float, high: float) -> float:
    steps = [float(step) for step in np.exp(np.linspace(np.log(low), np.log(high), 200))]
    return round(steps[int(np.argmin([loss(step) for step in steps]))], 4)
