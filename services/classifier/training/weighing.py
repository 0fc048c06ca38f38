"""Whose cases they are, and how much each counts in fitting."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from services.classifier.tagging.hashing import Ints
from services.classifier.training.compose import AUTHOR as PIECES_AUTHOR
from services.classifier.training.corpus import Case
from services.classifier.training.fit import Floats, Names
from services.classifier.training.plain import AUTHOR as PLAIN_AUTHOR

WEIGHTS: Final = {PIECES_AUTHOR: 0.2, PLAIN_AUTHOR: 0.6}
FLAG_WEIGHTS: Final = {PIECES_AUTHOR: 0.5, PLAIN_AUTHOR: 0.5}
"""How much cases of these authors count; one of the labelled cases counts 1."""


def gold_of(cases: Sequence[Case], target: str) -> Names:
    """Return the gold values of a target that has one value per case."""
    if target == "language":
        return np.array([case.lang for case in cases])
    return np.array([str(getattr(case.gold, target)) for case in cases])


def authors_of(cases: Sequence[Case]) -> Names:
    """Return who wrote each case; confidence is measured on authors that the model has not seen.

    The composed cases count as several authors, one for each set that shares no wording.
    """
    return np.array(
        [case.group if case.author == PIECES_AUTHOR else case.author or case.lang for case in cases]
    )


def weights_of(cases: Sequence[Case], made: Mapping[str, float] = WEIGHTS) -> Floats:
    """Return how much each case counts in fitting: those made in numbers are much alike."""
    return np.array([made.get(case.author, 1.0) for case in cases])


def teaching(cases: Sequence[Case], target: str) -> Ints:
    """Return the cases that teach a target; every case teaches its language."""
    every = target == "language"
    return np.flatnonzero([every or target in case.teaches for case in cases])
