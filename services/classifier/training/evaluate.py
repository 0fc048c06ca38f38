"""Scores of the tagger on labelled cases: macro-F1 per target and language, flags, calibration."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from services.classifier.tagging import Message
from services.classifier.tagging.foreign import SOURCE as NOT_READ
from services.classifier.training.corpus import Case
from shared.events.tags import Fault, Flag, Pressure, Tags, Tone

VALUES: Final[dict[str, tuple[str, ...]]] = {
    "tone": tuple(Tone),
    "pressure": tuple(Pressure),
    "fault": tuple(Fault),
}
BINS: Final = 10
THRESHOLDS: Final = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9)
BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """A labelled case and what the tagger said of it."""

    case: Case
    tags: Tags

    def gold(self, target: str) -> str:
        return str(getattr(self.case.gold, target))

    def said(self, target: str) -> str:
        return str(getattr(self.tags, target).value)

    def confidence(self, target: str) -> float:
        return float(getattr(self.tags, target).confidence)


@dataclass(frozen=True, slots=True)
class FlagScores:
    """Precision, recall and F1 of a flag; None where there is nothing to divide by."""

    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True, slots=True)
class Kept:
    """The share of cases at least as sure as a threshold, and how much of it is right."""

    threshold: float
    kept: float
    right: float | None


@dataclass(frozen=True, slots=True)
class Fired:
    """How often a rule on facts spoke, and how often it was right."""

    right: int
    fired: int


@dataclass(frozen=True, slots=True)
class TargetScores:
    """The scores of one target; None for the F1 of a value that never occurs."""

    macro_f1: float
    languages: dict[str, float]
    values: dict[str, float | None]
    ece: float
    confusion: dict[str, dict[str, int]]
    abstention: tuple[Kept, ...]


@dataclass(frozen=True, slots=True)
class Scores:
    """All scores on some labelled cases."""

    cases: int
    targets: dict[str, TargetScores]
    flags: dict[str, FlagScores]
    facts: dict[str, Fired]
    language_right: float


class Tagging(Protocol):
    """Whatever tags messages."""

    def tag(self, messages: Sequence[Message]) -> list[Tags]:
        """Return the tags of each message, in order."""
        ...


def outcomes(tagger: Tagging, cases: Sequence[Case]) -> list[Outcome]:
    """Tag the cases in batches."""
    tags = [
        tagged
        for start in range(0, len(cases), BATCH)
        for tagged in tagger.tag([case.message for case in cases[start : start + BATCH]])
    ]
    return [Outcome(case, tagged) for case, tagged in zip(cases, tags, strict=True)]


def f1(gold: Sequence[bool], said: Sequence[bool]) -> float | None:
    """Return the F1 of yes over no; None where neither side ever says yes."""
    total = sum(gold) + sum(said)
    both = sum(a and b for a, b in zip(gold, said, strict=True))
    return 2 * both / total if total else None


def macro_f1(found: Sequence[Outcome], target: str) -> float:
    """Return the mean F1 over the values of a target that occur."""
    scores = [value_f1(found, target, value) for value in VALUES[target]]
    known = [score for score in scores if score is not None]
    return sum(known) / len(known) if known else 0.0


def value_f1(found: Sequence[Outcome], target: str, value: str) -> float | None:
    """Return the F1 of one value of a target."""
    return f1(
        [outcome.gold(target) == value for outcome in found],
        [outcome.said(target) == value for outcome in found],
    )


def flag_scores(found: Sequence[Outcome], flag: Flag) -> FlagScores:
    """Return how well a flag is raised."""
    gold = [flag in outcome.case.gold.flags for outcome in found]
    said = [any(raised.value is flag for raised in outcome.tags.flags) for outcome in found]
    both = sum(a and b for a, b in zip(gold, said, strict=True))
    return FlagScores(_share(both, sum(said)), _share(both, sum(gold)), f1(gold, said))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def calibration_error(found: Sequence[Outcome], target: str) -> float:
    """Return the expected calibration error over ten bins of confidence."""
    sure = np.array([outcome.confidence(target) for outcome in found])
    right = np.array([outcome.gold(target) == outcome.said(target) for outcome in found])
    in_bin = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = [abs(float((right[in_bin == n] - sure[in_bin == n]).sum())) for n in range(BINS)]
    return sum(gaps) / max(len(found), 1)


def confusion(found: Sequence[Outcome], target: str) -> dict[str, dict[str, int]]:
    """Return how often each value was said of each gold value."""
    values = [str(value) for value in VALUES[target]]
    pairs = Counter((outcome.gold(target), outcome.said(target)) for outcome in found)
    return {gold: {said: pairs[gold, said] for said in values} for gold in values}


def abstention(found: Sequence[Outcome], target: str) -> tuple[Kept, ...]:
    """Return, for thresholds of confidence, the share answered and how much of it is right."""
    shown = []
    for threshold in THRESHOLDS:
        kept = [outcome for outcome in found if outcome.confidence(target) >= threshold]
        right = sum(outcome.gold(target) == outcome.said(target) for outcome in kept)
        shown.append(Kept(threshold, len(kept) / max(len(found), 1), _share(right, len(kept))))
    return tuple(shown)


def facts(found: Sequence[Outcome]) -> dict[str, Fired]:
    """Return how often each rule on facts was right where it gave the tag or agreed with it."""
    fired: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for outcome in found:
        for proof in outcome.tags.evidence:
            if proof.source.startswith("rule:") and proof.source != NOT_READ:
                name = proof.source.removeprefix("rule:")
                fired[name] += 1
                right[name] += outcome.gold("fault") == proof.value
    return {name: Fired(right[name], times) for name, times in fired.most_common()}


def scores(found: Sequence[Outcome]) -> Scores:
    """Return every score of the cases."""
    languages = sorted({outcome.case.lang for outcome in found})
    parts = {lang: [o for o in found if o.case.lang == lang] for lang in languages}
    return Scores(
        cases=len(found),
        targets={
            target: TargetScores(
                macro_f1=macro_f1(found, target),
                languages={lang: macro_f1(part, target) for lang, part in parts.items()},
                values={str(value): value_f1(found, target, value) for value in values},
                ece=calibration_error(found, target),
                confusion=confusion(found, target),
                abstention=abstention(found, target),
            )
            for target, values in VALUES.items()
        },
        flags={str(flag): flag_scores(found, flag) for flag in Flag},
        facts=facts(found),
        language_right=sum(o.tags.language == o.case.lang for o in found) / max(len(found), 1),
    )
