"""Scores of the tagger on labelled cases: macro-F1 per target and language, flags, calibration."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from services.classifier.tagging import Message
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


def flag_scores(found: Sequence[Outcome], flag: Flag) -> tuple[float, float, float]:
    """Return precision, recall and F1 of a flag; 0 where undefined."""
    gold = [flag in outcome.case.gold.flags for outcome in found]
    said = [any(raised.value is flag for raised in outcome.tags.flags) for outcome in found]
    both = sum(a and b for a, b in zip(gold, said, strict=True))
    return both / max(sum(said), 1), both / max(sum(gold), 1), f1(gold, said) or 0.0


def calibration_error(found: Sequence[Outcome], target: str) -> float:
    """Return the expected calibration error over ten bins of confidence."""
    sure = np.array([outcome.confidence(target) for outcome in found])
    right = np.array([outcome.gold(target) == outcome.said(target) for outcome in found])
    in_bin = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = [abs(float((right[in_bin == n] - sure[in_bin == n]).sum())) for n in range(BINS)]
    return sum(gaps) / max(len(found), 1)


def confusion(found: Sequence[Outcome], target: str) -> list[str]:
    """Return how often each value was said of each gold value, as a Markdown table."""
    values = VALUES[target]
    pairs = Counter((outcome.gold(target), outcome.said(target)) for outcome in found)
    lines = [f"| {target}: gold \\ said | " + " | ".join(values) + " |"]
    lines.append("|---|" + "---|" * len(values))
    for gold in values:
        row = " | ".join(str(pairs[str(gold), str(said)]) for said in values)
        lines.append(f"| {gold} | {row} |")
    return lines


def abstention(found: Sequence[Outcome], target: str) -> str:
    """Return, for thresholds of confidence, the share answered and how much of it is right."""
    shown = []
    for threshold in THRESHOLDS:
        kept = [outcome for outcome in found if outcome.confidence(target) >= threshold]
        right = sum(outcome.gold(target) == outcome.said(target) for outcome in kept)
        share = len(kept) / max(len(found), 1)
        shown.append(f"≥ {threshold:.1f}: {share:.0%} kept, {right / max(len(kept), 1):.1%} right")
    return " · ".join(shown)


def rules(found: Sequence[Outcome]) -> str:
    """Return how often each rule on facts was right where it gave the tag or agreed with it."""
    fired: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for outcome in found:
        for proof in outcome.tags.evidence:
            if proof.source.startswith("rule:"):
                name = proof.source.removeprefix("rule:")
                fired[name] += 1
                right[name] += outcome.gold("fault") == proof.value
    return " · ".join(f"{name} {right[name]}/{times}" for name, times in fired.most_common())


def report(found: Sequence[Outcome]) -> str:
    """Return the scores as Markdown tables."""
    languages = sorted({outcome.case.lang for outcome in found})
    parts = {lang: [o for o in found if o.case.lang == lang] for lang in languages}
    lines = [
        f"{len(found)} cases",
        "",
        "| macro-F1 | all | " + " | ".join(languages) + " | ECE |",
        "|---|" + "---|" * (len(languages) + 2),
    ]
    for target in VALUES:
        each = [macro_f1(part, target) for part in parts.values()]
        row = [
            f"{score:.3f}"
            for score in (macro_f1(found, target), *each, calibration_error(found, target))
        ]
        lines.append(f"| {target} | " + " | ".join(row) + " |")
    lines += ["", "| F1 per value | |", "|---|---|"]
    for target, values in VALUES.items():
        scores = ((value, value_f1(found, target, value) or 0.0) for value in values)
        lines.append(
            f"| {target} | " + " · ".join(f"{value} {score:.2f}" for value, score in scores) + " |"
        )
    lines += ["", "| flag | precision | recall | F1 |", "|---|---|---|---|"]
    for flag in Flag:
        lines.append(
            f"| {flag} | " + " | ".join(f"{score:.2f}" for score in flag_scores(found, flag)) + " |"
        )
    lines += ["", "Facts that decided or agreed, right of fired: " + rules(found)]
    for target in VALUES:
        lines += ["", *confusion(found, target), "", f"{target}: {abstention(found, target)}"]
    right = sum(outcome.tags.language == outcome.case.lang for outcome in found)
    lines += ["", f"Language right: {right / max(len(found), 1):.3f}"]
    return "\n".join(lines)
