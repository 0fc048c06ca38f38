# ruff: noqa: RUF001 - letters that look like those of another script are this module's subject
"""Cutting a message into words, and the one spelling under which a word is looked up.

Offsets always belong to the message as it was submitted: normalising happens per word and may
change a word's length freely, because only the original word's place is ever reported.
Every pattern is linear in the length of the text.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

LONGEST = 40
"""A run of letters longer than this many characters is cut into several words."""

_INVISIBLE = (
    "\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e01ef"
)
"""Marks of direction and form, fillers and other characters that nobody sees."""
_COMBINING = "\u0300-\u036f"
WORD = re.compile(rf"[\w*@$'’ʼ{_COMBINING}{_INVISIBLE}]{{1,{LONGEST}}}|[^\w\s]")

_SPACES = (*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B))
_SPACES += (0x2028, 0x2029, 0x202F, 0x205F, 0x3000)
_LAST_SPACE = 0x3000

_SPACED = re.compile(r"(?<!\w)(?:[^\W_]\s){3,}[^\W_](?!\w)")
"""Four single letters or more, one space apart, are a word with its letters set apart."""

_DROPPED = re.compile(rf"[{_INVISIBLE}{_COMBINING}'’ʼ]")
_REPEATED = re.compile(r"(.)\1{2,}")
_NUMBER = re.compile(r"[$@]?\d+[^\W\d]{0,4}")
_LATIN = re.compile(r"[a-zł]")
_CYRILLIC = re.compile(r"[а-яіїєґ]")
_CYRILLIC_WORD = re.compile(r"[А-Яа-яІіЇїЄєҐґЁё]+")
_DISGUISED = re.compile(r"[^\W\d_]\*+|\*+[^\W\d_]")
_FOLDED = str.maketrans({"ł": "l", "ё": "е", "э": "е", "ґ": "г", "й": "и", "ь": None, "ъ": None})
_ALIKE = (("тс", "ц"), ("сч", "щ"))
"""Said alike, often confused, and written alike in Latin letters."""
_LEET_LATIN = str.maketrans("013457@$", "oieastas")
_LEET_CYRILLIC = str.maketrans("0346@$", "озчбас")
_TO_CYRILLIC = str.maketrans("aceiopxyk", "асеіорхук")
_TO_LATIN = str.maketrans("асеіорхук", "aceiopxyk")
_ANY_DIGIT = re.compile(r"\d")


def split(text: str) -> list[str]:
    """Return the words and signs of the text in order; l e t t e r s set apart are one word."""
    words: list[str] = WORD.findall(_SPACED.sub(_joined, text))
    return words


def _joined(found: re.Match[str]) -> str:
    return found.group()[::2]


def visible(text: str) -> NDArray[np.int64]:
    """Return the place of each character that is no white space, in code points.

    Words and signs hold no white space and leave out nothing else: the n-th character of all words
    that `split` returns stands at the n-th of these places.
    """
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    is_space = np.zeros(_LAST_SPACE + 2, np.bool_)
    is_space[list(_SPACES)] = True
    return np.flatnonzero(~is_space[np.minimum(points, _LAST_SPACE + 1)])


def within(words: Sequence[str], text: str, spans: Sequence[tuple[int, int]]) -> set[int]:
    """Return the places of the words that stand in these spans of their text."""
    if not spans:
        return set()
    shown = visible(text)
    first = shown[np.cumsum([0, *(len(word) for word in words[:-1])])]
    begins, ends = np.array(spans).T
    span = np.maximum(np.searchsorted(begins, first, side="right") - 1, 0)
    return set(np.flatnonzero((begins[span] <= first) & (first < ends[span])).tolist())


def _bare(word: str) -> str:
    """Take accents off Latin letters; Cyrillic letters keep theirs, they are other letters."""
    return word if word.isascii() else "".join(map(_bare_letter, word))


@lru_cache(maxsize=1024)
def _bare_letter(letter: str) -> str:
    base = unicodedata.normalize("NFKD", letter)[:1]
    return base if base.isascii() and base.isalpha() else letter


def folded(word: str) -> str:
    """Return a word in lower case without accents of Latin letters and what nobody sees."""
    plain = unicodedata.normalize("NFKC", word).lower()
    return _DROPPED.sub("", _bare(plain)).translate(_FOLDED)


def normalise(word: str) -> str:
    """Return the spelling under which a word is looked up; empty when nothing visible remains.

    Lower case, compatibility forms unfolded, Latin accents, apostrophes and invisible characters
    dropped, look-alike letters of the other script and digits inside letters put right, repeats
    cut. What Latin letters cannot tell of a Cyrillic word (`ь`, `э`) its spelling does not keep, so
    that a word means the same in both.
    """
    if word.isascii() and word.isalpha():
        plain = word.lower()
    elif _CYRILLIC_WORD.fullmatch(word):
        plain = _alike(word.lower().translate(_FOLDED))
    else:
        plain = folded(word)
        if not plain.isalpha():
            plain = _undisguise(plain)
        elif not plain.isascii() and (latin := len(_LATIN.findall(plain))):
            cyrillic = len(_CYRILLIC.findall(plain))
            plain = plain.translate(_TO_CYRILLIC if cyrillic >= latin else _TO_LATIN)
            plain = _alike(plain)
    if len(plain) > 2:  # noqa: PLR2004 - shorter words hold no run of three
        plain = _REPEATED.sub(r"\1", plain)
    return plain[:LONGEST]


def _alike(plain: str) -> str:
    for letters, one in _ALIKE:
        plain = plain.replace(letters, one)
    return plain


def _undisguise(plain: str) -> str:
    """Read digits inside letters as letters; every other digit becomes 0."""
    if not _NUMBER.fullmatch(plain):
        if _CYRILLIC.search(plain):
            plain = plain.translate(_LEET_CYRILLIC)
        elif _LATIN.search(plain):
            plain = plain.translate(_LEET_LATIN)
    return _ANY_DIGIT.sub("0", plain)


def is_disguised(plain: str) -> bool:
    """Tell a word with letters starred out, as swear words often are."""
    return "*" in plain and _DISGUISED.search(plain) is not None


def is_shouted(word: str) -> bool:
    """Tell a word of three letters or more in capitals."""
    return len(word) > 2 and word.isupper()  # noqa: PLR2004 - USD or ПИН is no less shouted
