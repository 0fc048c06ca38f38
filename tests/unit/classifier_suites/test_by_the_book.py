"""The labelling guideline, sentence by sentence, in short cases that are never trained on.

Each case says why it is labelled so. The thresholds keep what is reached; they are no targets.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from services.classifier.tagging import Tier
from services.classifier.training.corpus import read
from services.classifier.training.evaluate import Outcome, flag_scores, macro_f1, outcomes
from shared.events.tags import Flag
from tests.unit.classifier_suites.tiers import sample, tagger

FOLDER: Final = Path(__file__).parent
BOOK: Final = "by_the_book"
MORE: Final = "by_the_book_more"
"""What the first 155 cases leave out: slurs, words taken back, others than the bank, takeovers."""
MIXTURES: Final = "mixtures"
SAMPLE: Final = 80
ENOUGH: Final[dict[tuple[str, Tier], dict[str, float]]] = {
    (BOOK, "fast"): {"tone": 0.82, "pressure": 0.85, "fault": 0.9},
    (BOOK, "cascade"): {"tone": 0.82, "pressure": 0.85, "fault": 0.9},
    # Wished is as much as of the first 155.
    (MORE, "fast"): {"tone": 0.74, "pressure": 0.50, "fault": 0.74},
    (MORE, "cascade"): {"tone": 0.78, "pressure": 0.56, "fault": 0.72},
    (MIXTURES, "fast"): {"tone": 0.75, "pressure": 0.9, "fault": 0.9},
    (MIXTURES, "cascade"): {"tone": 0.75, "pressure": 0.9, "fault": 0.9},
}
ENOUGH_OF_FLAG: Final = {
    Flag.VULNERABLE: 0.8,
    Flag.SAFETY: 0.8,
    Flag.FRAUD: 0.9,
    Flag.STAFF_CONDUCT: 0.7,
    Flag.LEGAL: 0.9,
}


@cache
def found(name: str, tier: Tier = "fast") -> Sequence[Outcome]:
    cases = read([FOLDER / f"{name}.jsonl"])
    return outcomes(tagger(tier), sample(cases, tier, SAMPLE))


@pytest.mark.parametrize(
    ("name", "tier", "target"),
    [(name, tier, target) for (name, tier), wanted in ENOUGH.items() for target in wanted],
)
def test_the_guideline_is_followed(name: str, tier: Tier, target: str) -> None:
    assert macro_f1(found(name, tier), target) >= ENOUGH[name, tier][target]


@pytest.mark.parametrize("flag", Flag)
def test_flags_are_raised_by_the_guideline(flag: Flag) -> None:
    assert (flag_scores(found(BOOK), flag).f1 or 0) >= ENOUGH_OF_FLAG[flag]
