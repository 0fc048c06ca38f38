"""The reviewed word lists: which concepts a word or a short phrase stands for.

Words of four languages share one concept, so what is learned from one language serves the others.
"""

import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Self

from services.classifier.tagging.denials import Denials
from services.classifier.tagging.words import normalise
from shared.yaml_file import parsed

GAP = 2
"""So many other words may stand between two words of a phrase."""

_BITS = 62
"""Words of phrases are told apart by so many bits before they are compared letter by letter."""

FLAGS_FILE, FAULT_FILE = "flags", "fault"
FILES = ("tone", "pressure", FLAGS_FILE, FAULT_FILE)

HARM = "harm"
MANNER = frozenset(
    {"insult", "vulgar", "contempt", "upset", "polite"}
    | {"institution", "court", "leave", "publicity", HARM}
)
"""Concepts of tone and pressure: words that carry one are not shown to the fault model."""

VULNERABLE = frozenset({"illness", "bereaved", "disabled", "hardship", "barrier", "abuse"})
SELF_HARM, HYPERBOLE = "self_harm", "hyperbole"
BODILY = "bodily"
INTENT = "intent"
SAFETY = frozenset({SELF_HARM, INTENT, "danger", BODILY})
"""Concepts behind the two flags that bring a case to a specialist."""

Pattern = tuple[str, bool]
"""A normalised word, and whether it matches as a prefix."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that must follow each other, looked for from their longest word outwards."""

    before: tuple[Pattern, ...]
    after: tuple[Pattern, ...]
    concept: int
    bit: int
    """Set for words that may be the one looked for first: tells whether it can be near at all."""

    def stands_between(self, before: Sequence[str], after: Sequence[str]) -> bool:
        """Tell whether the rest of the phrase is among the words before and after its longest.

        Both begin with the nearest word.
        """
        return self.places_between(before, after) is not None

    def places_between(
        self,
        before: Sequence[str],
        after: Sequence[str],
        gap: int = GAP,
        light: Collection[str] = frozenset(),
    ) -> list[int] | None:
        """Return where the words of the phrase stand, seen from its longest at 0; None if not.

        Between two of them may stand `gap` other words, and any that are `light`.
        """
        if (right := _follow(after, self.after, gap, light)) is None:
            return None
        if (left := _follow(before, self.before, gap, light)) is None:
            return None
        return [*(-1 - n for n in reversed(left)), 0, *(n + 1 for n in right)]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the lists know of one word."""

    concepts: frozenset[int] = frozenset()
    anchored: tuple[Phrase, ...] = ()
    """Phrases of which it may be the longest word."""
    partners: int = 0
    """Bits of the phrases' other words that it may be; two words may share a bit."""

    def __or__(self, other: "Meaning") -> "Meaning":
        return Meaning(
            self.concepts | other.concepts,
            self.anchored + other.anchored,
            self.partners | other.partners,
        )


_MEANS_NOTHING = Meaning()


@dataclass(frozen=True, slots=True)
class Lists:
    """Every list, compiled for look-up by word; a concept is a number, its place in `concepts`."""

    concepts: tuple[str, ...]
    whole: dict[str, Meaning]
    prefixes: dict[str, Meaning]
    longest: int  # characters of the longest prefix
    reach: int  # words from a phrase's longest word that the phrase may take
    manner: frozenset[int]
    flags: frozenset[int]
    fault: frozenset[int]
    denials: Denials

    @classmethod
    def read(cls) -> Self:
        """Read the lists that are shipped with this package."""
        concepts: list[str] = []
        of_file: dict[str, set[int]] = {name: set() for name in FILES}
        known: dict[Pattern, Meaning] = {}

        def add(pattern: Pattern, meaning: Meaning) -> None:
            known[pattern] = known.get(pattern, _MEANS_NOTHING) | meaning

        folder = resources.files("services.classifier.tagging") / "lists"
        for name in FILES:
            content = parsed((folder / f"{name}.yaml").read_text("utf-8"))
            for concept, languages in content.items():
                number = len(concepts)
                concepts.append(concept)
                of_file[name].add(number)
                for entry in ",".join(languages.values()).split(","):
                    parts = tuple(_pattern(part) for part in entry.split())
                    if len(parts) == 1:
                        add(parts[0], Meaning(concepts=frozenset({number})))
                        continue
                    at = max(range(len(parts)), key=lambda n: len(parts[n][0]))
                    first = parts[at + 1] if at + 1 < len(parts) else parts[at - 1]
                    bit = 1 << zlib.crc32(first[0].encode()) % _BITS
                    phrase = Phrase(parts[:at][::-1], parts[at + 1 :], number, bit)
                    add(parts[at], Meaning(anchored=(phrase,)))
                    add(first, Meaning(partners=bit))
        return cls(
            tuple(concepts),
            {word: meaning for (word, prefix), meaning in known.items() if not prefix},
            {word: meaning for (word, prefix), meaning in known.items() if prefix},
            max(len(word) for word, prefix in known if prefix),
            (GAP + 1)
            * max(
                len(phrase.before + phrase.after) for m in known.values() for phrase in m.anchored
            ),
            frozenset(n for n, concept in enumerate(concepts) if concept in MANNER),
            frozenset(of_file[FLAGS_FILE]),
            frozenset(of_file[FAULT_FILE]),
            Denials.read(),
        )

    def meaning(self, plain: str) -> Meaning:
        """Return what is known of one normalised word."""
        found = self.whole.get(plain, _MEANS_NOTHING)
        for size in range(2, min(len(plain), self.longest) + 1):
            if (hit := self.prefixes.get(plain[:size])) is not None:
                found |= hit
        return found


def _pattern(part: str) -> Pattern:
    return normalise(part.removesuffix("*")), part.endswith("*")


def _follow(
    words: Sequence[str], patterns: Sequence[Pattern], gap: int, light: Collection[str]
) -> list[int] | None:
    """Return where the patterns occur in this order, with so many heavy words between two."""
    found: list[int] = []
    at = -1
    for text, prefix in patterns:
        left = gap
        for n in range(at + 1, len(words)):
            if words[n].startswith(text) if prefix else words[n] == text:
                found.append(at := n)
                break
            left -= words[n] not in light
            if left < 0:
                return None
        else:
            return None
    return found
