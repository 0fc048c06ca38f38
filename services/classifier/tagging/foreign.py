"""Tells messages in a language that the tagger cannot read, so that people read them.

A message is foreign where most of its letters belong to no alphabet that is read, where little
words of other languages outnumber those of the four that are, or words with accents that none of
the four writes do, where it is Belarusian or Bulgarian, or where a text of some length has no
little word at all and no letter of its own. Nothing of it depends on other messages.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from importlib import resources
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from services.classifier.tagging.features import Words
from services.classifier.tagging.growing import Growing
from services.classifier.tagging.neighbours import Neighbours
from services.classifier.tagging.vocabulary import Vocabulary
from services.classifier.tagging.words import normalise
from shared.events.tags import (
    UNREAD,
    Evidence,
    Fault,
    FaultTag,
    FlagTag,
    Pressure,
    PressureTag,
    Tags,
    Tone,
    ToneTag,
)
from shared.yaml_file import parsed

SOURCE: Final = "rule:language_not_read"
"""Stands in the evidence of a message that nobody but a person can read."""

_NEAR: Final = "neighbours"
_LENGTH: Final = 8
"""So many words in Latin letters hold a little word, if they are in a language that is read."""
_POLISH: Final = frozenset("ąęłńśźżĄĘŁŃŚŹŻ")
_ACCENT: Final = re.compile(
    r"[àâãäåæçèêëìîïñòôõöøùûüýÿăāčďđēėěğģīįķļľňņőœŕřşșšţťțūůűųžơưạ-ỹß]",
    re.IGNORECASE,
)
"""A letter with an accent; `é` and `ó` are left out, English and Polish write them."""
_ACCENTS: Final = 2
"""So many accented words are more than a name or a dish."""
_OWN, _FOREIGN, _LATIN, _LETTERS, _STRANGE = range(5)
_CYRILLIC: Final = frozenset("абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґ\u0455\u0458")
"""Letters of Russian and Ukrainian, and the two of others that pass for a Latin s and j."""
_ASCII: Final = 0x80
_BLOCKS: Final = ((0x00, 0x250), (0x300, 0x370), (0x400, 0x530), (0x1E00, 0x1F00))
"""Code points of Latin and Cyrillic letters, and of the accents on them."""


class Foreign:
    """Looks at the little words and letters of messages. Not for two threads at a time."""

    def __init__(
        self,
        own: frozenset[str],
        foreign: frozenset[str],
        neighbours: Neighbours,
        known: Vocabulary,
    ) -> None:
        self._own = own
        self._neighbours = neighbours
        self._foreign = foreign
        self._known = known
        self._counts = Growing(_STRANGE + 1)

    @classmethod
    def read(cls, known: Vocabulary) -> Self:
        """Read the shipped lists."""
        text = resources.files(__package__).joinpath("function_words.yaml").read_text("utf-8")
        groups: dict[str, dict[str, str]] = parsed(text)
        near = {name: frozenset(listed.split()) for name, listed in groups.pop(_NEAR).items()}
        words: defaultdict[str, set[str]] = defaultdict(set)
        for group, languages in groups.items():
            for listed in languages.values():
                words[group] |= {normalise(word) for word in listed.split()}
        own = frozenset(words["own"])
        neighbours = Neighbours(near["be"], near["bg"])
        return cls(own, frozenset(words["foreign"]) - own, neighbours, known)

    def tell(self, texts: Sequence[str], words: Words) -> NDArray[np.bool_]:
        """Say of each message, given also as words, whether it is in no language that is read."""
        self._catch_up()
        rows = self._counts.rows[words.word]
        rows[:, _OWN] |= words.group > 0
        sums = np.add.reduceat(rows, words.starts, axis=0)
        own, foreign, letters = sums[:, _OWN], sums[:, _FOREIGN], sums[:, _LETTERS]
        unread: NDArray[np.bool_] = (
            (2 * sums[:, _STRANGE] > letters) | (foreign > own) | (letters == 0)
        )
        for n in np.flatnonzero(~unread).tolist():
            if not texts[n].isascii():
                accented = _accented(texts[n])
                is_foreign = accented >= _ACCENTS and accented > own[n]
                unread[n] = is_foreign or self._neighbours.wrote(texts[n])
        for n in np.flatnonzero(~unread & (own == 0) & (sums[:, _LATIN] >= _LENGTH)).tolist():
            unread[n] = _POLISH.isdisjoint(texts[n])
        return unread

    def _catch_up(self) -> None:
        fresh = self._known.plain[len(self._counts) :]
        if fresh:
            self._counts.extend(np.array([self._count(word) for word in fresh], np.int64))

    def _count(self, word: str) -> tuple[int, int, int, int, int]:
        letters = [letter for letter in word if letter.isalpha()]
        strange = 0 if word.isascii() else sum(not _is_read(letter) for letter in letters)
        is_foreign = word in self._foreign or _is_of_another_cyrillic(letters)
        # What stands for a reported word is no word of the message.
        is_latin = letters and word[0] != "<" and _CYRILLIC.isdisjoint(letters)
        return (word in self._own, is_foreign, bool(is_latin), len(letters), strange)


def _accented(text: str) -> int:
    """Count words with accents that none of the four languages writes."""
    if _ACCENT.search(text) is None:
        return 0
    words = (word for word in text.split() if _ACCENT.search(word))
    return sum(map(_POLISH.isdisjoint, words))


def _is_read(letter: str) -> bool:
    return any(first <= ord(letter) < last for first, last in _BLOCKS)


def _is_of_another_cyrillic(letters: list[str]) -> bool:
    """Tell a Cyrillic word with a letter that neither Russian nor Ukrainian has."""
    if all(ord(letter) < _ASCII or letter in _CYRILLIC for letter in letters):
        return False
    return all(unicodedata.name(letter, "").startswith("CYRILLIC") for letter in letters)


def unread(flags: tuple[FlagTag, ...], evidence: Sequence[Evidence], model: str) -> Tags:
    """Return the tags of a message that was not understood: as sure as a guess, so people look.

    Flags that a word of the lists shows stay: they grant nothing, and bring it to people sooner.
    """
    shown = [proof for proof in evidence if proof.target == "flags" and "list:" in proof.source]
    values = {proof.value for proof in shown}
    return Tags(
        tone=ToneTag(value=Tone.COURTEOUS, confidence=round(1 / len(Tone), 4)),
        pressure=PressureTag(value=Pressure.NONE, confidence=round(1 / len(Pressure), 4)),
        fault=FaultTag(value=Fault.UNCLEAR, confidence=round(1 / len(Fault), 4)),
        flags=tuple(flag for flag in flags if flag.value in values),
        language=UNREAD,
        evidence=(
            Evidence(target="fault", value=Fault.UNCLEAR, source=SOURCE),
            *shown,
        ),
        model=model,
    )
