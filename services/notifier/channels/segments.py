"""How an SMS is coded and how many parts it takes (3GPP TS 23.038, 23.040). Pure.

Text of the GSM alphabet has 160 characters in one part and 153 in each of several; any other text
is UCS-2, with 70 and 67. No character is split between two parts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = frozenset("\f^{}\\[~]|€")
# Spaces that do not break, curly quotes, dashes, the ellipsis: plain ones read alike.
_PLAINER: Final = str.maketrans(
    {
        **dict.fromkeys("\u00a0\u202f", " "),
        **dict.fromkeys("\u2018\u2019", "'"),
        **dict.fromkeys("\u201c\u201d\u201e", '"'),
        **dict.fromkeys("\u2013\u2014", "-"),
        "\u2026": "...",
    }
)
_GSM: Final = (160, 153)
_UCS2: Final = (70, 67)
_ONE_UNIT: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class Short:
    """A text as it is sent: `coding` is 0 for the GSM alphabet and 2 for UCS-2."""

    text: str
    coding: int
    parts: int


def short(text: str) -> Short:
    """Code a text in as few parts as it can be without changing a word."""
    text = text.translate(_PLAINER)
    letters = set(text)
    if letters <= _BASIC | _EXTENDED:
        return Short(text, 0, _parts((2 if c in _EXTENDED else 1 for c in text), _GSM))
    return Short(text, 2, _parts((2 if ord(c) > _ONE_UNIT else 1 for c in text), _UCS2))


def _parts(sizes: Iterable[int], room: tuple[int, int]) -> int:
    whole, each = room
    units = list(sizes)
    if sum(units) <= whole:
        return 1
    parts, used = 1, 0
    for size in units:
        if used + size > each:
            parts, used = parts + 1, 0
        used += size
    return parts
