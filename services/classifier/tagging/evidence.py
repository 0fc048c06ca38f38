"""Which words of a message speak for a tag, and where they stand in it.

Works on many messages and tags at once: the best window of neighbouring words by what they add to
the tag. What a word adds is a whole number here, so a message's evidence is the same in any batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from services.classifier.tagging.features import Words
from services.classifier.tagging.hashing import Ints
from services.classifier.tagging.judging import Finding
from services.classifier.tagging.lists import SAFETY, VULNERABLE
from services.classifier.tagging.scores import Sums
from services.classifier.tagging.vocabulary import Vocabulary
from shared.events.tags import Evidence, Fault, Flag, Pressure, Tone

WINDOW: Final = 8
"""Evidence is at most this many words long."""
APART: Final = 3
"""Between words so many characters apart stands a sign at most; else a word was taken out."""
_FINE: Final = 1 << 24
"""What a word adds to a logit is kept as a whole number of parts of this size."""

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
    Flag.VULNERABLE: VULNERABLE,
    Flag.SAFETY: SAFETY,
    **{flag: frozenset({str(flag)}) for flag in (Flag.FRAUD, Flag.STAFF_CONDUCT, Flag.LEGAL)},
}
"""The word lists that stand for a value: evidence that holds one of their words names the list."""


def best_windows(gain: Ints, starts: Ints, claim: Ints) -> tuple[Ints, Ints]:
    """Return the first and the last word (both included) of each claim's best window.

    `gain` says what each word adds, `claim` which claim it is looked at for; `starts` where the
    words of each claim begin, with the opening mark of the message, which is chosen only where a
    message has no words at all.
    """
    ends = np.append(starts[1:], len(gain))
    running = np.concatenate([[0], np.cumsum(gain)])
    here = np.arange(len(gain))
    worth = running[np.minimum(here + WINDOW, ends[claim])] - running[here]
    worth[starts] = np.iinfo(np.int64).min
    first = _peaks(worth, starts, claim)
    last = np.minimum(first + WINDOW, ends) - 1
    for _ in range(WINDOW - 1):
        first = first + ((first < last) & (gain[first] <= 0))
        last = last - ((first < last) & (gain[last] <= 0))
    return first, last


def _peaks(worth: Ints, starts: Ints, claim: Ints) -> Ints:
    best = np.maximum.reduceat(worth, starts)
    hits = np.flatnonzero(worth == best[claim])
    peaks: Ints = hits[np.searchsorted(claim[hits], np.arange(len(starts)))]
    return peaks


def unbroken(first: Ints, last: Ints, gain: Ints, cut: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Cut each window to its weightiest run in which no hidden word stands between two others.

    Evidence of fault must not take in the words of manner that fault has not seen, that of manner
    no words of somebody else. `cut` says of each word whether one is hidden before it.
    """
    hidden = np.flatnonzero(cut)
    first, last = first.copy(), last.copy()
    low, high = np.searchsorted(hidden, first, side="right"), np.searchsorted(hidden, last, "right")
    for n in np.flatnonzero(low < high).tolist():
        edges = [first[n], *hidden[low[n] : high[n]], last[n] + 1]
        runs = list(pairwise(edges))
        first[n], after = max(runs, key=lambda run: int(gain[run[0] : run[1]].sum()))
        last[n] = after - 1
    return first, last


@dataclass(frozen=True, slots=True)
class Column:
    """What each word adds to one column of a head: whole numbers, and the size of their unit."""

    words: Words
    rows: Sums
    scale: NDArray[np.float64]

    def gain(self, at: Ints, column: Ints | int) -> Ints:
        """Return what the words at these places add to a column, the same or one for each."""
        parts = self.rows[at, column] * (self.scale * _FINE)[column]
        whole: Ints = np.rint(parts).astype(np.int64)
        return whole


@dataclass(frozen=True, slots=True)
class Chosen:
    """Of each message: the unit whose words decide, for which column they speak, who chose it."""

    units: Ints
    columns: Ints
    deep: NDArray[np.bool_]
    """Whether the deep tier turned what the fast one would have chosen."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A tag of one message that its words are to show, or that the facts have shown already."""

    message: int
    target: Target
    value: str
    rule: str | None = None
    is_deep: bool = False
    """The deep tier chose it, against the words."""


