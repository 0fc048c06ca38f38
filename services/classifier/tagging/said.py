# ruff: noqa: RUF001 - Cyrillic words are this module's subject
"""Which concepts of the fault lists a customer says of themselves: they refine what facts show.

Words that are somebody else's say nothing here, nor does what a negator just before takes back:
"it was not my mistake". A negator that belongs to a phrase ("did not read") takes nothing back.
A phrase does not reach from one clause into the next: "I paid, the bank left it".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from services.classifier.tagging.features import Words
from services.classifier.tagging.own import own
from services.classifier.tagging.vocabulary import VISIBLE_GROUP, VISIBLE_WANTED, WANTED, Vocabulary

_CLAUSE_ENDS: Final = frozenset(".,;:!?")
_REACH: Final = 3
"""So many words before a word may hold its negator."""
_NOT: Final = frozenset(
    {"not", "never", "dont", "didnt", "wasnt", "isnt", "havent", "hadnt", "не", "ни", "ні", "nie"}
)
_STOPS: Final = frozenset(
    {"and", "because", "since", "so", "then", "but", "only", "just", "deny", "denying", "dispute"}
    | {"и", "а", "но", "потому", "так", "поэтому", "только", "отрицаю", "спорю", "скрываю"}
    | {"і", "та", "але", "бо", "тому", "тільки", "лише", "заперечую"}
    | {"i", "a", "ale", "bo", "wiec", "tylko", "przecze", "zaprzeczam", "kwestionuje", "ukrywam"}
)
"""Between a negator and a word they tell that it is not the word which is negated."""
_OUGHT: Final = frozenset({"should", "ought"})
"""Who says what should not have happened says that it did."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """The words of one message that fault sees."""

    plain: Sequence[str]
    is_own: Sequence[bool]
    begins_clause: Sequence[bool]

    def takes_back(self, first: int) -> bool:
        """Tell whether a negator stands just before the first word of what is said."""
        for n in range(first, max(0, first - _REACH), -1):
            word = self.plain[n - 1]
            if self.begins_clause[n] or word in _STOPS:
                return False
            if word in _NOT:
                return n < 2 or self.plain[n - 2] not in _OUGHT  # noqa: PLR2004 - none before it
        return False

    def are_said(self, places: Sequence[int]) -> bool:
        """Tell whether these words are the customer's own, of one clause and not taken back."""
        own = all(self.is_own[n] for n in places)
        inside = range(places[0] + 1, places[-1] + 1)
        torn = any(self.begins_clause[n] for n in inside)
        taken = any(self.plain[n] in _NOT for n in inside if n not in places)
        return own and not torn and not taken and not self.takes_back(places[0])


def said(text: str, start: int, end: int, words: Words, known: Vocabulary) -> frozenset[str]:
    """Return the concepts that a message says, given which of these words fault sees of it."""
    named = words.concepts(start, end, known)
    if not named:
        return named
    number = words.word[start + 1 : end].tolist()
    seen = _seen(text, [known.plain[n] for n in number], words, start + 1, end)
    found = {
        concept for concept, places in _standing(number, seen.plain, known) if seen.are_said(places)
    }
    return frozenset(known.lists.concepts[concept] for concept in found)


def _seen(text: str, plain: Sequence[str], words: Words, start: int, end: int) -> _Seen:
    begins, ends = words.begin[start:end].tolist(), words.end[start:end].tolist()
    left = own(text)
    gaps = [text[after:begin] for after, begin in zip([0, *ends], begins, strict=False)]
    return _Seen(
        plain,
        [left[begin] != "\0" for begin in begins],
        [not _CLAUSE_ENDS.isdisjoint(gap) for gap in gaps],
    )


def _standing(
    number: Sequence[int], plain: Sequence[str], known: Vocabulary
) -> Iterator[tuple[int, list[int]]]:
    """Return every concept that stands in these words, and which of them it takes, in order."""
    reach = known.lists.reach
    for at, n in enumerate(number):
        for concept in known.members[known.table[n, VISIBLE_GROUP]]:
            yield concept, [at]
        before, after = plain[max(0, at - reach) : at][::-1], plain[at + 1 : at + 1 + reach]
        for phrase in known.phrases.get(n, ((), ()))[VISIBLE_WANTED - WANTED]:
            places = phrase.places_between(before, after)
            if places is not None:
                yield phrase.concept, [at + place for place in places]
