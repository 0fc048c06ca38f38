"""Dates, sums, counts and remedies in the words of a language: for messages and status page. Pure.

Invariant: the same value is written the same way wherever a customer meets it.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, get_currency_symbol

from services.notifier.domain import FinalAnswer, Language
from services.notifier.messages.answer_texts import Body, FinalAnswerTexts
from services.notifier.messages.codes import LOCALES, UNSAID
from services.notifier.places import ZONES, there
from shared.events.answer import Disposition, Remedy, RemedyKind
from shared.events.base import Money

REFUSALS: Final = frozenset({Disposition.DECLINED, Disposition.SERVICE_ENDED})
_AFTER_A_YEAR: Final = {
    Language.EN: "",
    Language.RU: " '\N{CYRILLIC SMALL LETTER GHE}'.",
    Language.UK: " '\N{CYRILLIC SMALL LETTER ER}'.",
    Language.PL: " 'r'.",
}
"""The word `year`, shortened, which these languages want after its number."""
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL", "AN"})
_FIRST_FROM_RIGHT: Final = "\u0590"
"""Where Hebrew begins: no letter before it is written from right to left."""


def day(instant: datetime, language: Language, jurisdiction: str) -> str:
    """Write the date of an instant."""
    return day_of(there(instant, jurisdiction).date(), language)


@lru_cache(maxsize=4096)
def day_of(when: date, language: Language) -> str:
    """Write a date."""
    return format_date(when, "d MMMM y", locale=LOCALES[language])


def moment(instant: datetime, language: Language, jurisdiction: str) -> str:
    """Write a date and the time of day; where the customer's zone is not known, UTC is said."""
    suffix = "" if jurisdiction in ZONES else " 'UTC'"
    pattern = f"d MMMM y{_AFTER_A_YEAR[language]}, HH:mm{suffix}"
    return format_datetime(there(instant, jurisdiction), pattern, locale=LOCALES[language])


@lru_cache(maxsize=4096)
def amount(money: Money, language: Language) -> str:
    """Write a sum of money."""
    locale = LOCALES[language]
    if language is Language.EN and get_currency_symbol(money.currency, locale)[-1].isalpha():
        # CLDR wants a space between letters and digits; Babel does not put it.
        return str(format_currency(money.amount, money.currency, "¤\xa0#,##0.00", locale=locale))
    return str(format_currency(money.amount, money.currency, locale=locale))


def count(number: int, forms: Mapping[str, str], language: Language) -> str:
    """Write a count with its noun, in the plural form of the language."""
    form = Locale.parse(LOCALES[language]).plural_form(number)
    return forms[form].format(count=format_decimal(number, locale=LOCALES[language]))


def isolated(name: str) -> str:
    """Keep a name that is read from right to left from turning the words around it."""
    if name.isascii() or max(name) < _FIRST_FROM_RIGHT:
        return name
    if not any(unicodedata.bidirectional(c) in _RIGHT_TO_LEFT for c in name):
        return name
    return f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}"


def sentences(
    found: Sequence[Remedy],
    texts: FinalAnswerTexts,
    language: Language,
    *,
    change: bool = False,
    in_part: bool = False,
) -> tuple[str, ...]:
    """Say remedies, a sentence each.

    `change`: they undo a change of terms. `in_part`: the bank erred in part only.
    """
    return tuple(
        texts.apology_in_part
        if in_part and remedy.kind is RemedyKind.APOLOGY
        else _remedy(remedy, texts, language, change=change)
        for remedy in found
        if remedy.kind not in UNSAID
    )


def _remedy(remedy: Remedy, texts: FinalAnswerTexts, language: Language, *, change: bool) -> str:
    words = texts.remedies[remedy.kind]
    plain = words.terms if change and words.terms else words.plain
    if remedy.money is None:
        return plain
    total = amount(remedy.money, language)
    if words.with_amount is None or plain is words.terms:
        return f"{plain} {texts.amount_note.format(amount=total)}"
    return words.with_amount.format(amount=total)


def boundary(content: FinalAnswer, texts: FinalAnswerTexts) -> str:
    """Say where the line is: firmly, politely, and with no word for the customer."""
    return texts.boundary[content.boundary_for]


def bodies(texts: FinalAnswerTexts, language: Language, jurisdiction: str) -> tuple[str, ...]:
    """Say whom the customer can turn to, a line each; the last is always a court."""
    words = texts.recourse
    found = words.places.get(jurisdiction, ())
    lines = tuple(_body(body, texts, language) for body in found) or (words.elsewhere,)
    first = any(body.before_court for body in found)
    return (*lines, words.court_afterwards if first else words.court)


def _body(body: Body, texts: FinalAnswerTexts, language: Language) -> str:
    words = texts.recourse
    called = body.names.get(language)
    line = words.body.format(
        kind=words.kinds[body.kind],
        name=f"{called} ({body.name})" if called else body.name,
        address=body.address,
        site=body.site,
    )
    if body.months is None:
        return f"{line}."
    months = count(body.months, texts.counts.months, language)
    return f"{line}. {words.within.format(months=months)}"
