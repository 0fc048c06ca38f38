"""Training: labelled cases in, artefact out.

The same inputs and library versions give the same bytes.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from services.classifier.tagging.hashing import NOTHING, Ints
from services.classifier.tagging.judging import judge
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
from services.classifier.training.compose import composed
from services.classifier.training.contrasts import likeness_to_life, usual
from services.classifier.training.corpus import EXTRA, PIECES, TRAINING, Case
from services.classifier.training.corrected import read_corrections, write_reference
from services.classifier.training.fit import (
    FLOOR,
    Floats,
    Inputs,
    Linear,
    fit,
    sharpness,
    unseen_logits,
)
from services.classifier.training.flagging import fit_flags
from services.classifier.training.matrix import Matrices, build
from services.classifier.training.plain import PUBLIC, plain
from services.classifier.training.weighing import (
    authors_of,
    gold_of,
    teaching,
    weights_of,
)
from services.classifier.training.written import WRITTEN, labelled

VERSION: Final = "8"
LENGTH_UNIT: Final = 1 / 64
"""Squared lengths are kept as whole numbers of this size."""
LARGEST: Final = 4095
"""Weights are kept as whole numbers up to this, so that 20,000 characters cannot overflow a sum."""
STRENGTH: Final = {"tone": 60.0, "pressure": 40.0, "fault": 12.0}
"""How freely weights may grow to fit the cases; found by leaving out authors of written cases."""
LANGUAGE_STRENGTH: Final = 20.0


def train(data: Path, folder: Path, corrections: Path | None = None) -> None:
    """Train on the files in `data`, and on people's corrections; write the artefact to `folder`.

    Raises:
        CorpusError: an input is missing or not the known one.

    """
    whole = labelled(data)
    corrected, named = ([], {}) if corrections is None else read_corrections(corrections)
    weights = fitted([*whole, *composed(), *plain(data), *corrected])
    inputs = weights.about.inputs_sha256 | named
    about = weights.about.model_copy(update={"inputs_sha256": inputs})
    write(folder, replace(weights, about=about))
    write_reference(folder, [case for case in whole if not case.author])


def fitted(cases: Sequence[Case]) -> Weights:
    """Fit and calibrate every model on these cases."""
    seen = build(cases, Lists.read())
    models: list[Linear] = []
    sharp: dict[str, float] = {}
    for head, classes in HEADS.items():
        if head == "flags":
            continue
        taught = teaching(cases, head)
        gold = gold_of(cases, head)[taught]
        nothing = np.zeros((len(taught), 0))
        inputs = Inputs(
            seen.style[taught],
            nothing,
            gold,
            weights_of(cases)[taught],
            capitals=head == "tone",  # to shout is a tone, and neither a threat nor a language
        )
        strength = STRENGTH.get(head, LANGUAGE_STRENGTH)
        sharp[head] = _sharpness(inputs, classes, cases, taught, strength)
        models.append(fit(inputs, classes, strength))
    flags = fit_flags(cases, seen)
    fault, sharp["fault"], rule_confidence = _fit_fault(cases, seen)
    style, style_scale, style_bias = _whole_numbers([*models, *flags.models])
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
        flag_slope=flags.slopes,
        flag_offset=flags.offsets,
        flag_threshold=flags.thresholds,
        rule_confidence=rule_confidence,
    )
    dense_flags = np.concatenate([model.beside for model in flags.models], axis=1)
    return Weights(style, visible, dense_flags.round(5), fault.beside.round(5), about)


def _sharpness(
    inputs: Inputs, classes: Sequence[str], cases: Sequence[Case], taught: Ints, strength: float
) -> float:
    counts = usual(cases)[taught]
    groups = authors_of(cases)[taught]
    if classes == LANGUAGES:  # whoever wrote in a language is its only author
        groups = np.array([cases[n].group for n in taught.tolist()])
    unseen = unseen_logits(inputs, classes, groups, strength)
    return sharpness(unseen[counts], inputs.gold[counts], classes)


def _fit_fault(cases: Sequence[Case], seen: Matrices) -> tuple[Linear, float, dict[str, float]]:
    """Fit fault on the cases that teach it; return also how sure it may be."""
    told = teaching(cases, "fault")
    counts = usual(cases)[told]
    gold = gold_of(cases, "fault")[told]
    weight = (weights_of(cases) * likeness_to_life(cases, seen))[told]
    inputs = Inputs(seen.visible[told], seen.circumstances[told], gold, weight)
    unseen = unseen_logits(inputs, FAULTS, authors_of(cases)[told], STRENGTH["fault"])
    rules = [judge(seen.facts[n], seen.said[n], cases[n].category) for n in told.tolist()]
    silent = counts & np.array([finding is None or not finding.settles for finding in rules])
    confidence = _rule_confidence(
        [
            (finding.rule, finding.fault == right)
            for finding, right, is_usual in zip(rules, gold, counts, strict=True)
            if finding and is_usual
        ]
    )
    return (
        fit(inputs, FAULTS, STRENGTH["fault"]),
        sharpness(unseen[silent], gold[silent], FAULTS),
        confidence,
    )


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
