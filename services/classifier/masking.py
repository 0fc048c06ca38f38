# ruff: noqa: RUF001 - the patterns hold letters of four languages
"""Covers personal data in a message before it leaves the service. Pure.

Invariant: the covered text is as long as the text, and a character that is not covered stands at
its own place; so words cited from one can be found in the other. Sums, dates and the names of
institutions stay, a date of birth does not.

What is covered is what has a form: names where a message gives them, and the names that the bank
knows of its customer. A name in the middle of a sentence that nobody announced stays.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from services.classifier.personal import FORMS, LETTER

_NO_NAMES: Final = frozenset(
    {
        "Sir",
        "Madam",
        "Team",
        "All",
        "Bank",
        "Support",
        "Customer",
        "Państwo",
        "Państwa",
        "Pan",
        "Pani",
    }
    | {
        "Господа",
        "Банк",
        "Банку",
        "Панове",
        "Служба",
        "I",
        "The",
        "My",
        "You",
        "Your",
        "This",
        "We",
    }
    | {
        "Thank",
        "Dziękuję",
        "Спасибо",
        "Дякую",
        "Kind",
        "Best",
        "Warm",
        "With",
        "And",
        "But",
        "From",
        "Because",
    }
    | {
        "not",
        "and",
        "but",
        "from",
        "the",
        "is",
        "because",
        "oraz",
        "ale",
        "bo",
        "но",
        "из",
        "від",
        "та",
    }
    | {"Я", "Мы", "Вы", "Ми", "Ви", "Ja", "My", "To", "For", "It", "Коллеги", "Колеги"}
)
"""What stands where a name may stand, and is none."""

_DIGITS: Final = re.compile(
    r"(?<!\d)(?<!\d[.,])\+?[\d(](?:[ \t\u00a0\u2009\u202f\u200b-\u200d()\u2010-\u2014-]{0,3}\d)"
    r"{5,40}(?!\d)"
)
_GROUPED: Final = re.compile(r"(?<!\d)(?<!\d[.,/])\d{2,6}(?:[./]\d{2,6}){2,8}(?!\d)")
_DATE: Final = re.compile(
    r"(?:\d{4}[./-]\d{1,2}[./-]\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4})(?: \d{1,2})?"
    r"|(?:19|20)\d\d[ –-]{1,3}(?:19|20)\d\d"
)
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:[ \u00a0.]\d{3})+|\d+")
_CURRENCY_AFTER: Final = re.compile(
    r"(?:[.,]\d{1,2})?[ \u00a0]?(?:zł|zl|pln|eur|usd|gbp|uah|rub|chf|€|\$|£|₴|₽"
    r"|грн|грив|руб|р\.|злот|евро|євро|dollar|доллар|долар)",
    re.IGNORECASE,
)
_CURRENCY_BEFORE: Final = re.compile(
    r"(?:€|\$|£|₴|₽|\b(?:pln|eur|usd|gbp|uah|rub))[ \u00a0]?$", re.IGNORECASE
)
_FEWEST_DIGITS: Final = 7
_FEWEST_OF_A_PAPER: Final = 5
_NAMING: Final = frozenset({"NAME", "CALLED", "SHY", "LAST"})
"""Kinds of forms that are names; one that is CALLED so may be in small letters."""
_SHOUTABLE: Final = frozenset({"SHY", "LAST"})
"""Forms in which a word in capitals is rather shouted than a name."""
_CARD: Final = range(13, 20)
_PHONE: Final = range(_FEWEST_DIGITS, 13)
_WHOLE, _STEMMED = 3, 4
"""A name's part of so many letters is covered in any case; of so many, also in other endings."""

_TELLING: Final = 4
"""A shorter number of a customer is too often something else."""

_VOWELS: Final = frozenset("aeiouyąęóаеёиоуыэюяіїєй")

Span = tuple[int, int, str]


def masked(text: str, known: Sequence[str] = ()) -> str:
    """Return the text with personal data covered, as long as it was.

    `known` is what the bank knows of this customer (name, e-mail, phone, id); it is covered
    wherever it stands, names also in other endings.
    """
    letters = list(text)
    for begin, end, kind in (*_numbers(text), *_formed(text), *_known(text, known)):
        letters[begin:end] = _cover(kind, end - begin)
    return "".join(letters)


