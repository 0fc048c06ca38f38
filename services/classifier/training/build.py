"""Training: labelled cases in, artefact out.

The same inputs and library versions give the same bytes.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from services.classifier.tagging.facts import judge
from services.classifier.tagging.hashing import NOTHING, Ints
from services.classifier.tagging.lists import Lists
from services.classifier.tagging.weights import (
    FAULTS,
    HEADS,
    LANGUAGES,
    Description,
    Weights,
    lists_sha256,
    write,
)
from services.classifier.training.compose import AUTHOR as PIECES_AUTHOR
from services.classifier.training.compose import composed
from services.classifier.training.corpus import (
    EXTRA,
    PIECES,
    SECOND_AUTHOR,
    TRAINING,
    Case,
    read_training,
)
from services.classifier.training.corrected import read_corrections, write_reference
from services.classifier.training.fit import (
    FLOOR,
    Floats,
    Inputs,
    Linear,
    Names,
    fit,
    platt,
    sharpness,
    threshold,
    unseen_logits,
)
from services.classifier.training.matrix import Matrices, build
from services.classifier.training.plain import AUTHOR as PLAIN_AUTHOR
from services.classifier.training.plain import PUBLIC, plain
from services.classifier.training.written import WRITTEN, read_written
from shared.events.tags import Flag

VERSION: Final = "5"
LENGTH_UNIT: Final = 1 / 64
"""Squared lengths are kept as whole numbers of this size."""
LARGEST: Final = 4095
"""Weights are kept as whole numbers up to this, so that 20,000 characters cannot overflow a sum."""
RECALL_WEIGHT: Final = {Flag.SAFETY: 1.2}
"""How much more recall matters than precision; 1 where not named."""
STRENGTH: Final = {"tone": 60.0, "pressure": 40.0, "fault": 12.0}
"""How freely weights may grow to fit the cases; found by leaving out authors of written cases."""
LANGUAGE_STRENGTH: Final = 20.0
FLAG_STRENGTH: Final = 12.0
"""Flags are rarer than the values of the other targets, so their weights may grow less freely."""
SPOKEN: Final = frozenset({Flag.SAFETY, Flag.VULNERABLE})
"""Flags that the words alone must show: being late or in dispute makes nobody vulnerable."""
WEIGHTS: Final = {PIECES_AUTHOR: 0.15, PLAIN_AUTHOR: 0.3}
FLAG_WEIGHTS: Final = {PIECES_AUTHOR: 0.3, PLAIN_AUTHOR: 0.3}
"""How much cases of these authors count; one of the labelled cases counts 1."""
UNUSUAL: Final = frozenset({PIECES_AUTHOR, PLAIN_AUTHOR, SECOND_AUTHOR})
"""Authors whose cases are made for one purpose, in another mixture than that of life."""
_YES: Final = ("no", "yes")


def train(data: Path, folder: Path, corrections: Path | None = None) -> None:
    """Train on the files in `data`, and on people's corrections; write the artefact to `folder`.

    Raises:
        CorpusError: an input is missing or not the known one.

    """
    labelled = [*read_training(data), *read_written()]
    corrected, named = ([], {}) if corrections is None else read_corrections(corrections)
    weights = fitted([*labelled, *composed(), *plain(data), *corrected])
    inputs = weights.about.inputs_sha256 | named
    about = weights.about.model_copy(update={"inputs_sha256": inputs})
    write(folder, replace(weights, about=about))
    write_reference(folder, [case for case in labelled if not case.author])


def gold_of(cases: Sequence[Case], target: str) -> Names:
    """Return the gold values of a target that has one value per case."""
    if target == "language":
        return np.array([case.lang for case in cases])
    return np.array([str(getattr(case.gold, target)) for case in cases])


def fitted(cases: Sequence[Case]) -> Weights:
    """Fit and calibrate every model on these cases."""
    seen = build(cases, Lists.read())
    models: list[Linear] = []
    sharp: dict[str, float] = {}
    for head, classes in HEADS.items():
        if head == "flags":
            continue
        taught = _teaching(cases, head)
        gold = gold_of(cases, head)[taught]
        nothing = np.zeros((len(taught), 0))
        inputs = Inputs(seen.style[taught], nothing, gold, weights_of(cases)[taught])
        strength = STRENGTH.get(head, LANGUAGE_STRENGTH)
        sharp[head] = _sharpness(inputs, classes, cases, taught, strength)
        models.append(fit(inputs, classes, strength))
    flags, slopes, offsets, thresholds = _fit_flags(cases, seen)
    fault, sharp["fault"], rule_confidence = _fit_fault(cases, seen)
    style, style_scale, style_bias = _whole_numbers([*models, *flags])
    visible, fault_scale, fault_bias = _whole_numbers([fault])
    about = Description(
        version=VERSION,
        tables_sha256="",
        lists_sha256=lists_sha256(),
        inputs_sha256=TRAINING | EXTRA | PIECES | PUBLIC | WRITTEN,
        length_unit=LENGTH_UNIT,
        length_floor=FLOOR,
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


def _teaching(cases: Sequence[Case], target: str) -> Ints:
    every = target == "language"
    return np.flatnonzero([every or target in case.teaches for case in cases])


def _usual(cases: Sequence[Case], which: Ints) -> NDArray[np.bool_]:
    """Tell the cases whose mixture is that of life; the others calibrate nothing."""
    return np.array([cases[n].author not in UNUSUAL for n in which.tolist()])


def _sharpness(
    inputs: Inputs, classes: Sequence[str], cases: Sequence[Case], taught: Ints, strength: float
) -> float:
    usual = _usual(cases, taught)
    groups = authors_of(cases)[taught]
    if classes == LANGUAGES:  # whoever wrote in a language is its only author
        groups = np.array([cases[n].group for n in taught.tolist()])
    unseen = unseen_logits(inputs, classes, groups, strength)
    return sharpness(unseen[usual], inputs.gold[usual], classes)


def _fit_fault(cases: Sequence[Case], seen: Matrices) -> tuple[Linear, float, dict[str, float]]:
    """Fit fault on the cases that teach it; return also how sure it may be."""
    told = _teaching(cases, "fault")
    usual = _usual(cases, told)
    gold = gold_of(cases, "fault")[told]
    inputs = Inputs(seen.visible[told], seen.circumstances[told], gold, weights_of(cases)[told])
    unseen = unseen_logits(inputs, FAULTS, authors_of(cases)[told], STRENGTH["fault"])
    rules = [judge(seen.facts[n], seen.said[n], cases[n].category) for n in told.tolist()]
    silent = usual & np.array([finding is None or not finding.settles for finding in rules])
    confidence = _rule_confidence(
        [
            (finding.rule, finding.fault == right)
            for finding, right, counts in zip(rules, gold, usual, strict=True)
            if finding and counts
        ]
    )
    return (
        fit(inputs, FAULTS, STRENGTH["fault"]),
        sharpness(unseen[silent], gold[silent], FAULTS),
        confidence,
    )


def _fit_flags(
    cases: Sequence[Case], seen: Matrices
) -> tuple[list[Linear], tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    """Fit the flags on every case twice, once without its circumstances.

    Else the category, which callers may leave out, would stand in for the words.
    """
    models, slopes, offsets, thresholds = [], [], [], []
    for flag in Flag:
        taught = _teaching(cases, flag)
        raised = np.array([flag in cases[n].gold.flags for n in taught.tolist()] * 2)
        usual = np.tile(_usual(cases, taught), 2)
        known = seen.circumstances[taught]
        nothing = np.zeros_like(known)
        inputs = Inputs(
            sparse.vstack([seen.style[taught]] * 2).tocsr(),
            np.concatenate([nothing if flag in SPOKEN else known, nothing]),
            np.where(raised, "yes", "no"),
            np.tile(weights_of(cases, FLAG_WEIGHTS)[taught], 2),
            copies=2,
        )
        authors = np.tile(authors_of(cases)[taught], 2)
        unseen = unseen_logits(inputs, _YES, authors, FLAG_STRENGTH)[usual, 0]
        slope, offset = platt(unseen, raised[usual])
        chance = 1 / (1 + np.exp(-(slope * unseen + offset)))
        models.append(fit(inputs, _YES, FLAG_STRENGTH))
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
