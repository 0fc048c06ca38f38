"""Training of the deep tier, on top of a trained fast one; needs the extra `deep`.

It learns from whole labelled cases only: pieces put together have no meaning as a whole.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from services.classifier.tagging.deep import DESCRIPTION, TABLES, TARGETS, About, Reader
from services.classifier.tagging.hashing import Ints
from services.classifier.tagging.lists import Lists
from services.classifier.tagging.weights import HEADS, Weights
from services.classifier.training.build import authors_of, gold_of, weights_of
from services.classifier.training.compose import composed
from services.classifier.training.corpus import Case, read_training
from services.classifier.training.fit import FOLDS, Floats, Inputs, Names, sharpness, unseen_logits
from services.classifier.training.matrix import Matrices, build

STRENGTH: Final = 0.02
_STEPS: Final = tuple(n / 20 for n in range(2, 31))


def train_deep(data: Path, folder: Path, reader: Reader) -> None:
    """Train the deep tier for the fast model in `folder` and write it beside.

    Raises:
        CorpusError: an input is missing or not the known one.
        ModelError: there is no fast model that fits.

    """
    fast = Weights.read(folder)
    labelled = read_training(data)
    cases = [*labelled, *composed()]
    seen = build(cases, Lists.read())
    said = reader.vectors([case.text for case in labelled])
    tables: dict[str, Floats] = {"centre": said.mean(axis=0), "spread": said.std(axis=0)}
    mixing = {}
    for target in TARGETS:
        taught = np.flatnonzero([target in case.teaches for case in cases])
        whole = taught[taught < len(labelled)]
        unseen = fast.about.sharpness[target] * _fast(target, cases, seen, taught)[: len(whole)]
        mixing[target] = _fit(target, [cases[n] for n in whole], said[whole], unseen, tables)
    small: dict[str, Any] = {name: table.astype(np.float32) for name, table in tables.items()}
    np.savez_compressed(folder / TABLES, **small)
    found = hashlib.sha256((folder / TABLES).read_bytes()).hexdigest()
    about = About(tables_sha256=found, fast_sha256=fast.about.tables_sha256, mixing=mixing)
    (folder / DESCRIPTION).write_text(about.model_dump_json(indent=2) + "\n", "utf-8")


def _fast(target: str, cases: Sequence[Case], seen: Matrices, taught: Ints) -> Floats:
    """Return what the fast tier says of each case when it has not seen its author."""
    shown = [cases[n] for n in taught.tolist()]
    gold, weight = gold_of(shown, target), weights_of(shown)
    inputs = Inputs(seen.style[taught], np.zeros((len(shown), 0)), gold, weight)
    return unseen_logits(inputs, HEADS[target], authors_of(shown))


def _fit(
    target: str, cases: Sequence[Case], vectors: Floats, fast: Floats, tables: dict[str, Floats]
) -> tuple[float, float]:
    """Fit one target, add its table, and return how both tiers are mixed."""
    classes, gold = HEADS[target], gold_of(cases, target)
    shown = (vectors - tables["centre"]) / tables["spread"]
    unseen = np.zeros((len(cases), len(classes)))
    for known, other in GroupKFold(FOLDS).split(gold, gold, authors_of(cases)):
        table, bias = _table(shown[known], gold[known], classes)
        unseen[other] = shown[other] @ table + bias
    table, bias = _table(shown, gold, classes)
    tables[target], tables[f"{target}_bias"] = table, bias
    return _mix(fast, unseen, gold, classes)


def _table(shown: Floats, gold: Names, classes: Sequence[str]) -> tuple[Floats, Floats]:
    model = LogisticRegression(
        C=STRENGTH, max_iter=1000, class_weight="balanced", random_state=0
    ).fit(shown, gold)
    order = [list(model.classes_).index(str(name)) for name in classes]
    return model.coef_[order].T, model.intercept_[order]


def _mix(fast: Floats, deep: Floats, gold: Names, classes: Sequence[str]) -> tuple[float, float]:
    """Return the weights of both tiers under which the true classes are likeliest."""
    right = np.array([list(classes).index(name) for name in gold])

    def loss(share: float) -> float:
        both = fast + share * deep
        factor = sharpness(both, gold, classes)
        z = factor * both
        z = z - z.max(axis=1, keepdims=True)
        chance = z[np.arange(len(right)), right] - np.log(np.exp(z).sum(axis=1))
        return -float(chance.mean())

    share = min(_STEPS, key=loss)
    factor = sharpness(fast + share * deep, gold, classes)
    return round(factor, 4), round(factor * share, 4)
