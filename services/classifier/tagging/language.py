"""What the letters of a message say about its language, beside what its words say.

Letters decide between scripts, and where a letter belongs to one language only; words decide the
rest. Russian or Ukrainian in Latin letters is believed when the words say so clearly.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.classifier.tagging.weights import LANGUAGES

_LATIN, _CYRILLIC, _PL, _RU, _UK = range(1, 6)
_LETTERS: Final = {
    _LATIN: "abcdefghijklmnopqrstuvwxyz",
    _CYRILLIC: "абвгдежзийклмнопрстуфхцчшщьюя",
    _PL: "ąćęłńóśźż",
    _RU: "ёъыэ",
    _UK: "ґєії",
}
_FAR: Final = 0x500
"""Code points from here on belong to none of these alphabets."""

_FOREIGN_SCRIPT: Final = 8.0
_TRANSLITERATED: Final = 2.5
_OWN_LETTER: Final = 3.0
_NO_LETTER: Final = 2.0


def _kinds() -> NDArray[np.int64]:
    kinds = np.zeros(_FAR + 1, np.int64)
    for kind, letters in _LETTERS.items():
        for letter in letters + letters.upper():
            kinds[ord(letter)] = kind
    return kinds


class Letters:
    """Looks at the letters of messages."""

    def __init__(self) -> None:
        self._kinds = _kinds()

    def hints(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return what to add to each language's logit, in the order of LANGUAGES."""
        counts = self._counts(texts)
        cyrillic = counts[:, [_CYRILLIC, _RU, _UK]].sum(axis=1)
        latin = counts[:, [_LATIN, _PL]].sum(axis=1)
        found = np.zeros((len(texts), len(LANGUAGES)))
        en, pl, ru, uk = (LANGUAGES.index(name) for name in ("en", "pl", "ru", "uk"))
        found[:, [en, pl]] -= _FOREIGN_SCRIPT * (cyrillic > latin)[:, None]
        found[:, [ru, uk]] -= _TRANSLITERATED * (latin > cyrillic)[:, None]
        for language, own, other in ((ru, _RU, _UK), (uk, _UK, _RU)):
            found[:, language] += _OWN_LETTER * (counts[:, own] > counts[:, other])
        found[:, pl] += _OWN_LETTER * (counts[:, _PL] > 0)
        found[:, en] += _NO_LETTER * ((counts[:, _PL] == 0) & (latin >= cyrillic))
        return found

    def _counts(self, texts: Sequence[str]) -> NDArray[np.int64]:
        whole = "".join(texts).encode("utf-32-le", "surrogatepass")
        points = np.minimum(np.frombuffer(whole, np.uint32), _FAR)
        message = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
        every = len(_LETTERS) + 1
        cells = message * every + self._kinds[points]
        return np.bincount(cells, minlength=len(texts) * every).reshape(-1, every)
