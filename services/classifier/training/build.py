"""Training: labelled cases in, artefact out.

The same inputs and library versions give the same bytes.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from scipy import sparse

from services.classifier.tagging.facts import judge
from services.classifier.tagging.hashing import NOTHING
from services.classifier.tagging.lists import Lists
from services.classifier.tagging.weights import (
    FAULTS,
    HEADS,
    Description,
    Weights,
    lists_sha256,
    write,
)
from services.classifier.training.corpus import EXTRA, TRAINING, Case, read_training
from services.classifier.training.fit import (
    Floats,
    Linear,
    Names,
    fit,
    platt,
    sharpness,
    threshold,
    unseen_logits,
)
from services.classifier.training.matrix import Matrices, build
from shared.events.tags import Flag

VERSION: Final = "2"
LENGTH_UNIT: Final = 1 / 64
"""Squared lengths are kept as whole numbers of this size."""
LARGEST: Final = 4095
"""Weights are kept as whole numbers up to this, so that 20,000 characters cannot overflow a sum."""
RECALL_WEIGHT: Final = {Flag.SAFETY: 2.0}
"""How much more recall matters than precision; 1 where not named."""
FLAG_STRENGTH: Final = 3.0
"""Flags are rarer than the values of the other targets, so their weights may grow less freely."""
SPOKEN: Final = frozenset({Flag.SAFETY, Flag.VULNERABLE})
"""Flags that the words alone must show: being late or in dispute makes nobody vulnerable."""
_YES: Final = ("no", "yes")


def train(data: Path, folder: Path) -> None:
    """Train on the files in `data` and write the artefact to `folder`.

    Raises:
        CorpusError: an input is missing or not the known one.

    """
    write(folder, fitted(read_training(data)))


def gold_of(cases: Sequence[Case], target: str) -> Names:
    """Return the gold values of a target that has one value per case."""
    if target == "language":
        return np.array([case.lang for case in cases])
    return np.array([str(getattr(case.gold, target)) for case in cases])


def fitted(cases: Sequence[Case]) -> Weights:
    """Fit and calibrate every model on these cases."""
    seen = build(cases, Lists.read())
    groups = np.array([case.group for case in cases])
    nothing = np.zeros((len(cases), 0))
    models: list[Linear] = []
    sharp: dict[str, float] = {}
    for head, classes in HEADS.items():
        if head == "flags":
            continue
        gold = gold_of(cases, head)
        sharp[head] = sharpness(
            unseen_logits(seen.style, nothing, gold, classes, groups), gold, classes
        )
        models.append(fit(seen.style, nothing, gold, classes))
    # Who wrote the cases matters more to flags and fault than to manner: their confidence is
    # measured on authors that the model has not seen.
    authors = np.array([case.author or case.lang for case in cases])
    flags, slopes, offsets, thresholds = _fit_flags(cases, seen, authors)
    fault, sharp["fault"], rule_confidence = _fit_fault(cases, seen, authors)
    style, style_scale, style_bias = _whole_numbers([*models, *flags])
    visible, fault_scale, fault_bias = _whole_numbers([fault])
    about = Description(
        version=VERSION,
        tables_sha256="",
        lists_sha256=lists_sha256(),
        inputs_sha256=TRAINING | EXTRA,
        length_unit=LENGTH_UNIT,
        style_scale=style_scale,
        style_bias=style_bias,
        fault_scale=fault_scale,
        fault_bias=fault_bias,
        sharpness=sharp,
        flag_slope=slopes,
        flag_offset=offsets,
        flag_threshold=thresholds,
        rule_confidence=rule_confidence,
    )
    dense_flags = np.concatenate([model.beside for model in flags], axis=1)
    return Weights(style, visible, dense_flags.round(5), fault.beside.round(5), about)


def _fit_fault(
    cases: Sequence[Case], seen: Matrices, authors: Names
) -> tuple[Linear, float, dict[str, float]]:
    """Fit fault on the cases that have facts to judge by; return also how sure it may be."""
    told = np.flatnonzero([not case.author for case in cases])
    gold = gold_of(cases, "fault")[told]
    visible, beside = seen.visible[told], seen.circumstances[told]
    unseen = unseen_logits(visible, beside, gold, FAULTS, authors[told])
    rules = [judge(seen.facts[n], seen.said[n], cases[n].category) for n in told.tolist()]
    silent = np.array([finding is None or not finding.settles for finding in rules])
    confidence = _rule_confidence(
        [
            (finding.rule, finding.fault == right)
            for finding, right in zip(rules, gold, strict=True)
            if finding and finding.settles
        ]
    )
    model = fit(visible, beside, gold, FAULTS)
    return model, sharpness(unseen[silent], gold[silent], FAULTS), confidence


def _fit_flags(
    cases: Sequence[Case], seen: Matrices, authors: Names
) -> tuple[list[Linear], tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    """Fit the flags on every case twice, once without its circumstances.

    Else the category, which callers may leave out, would stand in for the words.
    """
    counts = sparse.vstack([seen.style, seen.style]).tocsr()
    nothing = np.zeros_like(seen.circumstances)
    known = np.concatenate([seen.circumstances, nothing])
    unknown = np.concatenate([nothing, nothing])
    authors = np.concatenate([authors, authors])
    usual = np.array([not case.author for case in cases] * 2)
    models, slopes, offsets, thresholds = [], [], [], []
    for flag in Flag:
        raised = np.array([flag in case.gold.flags for case in cases] * 2)
        gold = np.where(raised, "yes", "no")
        beside = unknown if flag in SPOKEN else known
        unseen = unseen_logits(counts, beside, gold, _YES, authors, 2, FLAG_STRENGTH)[usual, 0]
        slope, offset = platt(unseen, raised[usual])
        chance = 1 / (1 + np.exp(-(slope * unseen + offset)))
        models.append(fit(counts, beside, gold, _YES, 2, FLAG_STRENGTH))
        slopes.append(round(slope, 5))
        offsets.append(round(offset, 5))
        thresholds.append(threshold(chance, raised[usual], RECALL_WEIGHT.get(flag, 1.0)))
    return models, tuple(slopes), tuple(offsets), tuple(thresholds)


def _whole_numbers(
    models: Sequence[Linear],
) -> tuple[np.ndarray, tuple[float, ...], tuple[float, ...]]:
    """Return one table of whole numbers, and scale and bias per column."""
    table: Floats = np.concatenate([model.table for model in models], axis=1)
    table[NOTHING] = 0
    scale = np.maximum(np.abs(table).max(axis=0), 1e-12) / LARGEST
    length = np.round(models[0].rare ** 2 / LENGTH_UNIT)
    length[NOTHING] = 0
    whole = np.column_stack([np.round(table / scale), length]).astype(np.int16)
    bias = np.concatenate([model.bias for model in models])
    return whole, tuple(scale.tolist()), tuple(bias.round(6).tolist())


def _rule_confidence(found: Sequence[tuple[str, bool]]) -> dict[str, float]:
    """Return how often each rule was right, drawn a little to one half where it was seen seldom."""
    fired = Counter(rule for rule, _ in found)
    right = Counter(rule for rule, is_right in found if is_right)
    return {
        rule: round((right[rule] + 1) / (times + 2), 4) for rule, times in sorted(fired.items())
    }
