# ruff: noqa: RUF001 - Cyrillic words are this module's subject
"""Words that the customer says only to deny them: "you are not idiots", "I will not go to court".

A negator alone is not enough: between it and the word may stand only words that carry the denial
on, so that "can't you idiots read" and "if you do not pay I go to court" deny nothing. What is said
on a condition, asked, or said of oneself ("kill myself") is not denied either.
"""

import re
from collections.abc import Collection, Sequence
from enum import Enum
from itertools import takewhile
from typing import Final

from services.classifier.tagging.words import normalise


class Deniable(Enum):
    """What a word that can be denied holds."""

    INSULT = "insult"
    HARM = "harm"
    REMEDY = "remedy"


def _words(listed: str) -> frozenset[str]:
    return frozenset(map(normalise, listed.split()))


_MAY_DENY: Final = re.compile(
    r"\b(?:not|never|nobody|none|cannot|no\ one|\w{1,7}n['’]?t|не|ни|никто|никогда|ні|ніхто|ніколи"
    r"|nie|nikt|nigdy)\b",
    re.IGNORECASE | re.VERBOSE,
)
_CLAUSE_ENDS: Final = frozenset(".,;:!?()—–")
_FAR: Final = 9
"""So many words apart a negator and the word that it denies may stand."""
_SENTENCE: Final = 40
"""So many words on may the mark of a question follow."""
_NEAR: Final = 12
"""So many words around may hold a condition."""

_NOT_I: Final = _words("not never dont didnt wont wouldnt cannot cant")
_NOT: Final = _NOT_I | _words("не никогда ніколи nie nigdy")
_NOBODY: Final = _words("nobody none никто ніхто nikt")
_IS: Final = _words(
    "are is am was were be been im jestescie jestes jestem jest są był byli byliście"
)
_IS_NOT: Final = _words("arent isnt wasnt werent aint")
_I: Final = _words("i we im id ive ill weve")
_THEY: Final = _words("you they he she вы ви я мы ми он она они він вона вони ты ти")
_WHO: Final = _words("who that which кто который которая хто який яка kto który która")
_YOU: Final = _words("you your вы вас вам вами ви wy was wam wami")
_SELF: Final = _words("myself ourselves себя себе собой собою się siebie sobie")

_SUCH: Final = _words(
    "a an the all any such really at total complete такие такой такая совсем вовсе никакие все"
    " полные такі такий така зовсім ніякі всі повні tacy taki taka takimi wcale żadni żadnymi"
    " żadnym zupełnie"
)
_THERE: Final = _words(
    "at in from of on your the bank banks branch staff team office here there has ever us not у в"
    " з и із из на вашем вашому вас банке банку отделении відділенні там здесь тут не u w z tu tam"
    " was waszym banku oddziale nie"
)
_INTEND: Final = _words(
    "want wish mean intend intending going planning plan ever really would will do am to be have"
    " try trying хочу хотим хотел хотела хотів хотіла буду будем будемо собираюсь собираемся"
    " збираюся збираюсь збираємось планирую планую планирую намерен намерена намерены стану никому"
    " никого ничего нікому нікого нічого chcę chcemy chciałem chciałam będę będziemy zamierzam"
    " zamierzamy planuję mam zamiaru nikomu nikogo"
)
_GO: Final = _words(
    "intend intending going planning plan ever will am to go complain complaining apply turn"
    " write report take taking this it the a any in at with file filing contact call involve bring"
    " you my case matter пойду пойдем идти подавать подам обращаться обращусь жаловаться писать"
    " напишу буду будем собираюсь собираемся планирую намерен намерена стану в на к ни вас жалобу"
    " иск никакой піду підемо йти подавати подаватиму звертатися звертатись звертатимусь звернуся"
    " скаржитися скаржитись писати збираюся збираюсь планую до ні позов скаргу pójdę pójdziemy iść"
    " składać złożę zwracać się zwrócę skarżyć pisać będę zamierzam zamierzamy planuję mam zamiaru"
    " do sprawy skargi"
)
_MYSELF_DO: Final = _words(
    "хочу хотим хотел хотела хотів хотіла буду будем будемо собираюсь собираемся збираюся"
    " збираюсь збираємось планирую планую намерен намерена намерены стану пойду пойдем подам"
    " обращусь піду підемо прийду звернуся звернусь chcę chcemy chciałem chciałam będę będziemy"
    " zamierzam zamierzamy planuję zamiaru pójdę pójdziemy złożę zwrócę"
)
_CONDITIONS: Final = _words(
    "if unless until till otherwise or provided yet then если пока иначе или либо тогда якщо поки"
    " інакше або чи тоді jeśli jeżeli jak wtedy dopóki chyba inaczej albo lub gdy"
)
_BUT: Final = _words(
    "but however though yet но однако хотя але однак проте хоча ale lecz jednak choć"
)


