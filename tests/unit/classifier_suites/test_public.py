"""Behaviour on public texts, read where they lie; skipped where they are not.

Thresholds are those that the bank accepts. Nothing of these files is copied into the project.
"""

import csv
import gzip
import io
from collections.abc import Sequence
from pathlib import Path

import pytest

from services.classifier import tagging
from services.classifier.tagging import Message
from shared.events.tags import Flag, Pressure, Tags, Tone

PUBLIC = Path(__file__).parents[4] / "shared" / "data" / "public"
HARSH = frozenset({Tone.RUDE, Tone.ABUSIVE})
BATCH = 500

pytestmark = pytest.mark.skipif(
    not PUBLIC.is_dir(), reason=f"the public texts are not at {PUBLIC.name}"
)


def rows(name: str) -> list[dict[str, str]]:
    content = gzip.decompress((PUBLIC / name).read_bytes()).decode("utf-8")
    return list(csv.DictReader(io.StringIO(content, newline="")))


def tagged(texts: Sequence[str]) -> list[Tags]:
    tagger = tagging.load()
    batches = (texts[start : start + BATCH] for start in range(0, len(texts), BATCH))
    return [tags for batch in batches for tags in tagger.tag([Message(t) for t in batch])]


def harsh(texts: Sequence[str]) -> float:
    return sum(tags.tone.value in HARSH for tags in tagged(texts)) / len(texts)


def test_everyday_questions_to_a_bank_are_not_called_harsh() -> None:
    assert harsh([row["text"] for row in rows("en_banking77_test.csv.gz")]) <= 0.003


def test_learners_of_the_language_are_treated_like_natives() -> None:
    of = {"0": [], "1": []}  # type: dict[str, list[str]]
    for row in rows("uk_uagec_sample.csv.gz"):
        of[row["is_native"]].append(row["text"])
    assert abs(harsh(of["0"]) - harsh(of["1"])) <= 0.01


@pytest.mark.parametrize("name", ["en_hatecheck.csv.gz", "pl_mhc_polish.csv.gz"])
def test_who_says_that_people_will_be_killed_is_brought_to_a_specialist(name: str) -> None:
    """Threats to others than the bank are no pressure on it; that somebody is in danger counts."""
    texts = [row["test_case"] for row in rows(name) if row["functionality"] == "threat_dir_h"]
    heard = [
        tags.pressure.value is Pressure.VIOLENCE
        or any(flag.value is Flag.SAFETY for flag in tags.flags)
        for tags in tagged(texts)
    ]
    assert sum(heard) / len(heard) >= 0.8
