# ruff: noqa: RUF001 - Cyrillic letters and words are this module's subject
"""Tells Belarusian and Bulgarian from Russian and Ukrainian, with which they share most words.

By letters that one of them alone writes, or cannot do without. Invariant: a mixture of Russian and
Ukrainian is neither: it has letters of both.
"""

import re
from dataclasses import dataclass
from typing import Final

_WORD: Final = re.compile(r"[^\W\d_]+")
_CYRILLIC: Final = re.compile("[а-яёіїєґў]")
_NOT_BELARUSIAN: Final = frozenset("ищъїєґ")
_NOT_BULGARIAN: Final = re.compile("[ыэёіїєґў]")
_NOT_UKRAINIAN: Final = frozenset("ыэ")
_BULGARIAN_FORM: Final = re.compile("ъ[бвгджзйклмнпрстфхцчшщ]|[аеия]хте$")
"""The vowel `ъ`, which Russian has before vowels only and Ukrainian not at all; "you did"."""
_TOLD: Final = 2
"""So many words of another language are more than a name."""
_SENTENCE: Final = 3


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Words of both that no Russian or Ukrainian message holds two of, without an own letter."""

    belarusian: frozenset[str]
    bulgarian: frozenset[str]

    def wrote(self, text: str) -> bool:
        """Tell a message in Belarusian or Bulgarian."""
        words = [word for word in _WORD.findall(text.lower()) if _CYRILLIC.search(word)]
        return self._is_belarusian(words) or self._is_bulgarian(words)

    def _is_belarusian(self, words: list[str]) -> bool:
        own = sum("ў" in word for word in words)
        if own:
            return own > sum(not _NOT_BELARUSIAN.isdisjoint(word) for word in words)
        letters = frozenset("".join(words))
        if not _NOT_BELARUSIAN.isdisjoint(letters):
            return False
        both = "і" in letters and not _NOT_UKRAINIAN.isdisjoint(letters) and len(words) >= _SENTENCE
        return both or sum(word in self.belarusian for word in words) >= _TOLD

    def _is_bulgarian(self, words: list[str]) -> bool:
        told = sum(word in self.bulgarian or bool(_BULGARIAN_FORM.search(word)) for word in words)
        return told >= _TOLD and not any(map(_NOT_BULGARIAN.search, words))
