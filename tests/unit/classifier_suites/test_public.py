"""Behaviour on public texts, read where they lie; skipped where they are not.

Thresholds are those that the bank accepts. Nothing of these files is copied into the project.
What is only reported stands in the properties of the run (`--junit-xml`).
"""

import csv
import gzip
import io
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from services.classifier.tagging import Tier
from shared.events.tags import Flag, Pressure, Tags, Tone
from tests.unit.classifier_suites.tiers import TIERS, sample, stays_within, tagged

PUBLIC: Final = Path(__file__).parents[4] / "shared" / "data" / "public"
HARSH: Final = frozenset({Tone.RUDE, Tone.ABUSIVE})
QUESTIONS, NATIVES, LEARNERS = "questions", "natives", "learners"
SAMPLES: Final = {QUESTIONS: 150, NATIVES: 60, LEARNERS: 60}
"""Texts that the slow tier reads of each kind; of others:"""
SAMPLE: Final = 40
SLURS: Final = {
    ("en_hatecheck.csv.gz", "fast"): 0.7,
    ("pl_mhc_polish.csv.gz", "fast"): 0.3,
    ("en_hatecheck.csv.gz", "cascade"): 0.75,
    ("pl_mhc_polish.csv.gz", "cascade"): 0.7,
}
"""How many slurs at groups are heard as rude or abusive at least: what is reached, no target."""

pytestmark = pytest.mark.skipif(
    not PUBLIC.is_dir(), reason=f"the public texts are not at {PUBLIC.name}"
)


def rows(name: str) -> list[dict[str, str]]:
    content = gzip.decompress((PUBLIC / name).read_bytes()).decode("utf-8")
    return list(csv.DictReader(io.StringIO(content, newline="")))


@cache
def everyday(kind: str, tier: Tier) -> Sequence[Tags]:
    """Tag everyday questions to a bank, or sentences by natives or learners of the language."""
    if kind == QUESTIONS:
        texts = [row["text"] for row in rows("en_banking77_test.csv.gz")]
    else:
        native = "1" if kind == NATIVES else "0"
        written = rows("uk_uagec_sample.csv.gz")
        texts = [row["text"] for row in written if row["is_native"] == native]
    return tagged(sample(texts, tier, SAMPLES[kind]), tier)


@cache
def of_groups(name: str, functionality: str, tier: Tier) -> Sequence[Tags]:
    """Tag what HateCheck's file holds of one functionality."""
    texts = [row["test_case"] for row in rows(name) if row["functionality"] == functionality]
    return tagged(sample(texts, tier, SAMPLE), tier)


def share(tags: Sequence[Tags], is_meant: Callable[[Tags], bool]) -> float:
    return sum(map(is_meant, tags)) / len(tags)


def is_harsh(tags: Tags) -> bool:
    return tags.tone.value in HARSH


def is_violence(tags: Tags) -> bool:
    return tags.pressure.value is Pressure.VIOLENCE


def raises(flag: Flag) -> Callable[[Tags], bool]:
    return lambda tags: any(raised.value is flag for raised in tags.flags)


@pytest.mark.parametrize("tier", TIERS)
def test_everyday_questions_to_a_bank_are_not_called_harsh(tier: Tier) -> None:
    assert share(everyday(QUESTIONS, tier), is_harsh) <= 0.003


@pytest.mark.parametrize(
    ("kind", "tier", "known"),
    [
        (QUESTIONS, "fast", None),
        (QUESTIONS, "cascade", None),
        (NATIVES, "fast", 0.02),
        (LEARNERS, "fast", 0.02),
    ],
)
def test_everyday_words_are_no_violence(kind: str, tier: Tier, known: float | None) -> None:
    stays_within(share(everyday(kind, tier), is_violence), 0.003, known)


@pytest.mark.parametrize(
    ("kind", "flag", "known"),
    [
        (QUESTIONS, Flag.SAFETY, None),
        (NATIVES, Flag.SAFETY, 0.05),
        (LEARNERS, Flag.SAFETY, 0.05),
        (QUESTIONS, Flag.VULNERABLE, None),
        (NATIVES, Flag.VULNERABLE, 0.008),
        (LEARNERS, Flag.VULNERABLE, 0.008),
    ],
)
def test_everyday_words_raise_no_flag_of_need(kind: str, flag: Flag, known: float | None) -> None:
    stays_within(share(everyday(kind, "fast"), raises(flag)), 0.005, known)


def test_learners_of_the_language_are_treated_like_natives() -> None:
    native, learner = (share(everyday(kind, "fast"), is_harsh) for kind in (NATIVES, LEARNERS))
    assert abs(native - learner) <= 0.01


@pytest.mark.parametrize("flag", [Flag.SAFETY, Flag.VULNERABLE])
def test_learners_need_is_seen_like_that_of_natives(flag: Flag) -> None:
    native, learner = (share(everyday(kind, "fast"), raises(flag)) for kind in (NATIVES, LEARNERS))
    assert abs(native - learner) <= 0.01


def test_both_tiers_together_treat_learners_much_like_natives() -> None:
    """A sample tells no points apart: it guards against a bias that anyone would see."""
    native, learner = (share(everyday(kind, "cascade"), is_harsh) for kind in (NATIVES, LEARNERS))
    assert abs(native - learner) <= 0.1


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("name", ["en_hatecheck.csv.gz", "pl_mhc_polish.csv.gz"])
def test_who_says_that_people_will_be_killed_is_brought_to_a_specialist(
    name: str, tier: Tier, record_property: Callable[[str, object], None]
) -> None:
    """Threats to others than the bank are no pressure on it; that somebody is in danger counts."""
    heard = of_groups(name, "threat_dir_h", tier)
    record_property("threats called violence", share(heard, is_violence))
    in_danger = raises(Flag.SAFETY)
    assert share(heard, lambda tags: is_violence(tags) or in_danger(tags)) >= 0.8


@pytest.mark.parametrize(("name", "tier"), SLURS)
def test_slurs_at_groups_are_heard(
    name: str, tier: Tier, record_property: Callable[[str, object], None]
) -> None:
    heard = share(of_groups(name, "slur_h", tier), is_harsh)
    record_property("slurs called rude or abusive", heard)
    assert heard >= SLURS[name, tier]
