# ruff: noqa: RUF001 - letters that look like those of another script are this module's subject
"""Words of the lists behind a disguise: look-alike letters, signs for letters, letters set apart.

Invariant: a word is read otherwise than it stands only where that makes it a word of the lists, and
only if it is not plainly written in the letters of one script: nothing else changes its spelling.
Linear in the length of the text: letters are read one by one, along the words of the lists only.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from services.classifier.tagging.lists import Lists
from services.classifier.tagging.words import WORD, folded, normalise, split

_SHORTEST: Final = 4
"""Shorter words are too often something else."""
_LETTERS: Final = 2
"""So many true letters are in a word; the rest may be signs for letters."""
_BETWEEN: Final = r"[-._·•~/|+,]"
_APART: Final = re.compile(rf"(?<!\w)[^\W_](?:(?:\s|\s?{_BETWEEN}{{1,3}}\s?)[^\W_]){{3,40}}(?!\w)")
_SEPARATED: Final = re.compile(rf"[^\W_](?:{_BETWEEN}{{1,3}}[^\W_]){{3,40}}")
_SEPARATORS: Final = re.compile(_BETWEEN)
_SIGN: Final = re.compile(r"[#!|€](?=[^\W\d_])")
_SIGNED: Final = re.compile(
    r"(?<![\w#!|€@$*])(?!\#)(?=[\w@$*]{0,30}[#!|€]+[^\W\d_])[\w@$*#!|€]{3,39}[^\W_]"
)
_STARRED: Final = re.compile(r"[^\W_]+\*[^\W_]+")
"""One letter starred out, where the others tell the word."""
_ALONE: Final = frozenset("aiouwzавжикосуяєіїй")
"""Letters that are a word."""
_LATIN: Final = re.compile("[a-z]")
_CYRILLIC: Final = re.compile("[а-яіїєґ]")
_PLAIN: Final = re.compile(r"[a-z]+|[а-яіїєґ]+")

_VOWELS: Final = "uioaeyуиоаеыюяіє"
_MEANT: Final = {
    "0": "oо", "1": "ilіил", "3": "eезє", "4": "aач", "5": "s", "6": "bgб", "7": "tт", "8": "bв",
    "9": "gд", "@": "aoао", "$": "sс", "€": "eеє", "!": "ilіил", "|": "ilіил", "#": _VOWELS,
    "_": _VOWELS,
    "*": f"{_VOWELS}bcdfghjklmnpqrstvwxzбвгджзклмнпрстфхцчшщ",
    # Latin for Cyrillic
    "a": "а", "b": "вб", "c": "с", "d": "д", "e": "еє", "g": "д", "h": "н", "i": "іи", "k": "к",
    "m": "мт", "n": "пн", "o": "о", "p": "р", "r": "г", "t": "т", "u": "иц", "x": "х", "y": "у",
    # Cyrillic for Latin
    "а": "a", "в": "bv", "г": "r", "е": "e", "з": "e", "и": "un", "і": "i", "ї": "i", "к": "k",
    "м": "m", "н": "hn", "о": "o", "п": "n", "р": "p", "с": "c", "т": "t", "у": "yu", "х": "x",
    "ш": "w", "я": "r", "є": "e", "ѕ": "s", "ј": "j", "ԁ": "d", "ӏ": "li", "һ": "h", "ԛ": "q",
    "ԝ": "w", "ѵ": "v", "ү": "y", "қ": "kк", "ө": "oо", "ә": "eе", "ң": "hн", "ғ": "fг",
    # Greek and Armenian
    "α": "aа", "β": "bв", "γ": "yу", "ε": "eе", "η": "nп", "ι": "iі", "κ": "kк", "μ": "uм",
    "ν": "v", "ο": "oо", "π": "nп", "ρ": "pр", "σ": "oо", "τ": "tт", "υ": "uи", "χ": "xх",
    "ω": "w", "ϲ": "cс", "ϳ": "j", "օ": "oо", "ս": "u", "հ": "h", "ո": "nп", "ց": "g", "զ": "q",
    # Latin letters of other languages
    "ı": "iі", "ɩ": "i", "ɑ": "aа", "ɡ": "g", "đ": "d", "ø": "oо", "ƒ": "f", "ħ": "h", "ŧ": "t",
    "ɓ": "b", "ə": "eе", "ß": "bв", "æ": "a", "ᴀ": "aа", "ʙ": "bв", "ᴄ": "cс", "ᴅ": "d", "ᴇ": "eе",
    "ꜰ": "f", "ɢ": "g", "ʜ": "hн", "ɪ": "iі", "ᴊ": "j", "ᴋ": "kк", "ʟ": "l", "ᴍ": "mм", "ɴ": "n",
    "ᴏ": "oо", "ᴘ": "pр", "ʀ": "r", "ꜱ": "sѕ", "ᴛ": "tт", "ᴜ": "u", "ᴠ": "v", "ᴡ": "w", "ʏ": "yу",
    "ᴢ": "z",
}  # fmt: skip
"""What a letter or sign may stand for, beside itself: the likelier letter first."""


class Disguises:
    """Knows the words of manner and of danger by their beginnings."""

    def __init__(self, lists: Lists) -> None:
        looked_for = lists.manner | lists.flags
        self._whole = {word for word, m in lists.whole.items() if m.concepts & looked_for}
        self._prefixes = {word for word, m in lists.prefixes.items() if m.concepts & looked_for}
        self._next: defaultdict[str, str] = defaultdict(str)
        for word in sorted(self._whole | self._prefixes):
            for n, letter in enumerate(word):
                if letter not in self._next[word[:n]]:
                    self._next[word[:n]] += letter

    def split(self, text: str) -> list[str]:
        """Return the words and signs of the text; a disguised word of the lists is one word."""
        words: list[str] = []
        at = 0
        for begin, end in sorted((*self._apart(text), *self._signed(text))):
            if begin >= at:
                words += split(text[at:begin])
                words.append("".join(text[begin:end].split()))
                at = end
        return words + split(text[at:]) if at else split(text)

    def reading(self, word: str) -> str | None:
        """Return the spelling of the word of the lists that this one stands for; None for none."""
        plain = folded(word)
        if _SEPARATED.fullmatch(plain) is not None:
            plain = _SEPARATORS.sub("", plain)
            return self._read(plain)
        if len(plain) < _SHORTEST or _PLAIN.fullmatch(plain) is not None:
            return None
        starred = "*" in plain
        if starred and _STARRED.fullmatch(plain) is None:
            return None
        return self._read(plain) if sum(map(str.isalpha, plain)) >= _LETTERS + starred else None

    def _read(self, plain: str) -> str | None:
        """Follow the letters along the words of the lists, in every reading at once."""
        has_latin, has_cyrillic = _LATIN.search(plain), _CYRILLIC.search(plain)
        readings = [""]
        for n, letter in enumerate(plain):
            meant = letter + _MEANT.get(letter, "")
            if not (has_latin and has_cyrillic):
                meant = "".join(m for m in meant if m.isascii() != (has_cyrillic is not None))
            readings = [
                read + found
                for read in readings
                for found in meant
                if found in self._next.get(read, "")
            ]
            for read in readings:
                if read in self._prefixes:
                    return read + "".join(map(_likely, plain[n + 1 :]))
            if not readings:
                return None
        return next((read for read in readings if read in self._whole), None)

    def _apart(self, text: str) -> Iterator[tuple[int, int]]:
        """Return where words of the lists stand with their letters set apart."""
        for found in _APART.finditer(text):
            begin, end = found.span()
            places = [n for n in range(begin, end) if text[n].isalnum()]
            for first in (0, 1) if text[begin].lower() in _ALONE else (0,):
                letters = "".join(text[n] for n in places[first:])
                if len(letters) >= _SHORTEST and self._read(folded(letters)) is not None:
                    yield places[first], end
                    break

    def _signed(self, text: str) -> Iterator[tuple[int, int]]:
        """Return where words of the lists stand with signs for letters that no word holds."""
        if _SIGN.search(text) is None:
            return
        for found in _SIGNED.finditer(text):
            parts = WORD.findall(found.group())
            if self.reading(found.group()) is not None and not any(map(self._is_one, parts)):
                yield found.span()

    def _is_one(self, word: str) -> bool:
        plain = normalise(word)
        beginnings = (plain[:n] for n in range(2, len(plain) + 1))
        return plain in self._whole or any(part in self._prefixes for part in beginnings)


def _likely(letter: str) -> str:
    return letter if letter.isalpha() else _MEANT.get(letter, letter)[0]
