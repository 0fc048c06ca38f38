"""The reviewed word lists: which concepts a word or a short phrase stands for.

Words of four languages share one concept, so what is learned from one language serves the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Self

import yaml

from services.classifier.tagging.words import normalise

GAP = 2
"""So many other words may stand between two words of a phrase."""

FAULT_FILE = "fault"
FILES = ("tone", "pressure", "flags", FAULT_FILE)

MANNER = frozenset(
    {"insult", "vulgar", "contempt", "upset", "polite"}
    | {"institution", "court", "leave", "publicity", "harm"}
)
"""Concepts of tone and pressure: words that carry one are not shown to the fault model."""

Pattern = tuple[str, bool]
"""A normalised word, and whether it matches as a prefix."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that must follow each other, looked for from their longest word outwards."""

    before: tuple[Pattern, ...]
    after: tuple[Pattern, ...]
    concept: int

    def stands_at(self, plain: Sequence[str], anchor: int, low: int, high: int) -> bool:
        """Tell whether the phrase stands around the word at `anchor`, within [low, high)."""
        at = anchor
        for pattern in self.after:
            at = next(
                (n for n in range(at + 1, min(at + GAP + 2, high)) if _fits(plain[n], pattern)), -1
            )
            if at < 0:
                return False
        at = anchor
        for pattern in self.before:
            at = next(
                (
                    n
                    for n in range(at - 1, max(at - GAP - 2, low - 1), -1)
                    if _fits(plain[n], pattern)
                ),
                -1,
            )
            if at < 0:
                return False
        return True


@dataclass(frozen=True, slots=True)
class Lists:
    """Every list, compiled for look-up by word; a concept is a number, its place in `concepts`."""

    concepts: tuple[str, ...]
    whole: dict[str, frozenset[int]]
    prefixes: dict[str, frozenset[int]]
    anchors: dict[Pattern, tuple[Phrase, ...]]
    manner: frozenset[int]
    fault: frozenset[int]

    @classmethod
    def read(cls) -> Self:
        """Read the lists that are shipped with this package."""
        concepts: list[str] = []
        fault: set[int] = set()
        single: dict[Pattern, set[int]] = {}
        anchors: dict[Pattern, list[Phrase]] = {}
        folder = resources.files("services.classifier.tagging") / "lists"
        for name in FILES:
            content = yaml.safe_load((folder / f"{name}.yaml").read_text("utf-8"))
            for concept, languages in content.items():
                number = len(concepts)
                concepts.append(concept)
                if name == FAULT_FILE:
                    fault.add(number)
                for entry in ",".join(languages.values()).split(","):
                    parts = tuple(_pattern(part) for part in entry.split())
                    if len(parts) == 1:
                        single.setdefault(parts[0], set()).add(number)
                    else:
                        at = max(range(len(parts)), key=lambda n: len(parts[n][0]))
                        phrase = Phrase(parts[:at][::-1], parts[at + 1 :], number)
                        anchors.setdefault(parts[at], []).append(phrase)
        return cls(
            tuple(concepts),
            {word: frozenset(found) for (word, prefix), found in single.items() if not prefix},
            {word: frozenset(found) for (word, prefix), found in single.items() if prefix},
            {anchor: tuple(phrases) for anchor, phrases in anchors.items()},
            frozenset(n for n, concept in enumerate(concepts) if concept in MANNER),
            frozenset(fault),
        )

    def concepts_of(self, plain: str) -> frozenset[int]:
        """Return the concepts of one normalised word."""
        found = self.whole.get(plain, frozenset())
        for size in range(2, len(plain) + 1):
            if hit := self.prefixes.get(plain[:size]):
                found |= hit
        return found

    def phrases_around(self, plain: str) -> tuple[Phrase, ...]:
        """Return the phrases whose longest word this normalised word may be."""
        found = self.anchors.get((plain, False), ())
        for size in range(2, len(plain) + 1):
            found += self.anchors.get((plain[:size], True), ())
        return found


def _pattern(part: str) -> Pattern:
    return normalise(part.removesuffix("*")), part.endswith("*")


def _fits(word: str, pattern: Pattern) -> bool:
    text, prefix = pattern
    return word.startswith(text) if prefix else word == text
