# ruff: noqa: RUF001 - quotation marks and Cyrillic words are this module's subject
"""Words that are somebody else's: what the customer quotes or reports is not said by the customer.

Longer quotations count as reported, short ones and those in single marks only after a verb of
saying or a colon: a single word in quotation marks is as often irony, a single mark an apostrophe.
"Called me" makes reported what follows it, and so does "said that I was" up to the end of the
clause. Where nothing of the customer's would remain, all is theirs.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final

_OPENING: Final = '"“„«”'
_CLOSING: Final = {'"': '"', "“": '”“"', "„": '”“"', "«": "»", "”": "”"}
_SINGLE: Final = "‘‚`"
"""Signs that open a quotation; an apostrophe may open one, too, and is part of its first word."""
_APOSTROPHES: Final = "'’"
_SINGLE_CLOSING: Final = "'’‘`´"
_LONG: Final = 3
"""A quotation of so many words is somebody's sentence."""
_NEAR: Final = 4
"""So many words before a quotation may hold its verb of saying."""
_FAR: Final = 120
"""A quotation is at most so many words; else its closing mark was forgotten."""
_NAMED: Final = 5
"""So many words after "called me" may be the name."""

_LISTENER: Final = 6
"""So many words after a verb of saying may tell whom and how, before what was said of the customer.
"""
_CLAUSE: Final = 12
"""What was said of the customer is at most so many words."""
_SUBJECT: Final = 3
"""So many words before a verb of saying may hold the one who says it."""

_TELLING: Final = (
    "обозв", "обізв", "назва", "nazwa", "wyzwa", "called me", "called us", "called my", "что я",
    "що я", "будто я", "ніби я", "нібито я", "że jestem", "ze jestem",
)  # fmt: skip
_SAID: Final = (
    "said", "say", "told", "wrote", "writes", "shout", "yelled", "answered", "replied", "muttered",
    "hissed",
)  # fmt: skip
_OF_ME: Final = re.compile(
    rf"(?:{'|'.join(_SAID)})[^.!?]{{0,60}}\bi(?:['’]?m|\s(?:am|was|were|looked?))\b", re.IGNORECASE
)
_SINGLE_OPENING: Final = re.compile(r"['’](?<!\w.)(?=\w)")
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
_THAT: Final = frozenset({"что", "що", "будто", "ніби", "нібито"})
_BEING: Final = frozenset({"am", "was", "were", "look", "looked"})
_ANOTHER_CLAUSE: Final = frozenset(
    {"and", "because", "when", "but", "so", "as", "if", "while", "where", "until", "after", "since"}
)
_I: Final = frozenset({"i", "im", "ive", "id", "ill", "we", "weve", "я", "мы", "ми", "ja"})
_OTHERS: Final = frozenset(
    {"he", "she", "they", "он", "она", "они", "він", "вона", "вони", "ona", "oni"}
)
_PASSIVE: Final = frozenset({"was", "were", "been", "am", "being"})
_YOU: Final = frozenset(
    {"you", "your", "youre", "yours", "вы", "вас", "вам", "вами", "ви", "ты", "тебя", "тебе", "ти"}
    | {"wy", "wam", "wami", "ty", "ciebie", "ci", "pani", "panu", "panstwu", "panstwo"}
)
_FULL_STOPS: Final = frozenset(".!?;:")
_YOURS: Final = ("ваш", "wasz", "твой", "твои", "твоя", "twoj")
_SAID_BY_ME: Final = ("lem", "lam", "smy", "mowie", "ю", "жу")
_WILL_DO: Final = ("у", "ю")
"""Ends of what the customer will do ("я убью"): that is no word about them but a threat."""


def may_report(text: str) -> bool:
    """Tell at a glance whether anything in the text may be reported."""
    if any(mark in text for mark in _OPENING + _SINGLE):
        return True
    if any(mark in text for mark in _APOSTROPHES) and _SINGLE_OPENING.search(text) is not None:
        return True
    lower = text.lower()
    if any(telling in lower for telling in _TELLING):
        return True
    return any(said in lower for said in _SAID) and _OF_ME.search(lower) is not None


