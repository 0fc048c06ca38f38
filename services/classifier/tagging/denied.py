"""Words that the customer says only to deny them: "you are not idiots", "I will not go to court".

A negator alone is not enough: between it and the word may stand only words that carry the denial
on, so that "can't you idiots read" and "if you do not pay I go to court" deny nothing. What is said
on a condition, asked, or said of oneself ("kill myself") is not denied either.
"""

from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from itertools import takewhile
from typing import Final

from services.classifier.tagging.denials import Denials
from services.classifier.tagging.lists import HARM, Lists, Phrase


class Deniable(Enum):
    """What a word that can be denied holds."""

    INSULT = "insult"
    HARM = "harm"
    REMEDY = "remedy"


DENIABLE: Final = {
    HARM: Deniable.HARM,
    "insult": Deniable.INSULT,
    "institution": Deniable.REMEDY,
    "court": Deniable.REMEDY,
}
"""Concepts whose words can be denied."""
REMEDIES: Final = frozenset(name for name, kind in DENIABLE.items() if kind is Deniable.REMEDY)
"""Concepts whose phrases can be denied too: "central bank"."""

_CLAUSE_ENDS: Final = frozenset(".,;:!?()—\u2013")
_FAR: Final = 9
"""So many words apart a negator and the word that it denies may stand."""
_SENTENCE: Final = 40
"""So many words on may the mark of a question follow."""
_NEAR: Final = 12
"""So many words around may hold a condition."""


def denied(
    plain: Sequence[str],
    kinds: Sequence[Deniable | None],
    phrases: Mapping[int, Sequence[Phrase]],
    lists: Lists,
) -> set[int]:
    """Return the places of denied words, given their look-up spelling and what each holds.

    Of a denied phrase it is the place of its longest word. `phrases` are those of remedies that
    may stand around a place.
    """
    held = [(at, at, at, kind) for at, kind in enumerate(kinds) if kind is not None]
    for at, around in phrases.items():
        before = plain[max(0, at - lists.reach) : at][::-1]
        after = plain[at + 1 : at + 1 + lists.reach]
        held += [
            (at, at + places[0], at + places[-1], Deniable.REMEDY)
            for phrase in around
            if (places := phrase.places_between(before, after))
        ]
    return {
        at for at, first, last, kind in held if _is_denied(plain, first, last, kind, lists.denials)
    }


def _is_denied(
    plain: Sequence[str], first: int, last: int, kind: Deniable, denials: Denials
) -> bool:
    before = _clause(plain[max(0, first - _FAR) : first][::-1])
    after = _clause(plain[last + 1 : last + 1 + _FAR])
    if kind is Deniable.INSULT:
        rest = plain[last + 1 : last + 1 + _SENTENCE]
        asked = next((word for word in rest if word in ".!?"), ".") == "?"
        return not asked and (_is_none(before, denials) or _is_nobody(before, denials))
    around = plain[max(0, first - _NEAR) : last + _NEAR]
    if not denials.conditions.isdisjoint(around):
        return False
    if kind is Deniable.HARM:
        open_end = not denials.oneself.isdisjoint(after) or not denials.but.isdisjoint(around)
        return not open_end and _is_refused(before, denials.intend, denials)
    return _is_refused(before, denials.go, denials) or _is_ruled_out(after, denials)


def _clause(words: Sequence[str]) -> list[str]:
    return list(takewhile(lambda word: word not in _CLAUSE_ENDS, words))


def _past(words: Sequence[str], carrying: Collection[str]) -> int:
    """Return how many of the first words carry a denial on."""
    return sum(1 for _ in takewhile(lambda word: word in carrying, words))


def _is_none(before: Sequence[str], denials: Denials) -> bool:
    """Find "you are not such …", "nie jesteście …", read from the word backwards."""
    at = _past(before, denials.such | denials.being)
    beyond = before[at : at + 3]
    if not beyond:
        return False
    if not denials.who.isdisjoint(beyond):
        return False  # "somebody who is not an idiot" says that others are
    is_being = not denials.being.isdisjoint(before[:at])
    if beyond[0] in denials.being_not or (beyond[0] in denials.not_being and is_being):
        return True
    is_they = not denials.anybody.isdisjoint(beyond[1:])
    is_said = is_they or not denials.being.isdisjoint(beyond[1:2])
    return beyond[0] in denials.not_such and is_said


def _is_nobody(before: Sequence[str], denials: Denials) -> bool:
    """Find "nobody at your bank is …"; whoever is spoken to right before the word is meant."""
    at = _past(before, denials.such | denials.being | denials.there)
    return 0 < at < len(before) and before[at] in denials.nobody and before[0] not in denials.you


def _is_refused(before: Sequence[str], carrying: Collection[str], denials: Denials) -> bool:
    """Find a negator of what we do: "I will not …", "nie zamierzam …"."""
    at = _past(before, carrying)
    if at == len(before) or "rather" in before[at:]:
        return False
    if before[at] in denials.not_with_i:
        return not denials.we.isdisjoint(before[at:])
    return before[at] in denials.not_by_verb and not denials.we_do.isdisjoint(before[:at])


def _is_ruled_out(after: Sequence[str], denials: Denials) -> bool:
    """Find "(to court) I will not go" as Slavic languages put it, with nothing after it."""
    rest = after[_past(after, denials.go - denials.we_do) :]
    match rest:
        case [negator, verb]:
            return negator in denials.not_at_the_end and verb in denials.we_do
        case _:
            return False
