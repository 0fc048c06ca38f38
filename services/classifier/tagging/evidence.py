"""Which words of a message speak for a tag, and where they stand in it.

Works on many messages at once: the best window of neighbouring words by what they add to the tag.
"""

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from services.classifier.tagging.facts import Finding
from services.classifier.tagging.features import Words
from services.classifier.tagging.hashing import Ints
from services.classifier.tagging.lists import Lists
from services.classifier.tagging.words import spans
from shared.events.tags import Evidence, Fault, Flag, Pressure, Tone

WINDOW: Final = 8
"""Evidence is at most this many words long."""

Target = Literal["tone", "pressure", "fault", "flags"]

SHOWS: Final[dict[str, frozenset[str]]] = {
    Tone.UPSET: frozenset({"upset", "vulgar"}),
    Tone.RUDE: frozenset({"contempt", "vulgar", "insult"}),
    Tone.ABUSIVE: frozenset({"insult", "vulgar"}),
    Pressure.RECOURSE: frozenset({"institution", "court", "right"}),
    Pressure.LEVERAGE: frozenset({"leave", "publicity", "boss", "court"}),
    Pressure.VIOLENCE: frozenset({"harm"}),
    Fault.CUSTOMER: frozenset({"own_slip", "last_hour"}),
    Fault.COMPANY: frozenset({"admitted"}),
    Fault.THIRD_PARTY: frozenset({"third", "deceived"}),
    Fault.SHARED: frozenset({"both", "gave_code", "last_hour"}),
    **{flag: frozenset({str(flag)}) for flag in Flag},
}
"""The word lists that stand for a value: evidence that holds one of their words names the list."""


def best_windows(gain: NDArray[np.float64], starts: Ints, message: Ints) -> tuple[Ints, Ints]:
    """Return the first and the last word (both included) of each message's best window.

    `gain` says what each word adds, `message` whose it is; `starts` where each message begins, with
    its opening mark, which is chosen only where a message has no words at all.
    """
    ends = np.append(starts[1:], len(gain))
    running = np.concatenate([[0.0], np.cumsum(gain)])
    here = np.arange(len(gain))
    worth = running[np.minimum(here + WINDOW, ends[message])] - running[here]
    worth[starts] = -np.inf
    first = _peaks(worth, starts, message)
    last = np.minimum(first + WINDOW, ends) - 1
    for _ in range(WINDOW - 1):
        first = first + ((first < last) & (gain[first] <= 0))
        last = last - ((first < last) & (gain[last] <= 0))
    return first, last


def _peaks(worth: NDArray[np.float64], starts: Ints, message: Ints) -> Ints:
    best = np.maximum.reduceat(worth, starts)
    hits = np.flatnonzero(worth == best[message])
    peaks: Ints = hits[np.searchsorted(message[hits], np.arange(len(starts)))]
    return peaks


class Witness:
    """Collects the evidence of a batch of messages."""

    def __init__(self, texts: Sequence[str], lists: Lists, members: list[frozenset[int]]) -> None:
        self.evidence: list[list[Evidence]] = [[] for _ in texts]
        self._texts = texts
        self._names = lists.concepts
        self._members = members
        self._places: dict[int, list[tuple[int, int]]] = {}

    def cite(
        self, target: Target, values: Sequence[str | None], gain: NDArray[np.float64], words: Words
    ) -> None:
        """Add, for each message with a value, the window of words that speaks most for it."""
        first, last = best_windows(gain, words.starts, words.message)
        sides = zip(values, first.tolist(), last.tolist(), strict=True)
        for message, (value, begin, end) in enumerate(sides):
            if value is None or words.place[begin] < 0:
                continue
            places = self._places_of(message)
            self.evidence[message].append(
                Evidence(
                    target=target,
                    value=value,
                    source=self._source(target, value, words.group[begin : end + 1]),
                    start=places[words.place[begin]][0],
                    end=places[words.place[end]][1],
                )
            )

    def cite_fact(self, message: int, finding: Finding) -> None:
        """Add the rule by which the facts settled who erred."""
        self.evidence[message].append(
            Evidence(target="fault", value=finding.fault, source=f"rule:{finding.rule}")
        )

    def _places_of(self, message: int) -> list[tuple[int, int]]:
        if message not in self._places:
            self._places[message] = list(spans(self._texts[message]))
        return self._places[message]

    def _source(self, target: Target, value: str, groups: Ints) -> str:
        named = {self._names[n] for group in groups.tolist() for n in self._members[group]}
        fitting = named & SHOWS[value]
        return f"list:{min(fitting)}" if fitting else f"model:{target}"
