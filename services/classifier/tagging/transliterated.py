# ruff: noqa: RUF001 - Cyrillic letters that look like Latin ones are this module's subject
"""Russian and Ukrainian in Latin letters, read back into Cyrillic where they betray themselves.

People without a Cyrillic keyboard write `Ya ne mogu voyti v prilozhenie`. A message is read so only
where its little words and sounds are clearly theirs and not English or Polish; each word is then
looked up in Cyrillic, in the one spelling that several ways of writing share. Places in the message
stay as they are. Words of manner betray nothing: fault must read the same words without them.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Literal

from services.classifier.tagging.words import normalise

Source = Literal["ru", "uk"]
Signs = tuple[bool, bool, bool, bool, bool]
"""Of a word: in Latin letters, one of theirs, one of others', like Russian, like Ukrainian."""

_LEAST: Final = 2
_SHARE: Final = 10
"""A message is read so if so many of its words betray it: `_LEAST` and one in `_SHARE`."""

_COMMON: Final = """
    i to o u z no my a ty tak ya vy vas vam vash vasha vashi vashu vami ne na v do po za bez nas
    nam banka bankom kartu karta kartoy kartka srazu skazhite yakshcho
"""
_RUSSIAN: Final = """
    chto chtoby eto etot etogo etom eta eti kak pochemu uzhe yesli esli kogda gde menya mnye mne
    moi moya moyu moy moey tolko bolshe ochen nado nuzhno mozhno nelzya nichego seichas seychas
    spasibo pozhaluysta pozhaluista pozhalusta zdravstvuyte zdravstvuite dobryy dobriy dobryi
    den dnya vecher pomogite podskazhite verni vernite dengi deneg skolko prishlo prishel
    prishla budet budu byl byla bylo byli yest nyet svoi svoy vashe vashego vashem kotoryy
    kotoraya posle pered ili yeshche eshche eshe segodnya vchera zavtra opyat snova perevod
    schet schyot platezh klient
"""
_UKRAINIAN: Final = """
    shcho scho shchob schob tse tsey tsya tsoho yak yaki chomu vzhe yakshcho yakscho koly de
    mene meni miy moya moyu moho tilky bilshe duzhe treba mozhna nemozhna nichoho zaraz dyakuyu
    budlaska bud laska dobryi dobryy den dnya vechir dopomozhit pidkazhit povernit hroshi groshi
    skilky pryyshlo pryishlo bude budu buv bula bulo buly ye nemaye svoyi svoyu vashoho yakyi
    yakyy yaka pislya abo shche sche sohodni vchora znovu perekaz rakhunok platizh kliyent
    vidpovid vidpovidi
"""
_OTHERS: Final = """
    a no u ty tak the and you your is are was were have has that this with for from not but they
    what would will my me it of to in i am be please when there nie to jest sie się czy jak
    dlaczego mam moje moja proszę prosze dzień dzien dobry państwo panstwo w z o u dla od przez
    już juz ale który ktory jeśli jesli bardzo pieniądze pieniadze karta kartę karte za na po do
    po bez konto
"""
_OWN: Final[dict[str, frozenset[str]]] = {
    "ru": frozenset(_RUSSIAN.split()),
    "uk": frozenset(_UKRAINIAN.split()),
}
_EITHER: Final = frozenset(_COMMON.split()) | _OWN["ru"] | _OWN["uk"]
_ELSE: Final = frozenset(_OTHERS.split())

_SOUNDS: Final = re.compile(r"zh|kh|shch|y[yau]|iy|jj")
"""Written so for Cyrillic, and hardly ever in English or Polish."""
_BREATHED: Final = re.compile(r"(?<![zkcsg])h")
"""A Ukrainian `г`; Russian has no such sound."""
_VOWELS: Final = "aeiouy"
_RULES: Final[dict[Source, tuple[tuple[str, str], ...]]] = {
    "ru": (
        ("shch", "щ"), ("sch", "щ"), ("zh", "ж"), ("kh", "х"), ("ts", "ц"), ("tz", "ц"),
        ("ch", "ч"), ("sh", "ш"), ("yu", "ю"), ("ju", "ю"), ("ya", "я"), ("ja", "я"), ("yo", "е"),
        ("jo", "е"), ("je", "е"), ("iy", "ии"), ("yy", "ыи"), ("yi", "ыи"), ("ij", "ии"),
    ),
    "uk": (
        ("shch", "щ"), ("sch", "щ"), ("zgh", "зг"), ("zh", "ж"), ("kh", "х"), ("ts", "ц"),
        ("ch", "ч"), ("sh", "ш"), ("yu", "ю"), ("iu", "ю"), ("ju", "ю"), ("ya", "я"), ("ia", "я"),
        ("ja", "я"), ("yo", "ио"), ("ye", "є"), ("ie", "є"), ("je", "є"), ("ji", "ї"), ("yy", "ии"),
        ("iy", "іи"),
    ),
}  # fmt: skip
_SINGLE: Final[dict[Source, dict[int, int]]] = {
    "ru": str.maketrans("abcdefghijklmnopqrstuvwxz", "абцдефгхийклмнопкрстуввхз"),
    "uk": str.maketrans("abcdefghijklmnopqrstuvwxz", "абцдефггійклмнопкрстуввхз"),
}
_OPENING: Final = re.compile(rf"(?:^|(?<=[{_VOWELS}]))ye")
"""Of Russian: `ye` is one letter here, and elsewhere two."""
_INNER: Final = re.compile(rf"(?<=[^{_VOWELS}])yi")
"""Of Ukrainian: `yi` is two letters here, and elsewhere one."""
_AFTER_VOWEL: Final = re.compile(rf"(?<=[{_VOWELS}])y")


def source(signs: Sequence[Signs]) -> Source | None:
    """Return the language behind a message in Latin letters, given the signs of its words.

    None where there is no other language than what stands there.
    """
    if not signs:
        return None
    latin, hits, others, russian, ukrainian = map(sum, zip(*signs, strict=True))
    if 2 * latin < len(signs) or hits < _LEAST or hits * _SHARE < latin or 2 * others >= hits:
        return None
    return "uk" if ukrainian > russian else "ru"


def signs_of(word: str) -> Signs | None:
    """Say what a word betrays; None where it is no word."""
    if not word[0].isalpha():
        return None
    plain = word.lower().replace("'", "")
    if not plain.isascii():
        return False, False, False, False, False
    either, other = plain in _EITHER, plain in _ELSE
    sounds = not either and _SOUNDS.search(plain) is not None
    return (
        True,
        (either and not other) or sounds,
        other and not either,
        plain in _OWN["ru"] or "g" in plain,
        plain in _OWN["uk"] or _BREATHED.search(plain) is not None,
    )


@lru_cache(maxsize=10_000)
def in_cyrillic(word: str, language: Source) -> str:
    """Return the Cyrillic spelling under which a word in Latin letters is looked up."""
    plain = word.lower()
    if not plain.isascii() or not any(map(str.isalpha, plain)):
        return normalise(word)
    if language == "ru":
        plain = _OPENING.sub("e", plain)
    else:
        plain = _INNER.sub("ии", plain).replace("yi", "ї")
    for latin, letter in _RULES[language]:
        plain = plain.replace(latin, letter)
    plain = _AFTER_VOWEL.sub("и", plain)
    plain = plain.replace("y", "ы" if language == "ru" else "и")
    return normalise(plain.translate(_SINGLE[language]))
