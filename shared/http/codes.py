"""Code lists: countries (ISO 3166-1) and currencies in use (ISO 4217) with their decimals."""

from functools import cache
from typing import Final

from babel import Locale
from babel.core import get_global

_ALPHA_2: Final = 2
# Two-letter codes of CLDR that ISO 3166-1 reserves or leaves to users.
_NOT_COUNTRIES: Final = frozenset(
    {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"}
)
# Decimals as ISO 4217 has them. CLDR's are those of daily use: it gives the dinar RSD none.
_NO_DECIMALS: Final = frozenset(
    {
        *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW"),
        *("PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"),
    }
)
_THREE_DECIMALS: Final = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


@cache
def countries() -> frozenset[str]:
    """Return the alpha-2 codes of ISO 3166-1."""
    codes = (str(code) for code in Locale("en").territories)
    return frozenset(code for code in codes if len(code) == _ALPHA_2) - _NOT_COUNTRIES


@cache
def currencies() -> frozenset[str]:
    """Return the currencies that are legal tender somewhere today."""
    return frozenset(
        code
        for used in get_global("territory_currencies").values()
        for code, _, until, tender in used
        if tender and until is None
    )


def decimals(currency: str) -> int:
    """Return how many decimals a sum in this currency may have."""
    if currency in _NO_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2
