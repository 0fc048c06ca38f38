"""Scores as Markdown, as the model card shows them.

What is not known, because nothing is there to divide by, is a dash and not 0.
"""

from collections.abc import Iterator, Mapping, Sequence

from services.classifier.training.evaluate import Fired, Kept, Scores


def report(found: Scores) -> str:
    """Return the scores as Markdown tables."""
    return "\n".join(
        [
            f"{found.cases} cases",
            "",
            *_targets(found),
            "",
            *_values(found),
            "",
            *_flags(found),
            "",
            f"Facts that decided or agreed, right of fired: {_facts(found.facts)}",
            *_behind(found),
            "",
            f"Language right: {found.language_right:.3f}",
        ]
    )


def _targets(found: Scores) -> Iterator[str]:
    languages = next(iter(found.targets.values())).languages
    yield "| macro-F1 | all | " + " | ".join(languages) + " | ECE |"
    yield "|---|" + "---|" * (len(languages) + 2)
    for target, one in found.targets.items():
        row = [f"{score:.3f}" for score in (one.macro_f1, *one.languages.values(), one.ece)]
        yield f"| {target} | " + " | ".join(row) + " |"


def _values(found: Scores) -> Iterator[str]:
    yield "| F1 per value | |"
    yield "|---|---|"
    for target, one in found.targets.items():
        row = [f"{value} {_shown(score)}" for value, score in one.values.items()]
        yield f"| {target} | " + " · ".join(row) + " |"


def _flags(found: Scores) -> Iterator[str]:
    yield "| flag | precision | recall | F1 |"
    yield "|---|---|---|---|"
    for flag, one in found.flags.items():
        row = (_shown(score) for score in (one.precision, one.recall, one.f1))
        yield f"| {flag} | " + " | ".join(row) + " |"


def _facts(found: Mapping[str, Fired]) -> str:
    return " · ".join(f"{rule} {one.right}/{one.fired}" for rule, one in found.items()) or "none"


def _behind(found: Scores) -> Iterator[str]:
    """Yield the confusion and the curve of abstention of each target."""
    for target, one in found.targets.items():
        yield ""
        yield f"| {target}: gold \\ said | " + " | ".join(one.confusion) + " |"
        yield "|---|" + "---|" * len(one.confusion)
        for gold, said in one.confusion.items():
            yield f"| {gold} | " + " | ".join(str(times) for times in said.values()) + " |"
        yield ""
        yield f"{target}: {_curve(one.abstention)}"


def _curve(kept: Sequence[Kept]) -> str:
    return " · ".join(
        f"≥ {one.threshold:.1f}: {one.kept:.0%} kept, {_shown(one.right, '.1%')} right"
        for one in kept
    )


def _shown(score: float | None, form: str = ".2f") -> str:
    return "-" if score is None else format(score, form)