class Witness:
    """Collects what is claimed of a batch of messages, then finds all the evidence at once."""

    def __init__(self, known: Vocabulary) -> None:
        self._known = known
        self._names = known.lists.concepts
        self._members = known.members
        self._claims: list[Claim] = []
        self._shown: list[tuple[int, Evidence]] = []
        self._gains: list[Ints] = []
        self._groups: list[Ints] = []
        self._begins: list[Ints] = []
        self._ends: list[Ints] = []
        self._cuts: list[NDArray[np.bool_]] = []
        self._lengths: list[Ints] = []

    def hear(
        self,
        target: Target,
        values: Sequence[str | None],
        table: Column,
        by: Chosen,
        over: int,
    ) -> None:
        """Claim, for each message with a value, the words that speak for it.

        They speak for it as far as they speak less for the column `over`; -1 is no column. What the
        customer only reports speaks for nothing.
        """
        messages = [message for message, value in enumerate(values) if value is not None]
        if not messages:
            return
        self._claims += [
            Claim(n, target, value, is_deep=bool(by.deep[n]))
            for n, value in enumerate(values)
            if value
        ]
        words, column, speaking = table.words, by.columns[messages], by.units[messages]
        starts = words.starts[speaking]
        lengths = words.ends[speaking] - starts
        at = np.repeat(starts - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
        own = ~self._known.is_told(words.word[at])
        lengths = np.add.reduceat(own, np.cumsum(lengths) - lengths, dtype=np.int64)
        at = at[own]
        gain = table.gain(at, np.repeat(column, lengths))
        self._gains.append(gain - table.gain(at, over) if over >= 0 else gain)
        self._groups.append(words.group[at])
        begins, ends = words.begin[at], words.end[at]
        self._begins.append(begins)
        self._ends.append(ends)
        apart = (begins[1:] - ends[:-1] > APART) | (np.diff(at) > 1)
        self._cuts.append(np.concatenate([[False], apart]))
        self._lengths.append(lengths)

    def hear_fact(self, message: int, finding: Finding) -> None:
        """Add the rule by which the facts settled who erred."""
        self._claims.append(Claim(message, "fault", finding.fault, finding.rule))

    def show(self, message: int, proof: Evidence) -> None:
        """Add what was found otherwise."""
        self._shown.append((message, proof))

    def evidence(self, messages: int) -> list[list[Evidence]]:
        """Return the evidence of each of so many messages, in the order in which it was claimed."""
        found: list[list[Evidence]] = [[] for _ in range(messages)]
        windows = iter(self._windows())
        for claim in self._claims:
            if claim.rule is not None:
                proof = Evidence(
                    target=claim.target, value=claim.value, source=f"rule:{claim.rule}"
                )
            else:
                begin, end, groups = next(windows)
                if begin < 0:
                    continue
                proof = Evidence(
                    target=claim.target,
                    value=claim.value,
                    source=self._source(claim, groups),
                    start=begin,
                    end=end,
                )
            found[claim.message].append(proof)
        for message, proof in self._shown:
            found[message].append(proof)
        return found

    def _windows(self) -> list[tuple[int, int, list[int]]]:
        """Return place and concept sets of the best window of each claim; place -1 for none."""
        if not self._gains:
            return []
        lengths = np.concatenate(self._lengths)
        starts = np.cumsum(lengths) - lengths
        claim = np.repeat(np.arange(len(lengths)), lengths)
        gain = np.concatenate(self._gains)
        begins, ends = np.concatenate(self._begins), np.concatenate(self._ends)
        cut = np.concatenate(self._cuts)
        first, last = unbroken(*best_windows(gain, starts, claim), gain, cut)
        begin, end = begins[first].tolist(), ends[last].tolist()
        groups = np.concatenate(self._groups)
        return [
            (b, e, groups[f : n + 1].tolist())
            for b, e, f, n in zip(begin, end, first.tolist(), last.tolist(), strict=True)
        ]

    def _source(self, claim: Claim, groups: list[int]) -> str:
        if claim.is_deep:
            return f"deep:{claim.target}"
        shows = SHOWS[claim.value]
        fitting = {
            self._names[concept]
            for group in groups
            if group
            for concept in self._members[group]
            if self._names[concept] in shows
        }
        return f"list:{min(fitting)}" if fitting else f"model:{claim.target}"