def _cover(kind: str, length: int) -> str:
    return kind.ljust(length, "_")[:length]


def _known(text: str, known: Sequence[str]) -> Iterator[Span]:
    for value in known:
        if any(letter.isdigit() or letter == "@" for letter in value):
            if len(value) >= _TELLING:
                for found in re.finditer(rf"(?<!\w){re.escape(value)}(?!\w)", text, re.IGNORECASE):
                    yield *found.span(), "ID"
            continue
        for part in re.findall(rf"{LETTER}{{2,30}}", value):
            yield from _spellings(text, part)


def _spellings(text: str, part: str) -> Iterator[Span]:
    """Yield where a part of a name stands, also declined: Nowak, Nowaka; Анна, Анны."""
    ends_in_vowel = part[-1].casefold() in _VOWELS
    stem = part[:-1] if len(part) >= _STEMMED and ends_in_vowel else part
    for found in re.finditer(rf"\b{re.escape(stem)}{LETTER}{{0,4}}\b", text, re.IGNORECASE):
        word = found.group()
        is_whole = word.casefold() == part.casefold() and len(part) >= _WHOLE
        if word[0].isupper() or is_whole:
            yield *found.span(), "NAME"


def _formed(text: str) -> Iterator[Span]:
    for kind, pattern in FORMS:
        for found in pattern.finditer(text):
            begin, end = found.span("part" if "part" in pattern.groupindex else 0)
            if kind in _NAMING:
                yield from _of_a_name(text, begin, end, kind)
            elif kind != "PAPER" or _tells_whose(text, begin, end):
                yield begin, end, kind


def _tells_whose(text: str, begin: int, end: int) -> bool:
    digits = sum(sign.isdecimal() for sign in text[begin:end])
    return digits >= _FEWEST_OF_A_PAPER and not _is_harmless(text, begin, end)


def _of_a_name(text: str, begin: int, end: int, kind: str) -> Iterator[Span]:
    """Yield the words of a name, up to the first that can be none."""
    words = list(re.finditer(r"\S+", text[begin:end]))
    bare = [word.group().strip(".,'’-") for word in words]
    if kind == "LAST" and not _NO_NAMES.isdisjoint(bare):
        return
    begins_small = bool(bare) and bare[0].islower()
    for number, (word, plain) in enumerate(zip(words, bare, strict=True)):
        is_no_name = plain in _NO_NAMES or plain.casefold() in _NO_NAMES
        if begins_small:
            is_no_name |= number > 1
        elif kind == "CALLED":
            is_no_name |= plain.islower()
        elif kind in _SHOUTABLE:
            is_no_name |= len(plain) > 1 and plain.isupper()
        if is_no_name:
            return
        yield begin + word.start(), begin + word.end(), "NAME"


def _numbers(text: str) -> Iterator[Span]:
    for pattern in (_DIGITS, _GROUPED):
        for found in pattern.finditer(text):
            digits = [unicodedata.digit(sign) for sign in found.group() if sign.isdecimal()]
            if len(digits) >= _FEWEST_DIGITS and not _is_harmless(text, *found.span()):
                yield *found.span(), _kind_of(found.group(), digits)


def _is_harmless(text: str, begin: int, end: int) -> bool:
    """Tell a date or a sum of money."""
    if _DATE.fullmatch(text, begin, end):
        return True
    return _THOUSANDS.fullmatch(text, begin, end) is not None and (
        _CURRENCY_AFTER.match(text, end) is not None
        or _CURRENCY_BEFORE.search(text, max(0, begin - 5), begin) is not None
    )


def _kind_of(written: str, digits: Sequence[int]) -> str:
    if len(digits) in _CARD and _passes_luhn(digits):
        return "CARD"
    if written.startswith(("+", "0", "(")) or len(digits) in _PHONE:
        return "PHONE"
    return "ACCOUNT"


def _passes_luhn(digits: Sequence[int]) -> bool:
    doubled = [2 * digit - 9 * (digit > 4) for digit in digits[-2::-2]]  # noqa: PLR2004 - 2 * 5 has two digits
    return (sum(doubled) + sum(digits[-1::-2])) % 10 == 0