def may_deny(text: str) -> bool:
    """Tell at a glance whether anything in the text may be denied."""
    return _MAY_DENY.search(text) is not None


def denied(plain: Sequence[str], kinds: Sequence[Deniable | None]) -> set[int]:
    """Return the places of denied words, given their look-up spelling and what each holds."""
    return {at for at, kind in enumerate(kinds) if kind is not None and _is_denied(plain, at, kind)}


def _is_denied(plain: Sequence[str], at: int, kind: Deniable) -> bool:
    before = _clause(plain[max(0, at - _FAR) : at][::-1])
    after = _clause(plain[at + 1 : at + 1 + _FAR])
    if kind is Deniable.INSULT:
        rest = plain[at + 1 : at + 1 + _SENTENCE]
        asked = next((word for word in rest if word in ".!?"), ".") == "?"
        return not asked and (_is_none(before) or _is_nobody(before))
    around = plain[max(0, at - _NEAR) : at + _NEAR]
    if kind is Deniable.HARM:
        open_end = not _SELF.isdisjoint(after) or not _BUT.isdisjoint(around)
        return not open_end and _CONDITIONS.isdisjoint(around) and _is_refused(before, _INTEND)
    return _CONDITIONS.isdisjoint(around) and (_is_refused(before, _GO) or _is_ruled_out(after))


def _clause(words: Sequence[str]) -> list[str]:
    return list(takewhile(lambda word: word not in _CLAUSE_ENDS, words))


def _past(words: Sequence[str], carrying: Collection[str]) -> int:
    """Return how many of the first words carry a denial on."""
    return sum(1 for _ in takewhile(lambda word: word in carrying, words))


def _is_none(before: Sequence[str]) -> bool:
    """Find "you are not such …", "вы не …", "nie jesteście …", read from the word backwards."""
    at = _past(before, _SUCH | _IS)
    beyond = before[at : at + 3]
    if not beyond:
        return False
    if not _WHO.isdisjoint(beyond):
        return False  # "somebody who is not an idiot" says that others are
    if beyond[0] in _IS_NOT or (beyond[0] == "nie" and not _IS.isdisjoint(before[:at])):
        return True
    is_said = not _IS.isdisjoint(beyond[1:2]) or not _THEY.isdisjoint(beyond[1:])
    return beyond[0] in ("not", "не") and is_said


def _is_nobody(before: Sequence[str]) -> bool:
    """Find "nobody at your bank is …"; whoever is spoken to right before the word is meant."""
    at = _past(before, _SUCH | _IS | _THERE)
    return 0 < at < len(before) and before[at] in _NOBODY and before[0] not in _YOU


def _is_refused(before: Sequence[str], carrying: Collection[str]) -> bool:
    """Find a negator of what I or we do: "I will not …", "не собираюсь …"."""
    at = _past(before, carrying)
    if at == len(before) or before[at] not in _NOT or "rather" in before[at:]:
        return False
    if before[at] in _NOT_I:
        return not _I.isdisjoint(before[at:])
    return not _MYSELF_DO.isdisjoint(before[:at])


def _is_ruled_out(after: Sequence[str]) -> bool:
    """Find "(to court) I will not go" as Slavic languages put it, with nothing after it."""
    at = _past(after, _GO - _MYSELF_DO)
    return after[at : at + 1] in (["не"], ["nie"]) and after[at + 1 :] in [[w] for w in _MYSELF_DO]
