"""How much each tier counts, found on cases that neither has met; belongs to one fast model.

Both tiers are asked as models that met the same authors, so that neither is flattered.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from services.classifier.tagging.deep import TARGETS, About, FlagMixing
from services.classifier.tagging.hashing import Ints
from services.classifier.tagging.judging import judge
from services.classifier.tagging.lists import Lists
from services.classifier.tagging.weights import Description, Weights
from services.classifier.training.build import STRENGTH
from services.classifier.training.compose import composed
from services.classifier.training.contrasts import likeness_to_life, usual
from services.classifier.training.corpus import Case, CorpusError
from services.classifier.training.encoder.tuning import CLASSES
from services.classifier.training.evaluate import f1
from services.classifier.training.fit import Floats, Inputs, Names, fit, platt, sharpness
from services.classifier.training.flagging import best_threshold, flag_logits
from services.classifier.training.matrix import Matrices, build
from services.classifier.training.plain import plain
from services.classifier.training.unseen import UNSEEN, Unseen, is_written, key
from services.classifier.training.weighing import gold_of, teaching, weights_of
from services.classifier.training.written import labelled
from shared.events.tags import Flag

_SHARES: Final = tuple(n / 20 for n in range(2, 81))


def mix(data: Path, folder: Path, say: Callable[[str], None]) -> None:
    """Find how much the tiers count for the fast model in `folder`, and describe both.

    Says what each tier and both together are worth on the unmet authors' cases.

    Raises:
        CorpusError: an input is missing or not the known one.
        ModelError: there is no fast model that fits, or no tuned one.

    """
    fast, about = Weights.read(folder).about, About.read(folder)
    unmet = Unmet.of([*labelled(data), *composed(), *plain(data)], Unseen.read(UNSEEN))
    say(f"mixing both tiers by {len(unmet.judged)} cases of authors that neither has met")
    mixing = {target: unmet.mixing(target, fast, say) for target in (*TARGETS, "fault")}
    flags = {flag: unmet.flag_mixing(flag, say) for flag in Flag}
    change = {"fast_sha256": fast.tables_sha256, "mixing": mixing, "flags": flags}
    about.model_copy(update=change).write(folder)


@dataclass(frozen=True, slots=True)
class Unmet:
    """Cases to judge, and those that a model learns from that has not met their authors."""

    cases: Sequence[Case]
    seen: Matrices
    met: NDArray[np.bool_]
    judged: Ints
    opinions: Mapping[str, Floats]
    """The deep tier's, one row for each of the judged."""

    @classmethod
    def of(cls, cases: Sequence[Case], unseen: Unseen) -> Self:
        """Divide cases as they were divided when the language model was judged."""
        place = {name: row for row, name in enumerate(unseen.names)}
        known = np.array([key(case) in place for case in cases])
        judged = np.flatnonzero(known & usual(cases))
        if not len(judged):
            raise CorpusError("no opinion of unmet writers is of these cases: tune anew")
        met = np.array([not is_written(case) or case.author in unseen.met for case in cases])
        rows = [place[key(cases[n])] for n in judged.tolist()]
        opinions = {target: found[rows] for target, found in unseen.opinions.items()}
        return cls(cases, build(cases, Lists.read()), met, judged, opinions)

    def mixing(
        self, target: str, fast: Description, say: Callable[[str], None]
    ) -> tuple[float, float]:
        """Return how much the logits of the fast and of the deep tier count."""
        classes, judged, deep = CLASSES[target], self.judged, self.opinions[target]
        taught = np.array([target in self.cases[n].teaches for n in judged.tolist()])
        if target == "fault":
            taught &= self._undecided()
        judged, deep = judged[taught], deep[taught]
        gold = gold_of([self.cases[n] for n in judged.tolist()], target)
        own = fast.sharpness[target] * self._fast(target, judged)
        weight, weight_deep = mixed(own, deep, gold, classes)
        said = (own, deep, weight * own + weight_deep * deep)
        say(_worth(target, [_macro_f1(z, gold, classes) for z in said]))
        return weight, weight_deep

    def flag_mixing(self, flag: Flag, say: Callable[[str], None]) -> FlagMixing:
        """Return how both tiers' logits of a flag become a chance, and where it is raised."""
        at = tuple(Flag).index(flag)
        gold = np.array([flag in self.cases[n].gold.flags for n in self.judged.tolist()])
        learnt = teaching(self.cases, flag)
        met = learnt[self.met[learnt]]
        said = flag_logits(flag, self.cases, self.seen, met, self.judged)
        slope, offset = platt(said, gold)  # as honest as those of the fast model itself
        own = slope * said + offset
        deep = self.opinions["flags"][:, at]
        found = mixed_flag(flag, own, deep, gold)
        both = found.fast * own + found.deep * deep + found.offset
        limits = (*(best_threshold(flag, z, gold) for z in (own, deep)), found.threshold)
        worth = [
            f1(gold.tolist(), (z >= np.log(limit / (1 - limit))).tolist()) or 0.0
            for z, limit in zip((own, deep, both), limits, strict=True)
        ]
        say(_worth(flag, worth))
        return found

    def _fast(self, target: str, judged: Ints) -> Floats:
        """Return what a fast tier says that met the same authors as the deep one."""
        is_fault = target == "fault"
        counts = self.seen.visible if is_fault else self.seen.style
        beside = self.seen.circumstances if is_fault else np.zeros((len(self.cases), 0))
        learnt = teaching(self.cases, target)
        met = learnt[self.met[learnt]]
        gold, weight = gold_of(self.cases, target), weights_of(self.cases)
        if is_fault:
            weight = weight * likeness_to_life(self.cases, self.seen)
        inputs = Inputs(counts[met], beside[met], gold[met], weight[met], capitals=target == "tone")
        model = fit(inputs, CLASSES[target], STRENGTH[target])
        return model.logits(counts[judged], beside[judged])

    def _undecided(self) -> NDArray[np.bool_]:
        """Tell the judged cases whose facts settle nothing."""
        rules = [
            judge(self.seen.facts[n], self.seen.said[n], self.cases[n].category)
            for n in self.judged.tolist()
        ]
        return np.array([finding is None or not finding.settles for finding in rules])


def mixed(fast: Floats, deep: Floats, gold: Names, classes: Sequence[str]) -> tuple[float, float]:
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


def mixed_flag(flag: Flag, fast: Floats, deep: Floats, gold: NDArray[np.bool_]) -> FlagMixing:
    """Return the weights of both tiers under which what is true of a flag is likeliest."""

    def loss(share: float) -> float:
        slope, offset = platt(fast + share * deep, gold)
        z = slope * (fast + share * deep) + offset
        return float(np.logaddexp(0, np.where(gold, -z, z)).mean())

    share = min((0.0, *_SHARES), key=loss)
    slope, offset = platt(fast + share * deep, gold)
    slope = max(slope, 0.0)  # a tier that says yes is never a reason for no
    best = best_threshold(flag, slope * (fast + share * deep) + offset, gold)
    return FlagMixing(
        fast=round(slope, 4),
        deep=round(slope * share, 4),
        offset=round(offset, 4),
        threshold=best,
    )


def _macro_f1(z: Floats, gold: Names, classes: Sequence[str]) -> float:
    said = np.array(classes)[z.argmax(axis=1)]
    each = [f1((gold == name).tolist(), (said == name).tolist()) for name in classes]
    known = [score for score in each if score is not None]
    return sum(known) / len(known)


def _worth(what: str, scores: Sequence[float]) -> str:
    fast, deep, both = (f"{score:.3f}" for score in scores)
    return f"{what}: F1 fast {fast}, deep {deep}, both {both}"
