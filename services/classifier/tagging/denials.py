"""The reviewed words by which a customer denies something or takes it back, in four languages.

What each set is for is told above it in `denials.yaml`; here stands who looks at it.
"""

import re
from dataclasses import dataclass
from importlib import resources
from typing import Self

from services.classifier.tagging.words import normalise
from shared.yaml_file import parsed


@dataclass(frozen=True, slots=True)
class Denials:
    """Sets of words in the spelling under which words are looked up."""

    may_deny: re.Pattern[str]
    """Found in every text that denies anything, as it is written."""

    not_with_i: frozenset[str]
    not_by_verb: frozenset[str]
    not_such: frozenset[str]
    not_being: frozenset[str]
    not_at_the_end: frozenset[str]
    nobody: frozenset[str]
    being: frozenset[str]
    being_not: frozenset[str]
    we: frozenset[str]
    anybody: frozenset[str]
    who: frozenset[str]
    you: frozenset[str]
    oneself: frozenset[str]
    such: frozenset[str]
    there: frozenset[str]
    intend: frozenset[str]
    go: frozenset[str]
    we_do: frozenset[str]
    conditions: frozenset[str]
    but: frozenset[str]

    takes_back: frozenset[str]
    takes_nothing_back: frozenset[str]
    ought: frozenset[str]

    @classmethod
    def read(cls) -> Self:
        """Read the sets that are shipped with this package."""
        text = resources.files(__package__).joinpath("denials.yaml").read_text("utf-8")
        given: dict[str, dict[str, str]] = parsed(text)
        listed = {name: " ".join(languages.values()).split() for name, languages in given.items()}
        negators = "|".join(map(re.escape, listed.pop("negators")))
        return cls(
            re.compile(rf"\b(?:no one|\w{{1,7}}n['\u2019]?t|{negators})\b", re.IGNORECASE),
            **{name: frozenset(map(normalise, words)) for name, words in listed.items()},
        )
