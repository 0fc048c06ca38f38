"""The words of a message that fault may see, as a text of their own.

Invariant: two messages that differ only in words of manner, signs and capitals give the same text;
every word of it knows its place in the message.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from services.classifier.tagging.features import Words
from services.classifier.tagging.markup import Plain


@dataclass(frozen=True, slots=True)
class Matter:
    """The words, one space apart and in lower case, and where each stands in the message."""

    words: tuple[str, ...]
    places: tuple[tuple[int, int], ...]

    @property
    def text(self) -> str:
        """The words as one text."""
        return " ".join(self.words)

    def place(self, begin: int, end: int) -> tuple[int, int]:
        """Return where in the message the words of `text[begin:end]` stand, whole words always."""
        ends = list(accumulate((len(word) + 1 for word in self.words), initial=0))[1:]
        first = next(n for n, after in enumerate(ends) if begin < after)
        last = next(n for n, after in enumerate(ends) if end <= after)
        return self.places[first][0], self.places[last][1]

    def placed(self, read: Plain) -> "Matter":
        """Return the same words, each with its place in the message that was read so."""
        return Matter(self.words, tuple(read.place(*place) for place in self.places))


def matters(texts: Sequence[str], shown: Words) -> list[Matter]:
    """Return the matter of each message, given the words of all that fault may see."""
    found = []
    for text, start, end in zip(texts, shown.starts.tolist(), shown.ends.tolist(), strict=True):
        begins, finishes = shown.begin[start + 1 : end], shown.end[start + 1 : end]
        places = tuple(zip(begins.tolist(), finishes.tolist(), strict=True))
        found.append(Matter(tuple(text[b:e].lower() for b, e in places), places))
    return found
