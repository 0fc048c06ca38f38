"""The same story on many accounts: a few numbers stand for what a customer told. Pure.

Invariants: no word can be read from a sketch; two texts that differ in few words share nearly all
numbers, and two that are about different things share hardly any.
"""

import re
from typing import Final
from zlib import crc32

NUMBERS: Final = 4
"""How many numbers make a sketch: the smallest hashes of three words in a row (min-hash)."""

ALIKE: Final = 3
"""So many numbers in common are the same story: .95 of the texts that are nine tenths alike, and 4
in a million of those that have a hundredth in common."""

_WORD: Final = re.compile(rb"[a-z\x80-\xff]+")  # sums, dates and accounts make no other story
_FEWEST: Final = 12
_MOST_CHARACTERS: Final = 3000


def sketch(text: str) -> tuple[int, ...]:
    """Return the numbers of a text; none where it is too short to be anybody's in particular."""
    told = text[:_MOST_CHARACTERS].casefold().encode()
    words = list(map(crc32, _WORD.findall(told)))
    if len(words) < _FEWEST:
        return ()
    found = {
        first ^ second << 13 ^ third << 26
        for first, second, third in zip(words, words[1:], words[2:], strict=False)
    }
    return tuple(sorted(found)[:NUMBERS]) if len(found) >= NUMBERS else ()
