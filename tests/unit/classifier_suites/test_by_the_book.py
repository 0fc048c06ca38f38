"""The labelling guideline, sentence by sentence: 155 short cases that are never trained on.

Each case says why it is labelled so. The thresholds keep what is reached; they are no targets.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from services.classifier import tagging
from services.classifier.training.corpus import read
from services.classifier.training.evaluate import Outcome, flag_scores, macro_f1, outcomes
from shared.events.tags import Flag

BOOK = Path(__file__).parent / "by_the_book.jsonl"
ENOUGH = {"tone": 0.82, "pressure": 0.85, "fault": 0.9}
ENOUGH_OF_FLAG = {
    Flag.VULNERABLE: 0.8,
    Flag.SAFETY: 0.8,
    Flag.FRAUD: 0.9,
    Flag.STAFF_CONDUCT: 0.7,
    Flag.LEGAL: 0.9,
}


@cache
def found() -> Sequence[Outcome]:
    return outcomes(tagging.load(), read([BOOK]))


@pytest.mark.parametrize("target", ENOUGH)
def test_the_guideline_is_followed(target: str) -> None:
    assert macro_f1(found(), target) >= ENOUGH[target]


@pytest.mark.parametrize("flag", Flag)
def test_flags_are_raised_by_the_guideline(flag: Flag) -> None:
    assert flag_scores(found(), flag)[2] >= ENOUGH_OF_FLAG[flag]
