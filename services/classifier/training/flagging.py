"""Fitting of the flags, each yes or no by itself.

Every case is shown twice, once without its circumstances: else the category, which callers may
leave out, would stand in for the words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from services.classifier.tagging.flags import SPOKEN
from services.classifier.tagging.hashing import Ints
from services.classifier.training.contrasts import usual
from services.classifier.training.corpus import Case
from services.classifier.training.fit import (
    Floats,
    Inputs,
    Linear,
    fit,
    platt,
    threshold,
    unseen_logits,
)
from services.classifier.training.matrix import Matrices
from services.classifier.training.weighing import (
    FLAG_WEIGHTS,
    authors_of,
    teaching,
    weights_of,
)
from shared.events.tags import Flag

RECALL_WEIGHT: Final = {Flag.SAFETY: 1.2}
"""How much more recall matters than precision; 1 where not named."""
FLAG_STRENGTH: Final = 12.0
"""Flags are rarer than the values of the other targets, so their weights may grow less freely."""
_NO: Final = "no"
_YES: Final = "yes"
_NO_OR_YES: Final = (_NO, _YES)


@dataclass(frozen=True, slots=True)
class Flags:
    """A model of each flag, and what makes its logits honest chances; by flag, in their order."""

    models: list[Linear]
    slopes: tuple[float, ...]
    offsets: tuple[float, ...]
    thresholds: tuple[float, ...]


def fit_flags(cases: Sequence[Case], seen: Matrices) -> Flags:
    """Fit and calibrate every flag."""
    models, slopes, offsets, thresholds = [], [], [], []
    for flag in Flag:
        taught = teaching(cases, flag)
        inputs = _inputs(flag, cases, seen, taught)
        counts = np.tile(usual(cases)[taught], 2)
        authors = np.tile(authors_of(cases)[taught], 2)
        unseen = unseen_logits(inputs, _NO_OR_YES, authors, FLAG_STRENGTH)[counts, 0]
        raised = (inputs.gold == _YES)[counts]
        slope, offset = platt(unseen, raised)
        models.append(fit(inputs, _NO_OR_YES, FLAG_STRENGTH))
        slopes.append(round(slope, 5))
        offsets.append(round(offset, 5))
        thresholds.append(best_threshold(flag, slope * unseen + offset, raised))
    return Flags(models, tuple(slopes), tuple(offsets), tuple(thresholds))


def flag_logits(
    flag: Flag, cases: Sequence[Case], seen: Matrices, met: Ints, judged: Ints
) -> Floats:
    """Return what a model that met only some of the cases says of others."""
    model = fit(_inputs(flag, cases, seen, met), _NO_OR_YES, FLAG_STRENGTH)
    return model.logits(seen.style[judged], _circumstances(flag, seen, judged))[:, 0]


def best_threshold(flag: Flag, logits: Floats, raised: NDArray[np.bool_]) -> float:
    """Return the chance from which raising the flag pays best; the logits are honest."""
    return threshold(1 / (1 + np.exp(-logits)), raised, RECALL_WEIGHT.get(flag, 1.0))


def _inputs(flag: Flag, cases: Sequence[Case], seen: Matrices, which: Ints) -> Inputs:
    known = _circumstances(flag, seen, which)
    raised = [flag in cases[n].gold.flags for n in which.tolist()]
    return Inputs(
        sparse.vstack([seen.style[which]] * 2).tocsr(),
        np.concatenate([known, np.zeros_like(known)]),
        np.where(raised * 2, _YES, _NO),
        np.tile(weights_of(cases, FLAG_WEIGHTS)[which], 2),
        copies=2,
    )


def _circumstances(flag: Flag, seen: Matrices, which: Ints) -> Floats:
    known = seen.circumstances[which]
    return np.zeros_like(known) if flag in SPOKEN else known