def reported(
    words: Sequence[str],
    plain: Sequence[str],
    harsh: Sequence[bool] | None = None,
    elsewhere: Collection[int] = (),
) -> set[int]:
    """Return the places of reported words, given the words and their look-up spelling.

    What was said of the customer without quotation marks counts only with a word that is `harsh`:
    a diagnosis told to them is their own news. Without `harsh` it always counts. Words at places
    `elsewhere` are known not to be the customer's.
    """
    found = {n for begin, end in _spans(words, plain) for n in range(begin, end)}
    for begin, end in _indirect(words, plain):
        if harsh is None or any(harsh[begin:end]):
            found.update(range(begin, end))
    for n, word in enumerate(words):
        if n not in found and n not in elsewhere and any(map(str.isalpha, word)):
            return found
    return set()


def _spans(words: Sequence[str], plain: Sequence[str]) -> Iterator[tuple[int, int]]:
    at = 0
    while at < len(words):
        if words[at] in _OPENING and (end := _closing(words, at)) is not None:
            if end - at > _LONG or _is_said(words, plain, at):
                yield at + 1, end
            at = end
        elif (span := _in_single_marks(words, plain, at)) is not None:
            yield span
            at = span[1]
        elif (begin := _after_naming(plain, at)) is not None:
            yield begin, _end_of_name(words, begin)
        at += 1


def _in_single_marks(words: Sequence[str], plain: Sequence[str], at: int) -> tuple[int, int] | None:
    word = words[at]
    if word[0] not in _APOSTROPHES and word not in _SINGLE:
        return None
    begin = at if len(word) > 1 else at + 1
    for n in range(begin, min(begin + _FAR, len(words))):
        is_mark = words[n] in _SINGLE_CLOSING
        if is_mark or words[n][-1] in _APOSTROPHES:
            end = n if is_mark else n + 1
            is_said = _is_said(words, plain, at)
            is_said |= end - begin > _LONG and _says(plain[n + 1 : n + 1 + _NEAR])
            return (begin, end) if is_said else None
    return None


def _indirect(words: Sequence[str], plain: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Find what somebody said of the customer: "said (that) I was …", up to the clause's end."""
    for at, word in enumerate(plain):
        if word.startswith(_SAYING) and not _is_said_by_customer(words, plain, at):
            begin = _about_the_customer(words, plain, at)
            if begin is not None:
                yield begin, _end_of_clause(words, plain, begin)


def _is_said_by_customer(words: Sequence[str], plain: Sequence[str], verb: int) -> bool:
    if plain[verb].endswith(_SAID_BY_ME):
        return True
    for n in range(verb - 1, max(-1, verb - 1 - _SUBJECT), -1):
        if plain[n] in _OTHERS or not words[n][0].isalnum():
            return False
        if plain[n] in _I:
            return plain[verb - 1] not in _PASSIVE
    return False


def _about_the_customer(words: Sequence[str], plain: Sequence[str], verb: int) -> int | None:
    """Return where it begins what is said of the customer after this verb."""
    in_clause = True
    for n in range(verb + 1, min(verb + 1 + _LISTENER, len(plain) - 1)):
        word, following = plain[n], plain[n + 1]
        if (word in _THAT and following == "я") or (word == "ze" and following == "jestem"):
            return n + 2
        if in_clause and ((word == "i" and following in _BEING) or word == "im"):
            return n + 1 + (word == "i")
        if word in _YOU or word in _ANOTHER_CLAUSE or words[n] in _FULL_STOPS:
            return None
        in_clause &= words[n] != ","  # a comma stands before "что" and "że", before "that" seldom
    return None


def _end_of_clause(words: Sequence[str], plain: Sequence[str], begin: int) -> int:
    last = min(begin + _CLAUSE, len(words))
    for n in range(begin, last):
        word = plain[n]
        begins_another = word in _I and words[n] != "i"  # Polish "and"
        speaks_to_bank = word in _YOU or word.startswith(_YOURS)
        if begins_another or speaks_to_bank or word.endswith(_WILL_DO):
            return n
        if not words[n][0].isalnum():
            return n
    return last


def _closing(words: Sequence[str], opening: int) -> int | None:
    marks = _CLOSING[words[opening]]
    for n in range(opening + 1, min(opening + _FAR, len(words))):
        if words[n] in marks:
            return n
    return None


def _is_said(words: Sequence[str], plain: Sequence[str], opening: int) -> bool:
    is_announced = opening > 0 and words[opening - 1] == ":"
    return is_announced or _says(plain[max(0, opening - _NEAR) : opening])


def _says(plain: Sequence[str]) -> bool:
    return any(word.startswith(_SAYING) for word in plain)


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
