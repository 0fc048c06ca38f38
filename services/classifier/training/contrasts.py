"""Whose cases come in the mixture of life, and what the others count for fault.

Most written cases are contrasts: the same fact with every fault, so that words are learnt. Taken as
they are, they teach that facts tell nothing, while in life they mostly do.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.classifier.tagging.judging import judge
from services.classifier.tagging.weights import FAULTS
from services.classifier.training.compose import AUTHOR as PIECES_AUTHOR
from services.classifier.training.corpus import SECOND_AUTHOR, Case
from services.classifier.training.fit import Floats
from services.classifier.training.matrix import Matrices
from services.classifier.training.plain import AUTHOR as PLAIN_AUTHOR
from services.classifier.training.unseen import is_written, number_of

UNUSUAL: Final = frozenset({PIECES_AUTHOR, PLAIN_AUTHOR, SECOND_AUTHOR})
"""Authors whose cases are made for one purpose, in another mixture than that of life."""
OF_LIFE: Final = frozenset({*range(51), *range(124, 150)})
"""Authors of written cases with these numbers were asked for life, the others for what is hard."""
BOUNDS: Final = (0.25, 4.0)
"""No case counts for less or for more than this; found by leaving out authors."""
_FIRM: Final = 2.0
"""So many cases of the general mixture are added to what was seen where a rule speaks."""


def is_contrast(case: Case) -> bool:
    """Tell a written case that was made to be hard."""
    return is_written(case) and number_of(case) not in OF_LIFE


def usual(cases: Sequence[Case]) -> NDArray[np.bool_]:
    """Tell the cases whose mixture is that of life; the others calibrate nothing."""
    return np.array([case.author not in UNUSUAL and not is_contrast(case) for case in cases])


def likeness_to_life(cases: Sequence[Case], seen: Matrices) -> Floats:
    """Return what each case counts for fault beside others of its kind.

    A contrast counts as many times as its fault is likelier in life than among contrasts, where
    the same rule about facts speaks (importance weighting, Shimodaira 2000).
    """
    findings = [
        judge(facts, said, case.category)
        for facts, said, case in zip(seen.facts, seen.said, cases, strict=True)
    ]
    rules = [finding.rule if finding else "" for finding in findings]
    faults = [case.gold.fault for case in cases]
    teaches = np.array(["fault" in case.teaches for case in cases])
    contrast = np.array([is_contrast(case) for case in cases]) & teaches
    if not contrast.any():
        return np.ones(len(cases))
    pairs = list(zip(rules, faults, strict=True))
    life = _Shares([pairs[n] for n in np.flatnonzero(usual(cases) & teaches).tolist()])
    hard = _Shares([pairs[n] for n in np.flatnonzero(contrast).tolist()])
    low, high = BOUNDS
    return np.array(
        [
            min(high, max(low, life.of(*pair) / hard.of(*pair))) if is_hard else 1.0
            for pair, is_hard in zip(pairs, contrast.tolist(), strict=True)
        ]
    )


class _Shares:
    """How often each fault is met where a rule speaks."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = Counter(pairs)
        self._rules = Counter(rule for rule, _ in pairs)
        self._faults = Counter(fault for _, fault in pairs)
        self._all = len(pairs)

    def of(self, rule: str, fault: str) -> float:
        """Return the share, drawn to the general one where a rule was met seldom."""
        general = (self._faults[fault] + 1) / (self._all + len(FAULTS))
        return (self._pairs[rule, fault] + _FIRM * general) / (self._rules[rule] + _FIRM)
