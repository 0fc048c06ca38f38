"""Words that are somebody else's: what the customer quotes or reports is not said by the customer.

Longer quotations count as reported, short ones only after a verb of saying or a colon: a single
word in quotation marks is as often irony. "Called me" makes reported what follows it.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

_OPENING: Final = '"“„«”'
_CLOSING: Final = {'"': '"', "“": '”“"', "„": '”“"', "«": "»", "”": "”"}
_LONG: Final = 3
"""A quotation of so many words is somebody's sentence."""
_NEAR: Final = 4
"""So many words before a quotation may hold its verb of saying."""
_FAR: Final = 120
"""A quotation is at most so many words; else its closing mark was forgotten."""
_NAMED: Final = 5
"""So many words after "called me" may be the name."""

_MAY_REPORT: Final = re.compile(
    r'["“„«”]|\bcalled (?:me|us|my)|обозв|обізв|назва|nazwa|wyzwa', re.IGNORECASE
)
_SAYING: Final = (
    "said", "says", "say", "told", "called", "call", "wrote", "writes", "shouted", "yelled",
    "shouting", "words", "asked", "answered", "replied", "muttered", "hissed", "сказал", "говор",
    "назвал", "обозвал", "крикнул", "заявил", "написал", "ответил", "бросил", "слова", "услыш",
    "произнес", "сказа", "назва", "обізва", "крикну", "заяви", "написа", "відпові", "кину",
    "почу", "промови", "каже", "powiedz", "nazwa", "wyzwa", "krzykn", "rzuci", "napisa",
    "odpowiedz", "uslysz", "stwierdz", "mowi", "slowa",
)  # fmt: skip
_NAMING: Final = (
    ("called", ("me", "us", "my")),
    ("обозвал", ("меня", "нас", "")),
    ("назвал", ("меня", "нас")),
    ("обізва", ("мене", "нас", "")),
    ("назва", ("мене", "нас")),
    ("nazwa", ("mnie", "nas")),
    ("wyzwa", ("mnie", "nas", "")),
)


def may_report(text: str) -> bool:
    """Tell at a glance whether anything in the text may be reported."""
    return _MAY_REPORT.search(text) is not None


def reported(words: Sequence[str], plain: Sequence[str]) -> set[int]:
    """Return the places of reported words, given the words and their look-up spelling."""
    return {n for begin, end in _spans(words, plain) for n in range(begin, end)}


def _spans(words: Sequence[str], plain: Sequence[str]) -> Iterator[tuple[int, int]]:
    at = 0
    while at < len(words):
        if words[at] in _OPENING and (end := _closing(words, at)) is not None:
            if end - at > _LONG or _is_said(words, plain, at):
                yield at + 1, end
            at = end
        elif (begin := _after_naming(plain, at)) is not None:
            yield begin, _end_of_name(words, begin)
        at += 1


def _closing(words: Sequence[str], opening: int) -> int | None:
    marks = _CLOSING[words[opening]]
    for n in range(opening + 1, min(opening + _FAR, len(words))):
        if words[n] in marks:
            return n
    return None


def _is_said(words: Sequence[str], plain: Sequence[str], opening: int) -> bool:
    before = range(max(0, opening - _NEAR), opening)
    return (opening > 0 and words[opening - 1] == ":") or any(
        plain[n].startswith(_SAYING) for n in before
    )


def _after_naming(plain: Sequence[str], at: int) -> int | None:
    for verb, whom in _NAMING:
        if plain[at].startswith(verb):
            if at + 1 < len(plain) and plain[at + 1] in whom:
                return at + 2
            if at > 0 and plain[at - 1] in whom:
                return at + 1
            return at + 1 if "" in whom else None
    return None


def _end_of_name(words: Sequence[str], begin: int) -> int:
    for n in range(begin, min(begin + _NAMED, len(words))):
        if not words[n][0].isalnum() and words[n] not in _OPENING:
            return n
    return min(begin + _NAMED, len(words))
