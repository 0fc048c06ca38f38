"""Puts a notice into words: plain text and accessible HTML of the same content.

Invariant: what is said depends on the notice alone, so that a repeat says the same; tags, tone
and codes without a text never appear.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from html import escape
from typing import Final, TypeAlias, assert_never
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_currency, get_currency_symbol

from services.notifier.domain import (
    Content,
    FinalAnswer,
    InReview,
    Language,
    Receipt,
    called,
)
from services.notifier.messages.texts import UNSAID, FinalAnswerTexts, Texts, load
from shared.events.answer import Disposition, Remedy
from shared.events.base import Money

_LOCALE: Final = {
    Language.EN: "en_GB",
    Language.RU: "ru",
    Language.UK: "uk",
    Language.PL: "pl",
}
_ZONES: Final = {
    "PL": "Europe/Warsaw",
    "GB": "Europe/London",
    "IE": "Europe/Dublin",
    "UA": "Europe/Kyiv",
    "RU": "Europe/Moscow",
    "US": "America/New_York",
}
_EU: Final = frozenset(
    {
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IT", "LT", "LU", "LV", "MT", "NL", "PT", "RO", "SE", "SI", "SK"),
    }
)
"""Member states whose own body we do not name."""
_REFUSALS: Final = frozenset({Disposition.DECLINED, Disposition.SERVICE_ENDED})


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list under a heading."""

    heading: str
    items: tuple[str, ...]


Block: TypeAlias = str | Bullets


@dataclass(frozen=True, slots=True)
class Message:
    """A notice in words."""

    subject: str
    plain: str
    html: str


class Voice:
    """Speaks all languages; loaded once, at the start."""

    def __init__(self, texts: Mapping[Language, Texts]) -> None:
        self._texts = texts
        self._zones = {place: ZoneInfo(name) for place, name in _ZONES.items()}
        self._frames = {language: _Frame.of(language, words) for language, words in texts.items()}
        # Cases have few different answers; most of a message is therefore said before.
        self._middle = lru_cache(maxsize=4096)(self._render_middle)

    @classmethod
    def load(cls) -> "Voice":
        """Read the texts.

        Raises:
            pydantic.ValidationError: a text is missing or wrong.
            zoneinfo.ZoneInfoNotFoundError: the machine has no time zones (package tzdata).

        """
        return cls({language: load(language) for language in Language})

    def say(
        self,
        content: Content,
        *,
        case_id: UUID,
        name: str | None,
        language: Language,
        jurisdiction: str | None,
    ) -> Message:
        """Put a notice into words."""
        texts = self._texts[language]
        said = self._middle(content, language, (jurisdiction or "").upper())
        named = called(name)
        greeting = texts.greeting.format(name=named) if named else texts.greeting_unnamed
        case = texts.case.format(case=case_id)
        return Message(
            said.subject,
            f"{greeting}{said.plain}{case}{self._frames[language].plain_foot}",
            f"{said.html_head}<p>{escape(greeting)}</p>{said.html}<p>{escape(case)}</p>"
            f"{self._frames[language].html_foot}",
        )

    def _render_middle(self, content: Content, language: Language, jurisdiction: str) -> "_Middle":
        texts = self._texts[language]
        match content:
            case Receipt():
                subject = texts.receipt.subject
                blocks: list[Block] = [*texts.receipt.paragraphs]
            case InReview(answer_due_at=due_at):
                words = texts.in_review
                subject = words.subject
                due = words.no_due
                if due_at is not None:
                    due = words.due.format(date=self._date(due_at, language, jurisdiction))
                blocks = [*words.paragraphs, due, words.closing]
            case FinalAnswer():
                subject = texts.final_answer.subject
                blocks = list(_answer(content, texts.final_answer, language, jurisdiction))
            case _:
                assert_never(content)
        frame = self._frames[language]
        plain = "\n\n".join(_plain(block) for block in blocks)
        html = "\n".join(_html(block) for block in blocks)
        return _Middle(
            subject,
            f"\n\n{plain}\n\n",
            f"{frame.html_title}{escape(subject)}{frame.html_body}",
            f"\n{html}\n",
        )

    def _date(self, instant: datetime, language: Language, jurisdiction: str) -> str:
        zone = self._zones.get(jurisdiction)
        day = instant.astimezone(zone) if zone else instant
        return format_date(day, "d MMMM y", locale=_LOCALE[language])


@dataclass(frozen=True, slots=True)
class _Middle:
    """What the messages of the same content, language and place have in common."""

    subject: str
    plain: str
    html_head: str
    html: str


@dataclass(frozen=True, slots=True)
class _Frame:
    """The parts that are the same in all messages of a language."""

    html_title: str
    html_body: str
    html_foot: str
    plain_foot: str

    @classmethod
    def of(cls, language: Language, texts: Texts) -> "_Frame":
        closing = escape(texts.closing).replace("\n", "<br>\n")
        return cls(
            f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>',
            "</title>\n</head>\n"
            '<body style="margin:0;background:#ffffff;color:#1a1a1a">\n'
            '<main style="max-width:38em;margin:0 auto;padding:1.5em;'
            'font:16px/1.5 system-ui,sans-serif">\n',
            f"\n<p>{closing}</p>\n</main>\n</body>\n</html>\n",
            f"\n\n{texts.closing}\n",
        )


def _answer(
    content: FinalAnswer, texts: FinalAnswerTexts, language: Language, jurisdiction: str
) -> Iterator[Block]:
    refused = content.disposition in _REFUSALS
    why = (texts.refused if refused else texts.granted)[content.basis]
    yield f"{texts.answer[content.disposition]} {why}"
    remedies = tuple(
        _remedy(remedy, texts, language) for remedy in content.remedies if remedy.kind not in UNSAID
    )
    if remedies:
        yield Bullets(texts.remedies_heading, remedies)
    reasons = tuple(texts.reasons[code] for code in content.reasons if code in texts.reasons)
    if reasons:
        yield Bullets(texts.reasons_heading, reasons)
    if content.boundary:
        yield texts.boundary
    yield texts.review
    if content.recourse:
        place = texts.recourse_by_place.get(_place(jurisdiction))
        yield f"{texts.recourse} {place}" if place else texts.recourse


def _place(jurisdiction: str) -> str:
    return "EU" if jurisdiction in _EU else jurisdiction


def _remedy(remedy: Remedy, texts: FinalAnswerTexts, language: Language) -> str:
    words = texts.remedies[remedy.kind]
    if remedy.money is None:
        return words.plain
    amount = _amount(remedy.money, language)
    if words.with_amount is None:
        return f"{words.plain} {texts.amount_note.format(amount=amount)}"
    return words.with_amount.format(amount=amount)


def _amount(money: Money, language: Language) -> str:
    locale = _LOCALE[language]
    if language is Language.EN and get_currency_symbol(money.currency, locale)[-1].isalpha():
        # CLDR wants a space between letters and digits; Babel does not put it.
        return str(format_currency(money.amount, money.currency, "¤\xa0#,##0.00", locale=locale))
    return str(format_currency(money.amount, money.currency, locale=locale))


def _plain(block: Block) -> str:
    match block:
        case Bullets(heading, items):
            return "\n".join([heading, *(f"- {item}" for item in items)])
        case str():
            return block
        case _:
            assert_never(block)


def _html(block: Block) -> str:
    match block:
        case Bullets(heading, items):
            lines = "\n".join(f"<li>{escape(item)}</li>" for item in items)
            return f"<p>{escape(heading)}</p>\n<ul>\n{lines}\n</ul>"
        case str():
            return f"<p>{escape(block)}</p>"
        case _:
            assert_never(block)
