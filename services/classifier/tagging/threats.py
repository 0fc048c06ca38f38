"""Where the customer says in so many words that they will hurt somebody at the bank.

Such a sentence is a threat however calm and long the rest is, so it does not wait for the sum of
all words. It needs a verb of harm that is the customer's own future ("I will …", "сломаю …"),
undenied and not asked, and right beside it somebody spoken to or of the staff, or their body.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import takewhile
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from services.classifier.tagging.features import Words
from services.classifier.tagging.figures import APART, sober
from services.classifier.tagging.growing import Growing
from services.classifier.tagging.hashing import Ints
from services.classifier.tagging.vocabulary import Vocabulary
from services.classifier.tagging.weights import HEADS
from services.classifier.tagging.words import normalise
from shared.events.tags import Pressure
from shared.yaml_file import parsed

Floats = NDArray[np.float64]

_VIOLENCE: Final = HEADS["pressure"].index(Pressure.VIOLENCE)
SURE: Final = 0.9
"""Of 27 labelled messages that hold such a sentence 26 are violent, and 27 a danger to a person."""
_SENTENCE_ENDS: Final = frozenset(".!?…;")
_BEFORE: Final = 12
"""So many words before the verb may say that it is ours: "I will come over and break …"."""
_NEAR: Final = 4
"""So many words apart stand the verb, the body and whose it is."""
_AFTER: Final = 40
"""So many words on may follow the mark of a question."""
_STAFF: Final = "staff"


@dataclass(frozen=True, slots=True)
class _Word:
    plain: str
    is_staff: bool


class Threats:
    """Finds such sentences. Not for use from two threads at a time."""

    def __init__(self, sets: dict[str, frozenset[str]], known: Vocabulary) -> None:
        self._sets = sets
        self._verbs = (
            sets["hurt"] | sets["beat"] | sets["break"] | sets["we_hurt"] | sets["we_break"]
        )
        self._known = known
        self._is_verb = Growing(1)
        self._staff = known.lists.concepts.index(_STAFF)

    @classmethod
    def read(cls, known: Vocabulary) -> Self:
        """Read the shipped sets of words."""
        text = resources.files(__package__).joinpath("threats.yaml").read_text("utf-8")
        given: dict[str, dict[str, str]] = parsed(text)
        listed = {name: " ".join(languages.values()).split() for name, languages in given.items()}
        return cls({name: frozenset(map(normalise, of)) for name, of in listed.items()}, known)

    def made(self, words: Words) -> Ints:
        """Return the numbers of the messages, given as words of manner, that threaten so."""
        fresh = self._known.plain[len(self._is_verb) :]
        if fresh:
            self._is_verb.extend(np.array([[word in self._verbs] for word in fresh], np.int64))
        verbs = np.flatnonzero(self._is_verb.rows[words.word, 0])
        if not len(verbs):
            return verbs
        meant = sober(verbs, words, self._known, APART)
        found = [n for n in meant.tolist() if self._is_threat(n, words)]
        return np.unique(words.message[found])

    def _is_threat(self, at: int, words: Words) -> bool:
        message = words.message[at]
        low, high = int(words.starts[message]) + 1, int(words.ends[message])
        before = self._read(words, np.arange(at - 1, max(low, at - _BEFORE) - 1, -1))
        after = self._read(words, np.arange(at + 1, min(high, at + _AFTER)))
        asked = next((word.plain for word in after if word.plain in _SENTENCE_ENDS), ".") == "?"
        verb = self._known.plain[words.word[at]]
        return not asked and self._is_vowed(verb, _sentence(before), _sentence(after))

    def _read(self, words: Words, at: Ints) -> list[_Word]:
        members, plain = self._known.members, self._known.plain
        return [
            _Word(plain[word], self._staff in members[group])
            for word, group in zip(words.word[at].tolist(), words.group[at].tolist(), strict=True)
        ]

    def _is_vowed(self, verb: str, before: Sequence[_Word], after: Sequence[_Word]) -> bool:
        """Tell it from what is said before the verb, nearest first, and after it."""
        of = self._sets
        if verb in of["we_hurt"] | of["we_break"]:
            is_ours = not any(word.plain in of["not"] for word in before[:_NEAR])
            near = [*before[:_NEAR], *after[:_NEAR]]
        else:
            is_ours = self._is_willed(before)
            near = list(after[:_NEAR])
        if not is_ours or any(word.plain in of["mine"] for word in near):
            return False
        named = [word for word in near if word.is_staff and word.plain not in of["somebody"]]
        if verb in of["beat"]:
            return bool(named)
        if verb in of["hurt"] | of["we_hurt"]:
            return bool(named) or any(word.plain in of["person"] for word in near)
        theirs = bool(named) or any(word.plain in of["whose"] for word in near)
        return theirs and any(word.plain in of["body"] for word in near)

    def _is_willed(self, before: Sequence[_Word]) -> bool:
        """Find "I will …" before a verb, read backwards, with nothing that denies it."""
        of = self._sets
        for at, word in enumerate(before):
            if word.plain in of["not"]:
                return False
            subject = {each.plain for each in before[at + 1 : at + 1 + _NEAR]}
            if word.plain in of["we_will"]:
                return True
            if word.plain in of["will"]:
                return not subject.isdisjoint(of["us"]) and subject.isdisjoint(of["not"])
        return False


def _sentence(words: Sequence[_Word]) -> list[_Word]:
    return list(takewhile(lambda word: word.plain not in _SENTENCE_ENDS, words))


def with_harm(z: Floats, jokes: Ints, threats: Ints) -> Floats:
    """Return logits of pressure in which no joke is violence, and a threat is at least `SURE`."""
    found = z.copy()
    found[jokes, _VIOLENCE] = -np.inf
    rest = np.logaddexp.reduce(np.delete(found[threats], _VIOLENCE, axis=1), axis=1)
    least = rest + np.log(SURE / (1 - SURE))
    found[threats, _VIOLENCE] = np.maximum(found[threats, _VIOLENCE], least)
    return found
