"""Manner that is not what its words say: sneers without an insult, jokes, idioms, plain visits.

All lines were written by the guideline for this suite and are never trained on.
"""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from services.classifier.tagging import Tier
from shared.events.tags import Flag, Pressure, Tags, Tone
from tests.unit.classifier_suites.tiers import TIERS, tagged

LINES: Final = Path(__file__).parent / "manners.jsonl"
LANGUAGES: Final = ("en", "ru", "uk", "pl")
MILD: Final = frozenset({Tone.COURTEOUS, Tone.UPSET})
ENOUGH: Final = 0.85


HARMLESS: Final[dict[Tier, dict[str, int]]] = {
    "fast": {"en": 6, "ru": 6, "uk": 6, "pl": 8},
    "cascade": {"en": 8, "ru": 9, "uk": 9, "pl": 9},
}
"""So many of twelve plain announcements and demands are heard as such at least; all are wished."""


@cache
def lines() -> dict[tuple[str, str], list[str]]:
    """Return the texts by kind and language."""
    found: dict[tuple[str, str], list[str]] = {}
    for line in LINES.read_text("utf-8").splitlines():
        written = json.loads(line)
        found.setdefault((written["kind"], written["lang"]), []).append(written["text"])
    return found


def wrong(kind: str, language: str, tier: Tier, is_right: Callable[[Tags], bool]) -> list[str]:
    """Return the texts of a kind that a tier gets wrong."""
    texts = lines()[kind, language]
    return [
        text for text, tags in zip(texts, tagged(texts, tier), strict=True) if not is_right(tags)
    ]


def share_right(kind: str, tier: Tier, is_right: Callable[[Tags], bool]) -> float:
    missed = sum(len(wrong(kind, language, tier, is_right)) for language in LANGUAGES)
    return 1 - missed / sum(len(lines()[kind, language]) for language in LANGUAGES)


def is_mild_and_holds_nothing_out(tags: Tags) -> bool:
    return tags.tone.value in MILD and tags.pressure.value is Pressure.NONE


def is_no_danger(tags: Tags) -> bool:
    raised = {flag.value for flag in tags.flags}
    return tags.pressure.value is not Pressure.VIOLENCE and Flag.SAFETY not in raised


# Wished is ENOUGH: the language model takes a sneer without a hard word for courtesy.
@pytest.mark.parametrize(("tier", "enough"), [("fast", 0.75), ("cascade", 0.6)])
def test_sarcasm_that_sneers_is_rude(tier: Tier, enough: float) -> None:
    assert share_right("sneer", tier, lambda tags: tags.tone.value is Tone.RUDE) >= enough


# Of the fast tier as much is wished as of the cascade.
@pytest.mark.parametrize(("tier", "enough"), [("fast", 0.75), ("cascade", ENOUGH)])
def test_sarcasm_at_oneself_is_at_most_upset(tier: Tier, enough: float) -> None:
    assert share_right("at_oneself", tier, is_mild_and_holds_nothing_out) >= enough


@pytest.mark.parametrize("tier", TIERS)
def test_an_idiom_is_meant_as_an_idiom(tier: Tier) -> None:
    assert (
        share_right(
            "idiom", tier, lambda tags: is_mild_and_holds_nothing_out(tags) and is_no_danger(tags)
        )
        >= ENOUGH
    )


@pytest.mark.parametrize(("tier", "enough"), [("fast", 0.55), ("cascade", ENOUGH)])
def test_insults_at_oneself_or_others_or_quoted_are_at_most_upset(
    tier: Tier, enough: float
) -> None:
    assert share_right("own_or_quoted_insult", tier, lambda tags: tags.tone.value in MILD) >= enough


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plain_announcement_or_demand_is_no_danger(language: str, tier: Tier) -> None:
    taken = wrong("plain", language, tier, is_no_danger)
    assert len(lines()["plain", language]) - len(taken) >= HARMLESS[tier][language], taken
