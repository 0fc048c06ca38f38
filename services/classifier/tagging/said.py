"""Which concepts of the fault lists a customer says of themselves: they refine what facts show.

Words that are somebody else's say nothing here, nor does what a negator just before takes back:
"it was not my mistake". A negator that belongs to a phrase ("did not read") takes nothing back.
A phrase does not reach from one clause into the next: "I paid, the bank left it".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from services.classifier.tagging.denials import Denials
from services.classifier.tagging.features import Words
from services.classifier.tagging.own import own
from services.classifier.tagging.vocabulary import VISIBLE_GROUP, VISIBLE_WANTED, WANTED, Vocabulary

_CLAUSE_ENDS: Final = frozenset(".,;:!?")
_REACH: Final = 3
"""So many words before a word may hold its negator."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """The words of one message that fault sees."""

    plain: Sequence[str]
    is_own: Sequence[bool]
    begins_clause: Sequence[bool]
    denials: Denials

    def takes_back(self, first: int) -> bool:
        """Tell whether a negator stands just before the first word of what is said."""
        for n in range(first, max(0, first - _REACH), -1):
            word = self.plain[n - 1]
            if self.begins_clause[n] or word in self.denials.takes_nothing_back:
                return False
            if word in self.denials.takes_back:
                return n < 2 or self.plain[n - 2] not in self.denials.ought  # noqa: PLR2004 - none before it
        return False

    def are_said(self, places: Sequence[int]) -> bool:
        """Tell whether these words are the customer's own, of one clause and not taken back."""
        own = all(self.is_own[n] for n in places)
        inside = range(places[0] + 1, places[-1] + 1)
        torn = any(self.begins_clause[n] for n in inside)
        taken = any(self.plain[n] in self.denials.takes_back for n in inside if n not in places)
        return own and not torn and not taken and not self.takes_back(places[0])


def said(text: str, start: int, end: int, words: Words, known: Vocabulary) -> frozenset[str]:
    """Return the concepts that a message says, given which of these words fault sees of it."""
    named = words.concepts(start, end, known)
    if not named:
        return named
    number = words.word[start + 1 : end].tolist()
    seen = _seen(text, words, start + 1, end, known)
    found = {
        concept for concept, places in _standing(number, seen.plain, known) if seen.are_said(places)
    }
    return frozenset(known.lists.concepts[concept] for concept in found)


def _seen(text: str, words: Words, start: int, end: int, known: Vocabulary) -> _Seen:
    begins, ends = words.begin[start:end].tolist(), words.end[start:end].tolist()
    left = own(text)
    gaps = [text[after:begin] for after, begin in zip([0, *ends], begins, strict=False)]
    return _Seen(
        [known.plain[n] for n in words.word[start:end].tolist()],
        [left[begin] != "\0" for begin in begins],
        [not _CLAUSE_ENDS.isdisjoint(gap) for gap in gaps],
        known.lists.denials,
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
