"""The passages of long messages: their strongest words count, and calm ones do not add up.

A score is a sum over the root of a length. So in a long letter one threat drowns, and many calm
words together seem anything, with a confidence that grows with the length. A message of more than
`LONG` words is therefore looked at by passages of whole sentences. For tone, pressure and spoken
flags it is what its strongest passage says that is sure enough; where none is, what its passages
say on average, which a paragraph said eight times over does not change. Fault reads the whole.

A sentence with a harsh word is scored alone, too, for its tone: where that is very sure, a message
that is calm on the whole gives way to it, a long one in any case.

Passages are cut out of the words of manner, after markup, quotations and turns are dealt with, and
every word keeps its place in the message. Time and memory are linear in the length of the text.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from services.classifier.tagging.features import Words, as_messages, joined
from services.classifier.tagging.flags import LIKELY, SPOKEN_COLUMNS, Bools, Flagging
from services.classifier.tagging.hashing import Ints
from services.classifier.tagging.scores import chances
from services.classifier.tagging.told import own_part
from services.classifier.tagging.turns import others
from services.classifier.tagging.vocabulary import HARSH, Vocabulary

Floats = NDArray[np.float64]

LONG: Final = 100
"""Words and signs of the longest message that is looked at whole: 99 of 100 labelled ones."""
MOST: Final = 40
"""A passage takes in no further sentence beyond so many words, unless it has few. In longer ones
a sentence drowns: with 60, a third of the insults is lost that 40 finds."""
FEW: Final = 20
"""A passage of fewer words is a sentence without its context; it takes in one more."""
SURE: Final = 0.7
"""A passage so sure of its tone or pressure outranks the rest: what the shipped policy asks of the
value it doubts most, `rude`. Of 150 letters made of everyday questions one is harsh by it, with .5
three are."""
VERY_SURE: Final = 0.9
"""A sentence alone lacks what is said around it. Of 22,508 labelled messages of 26 to 95 words so
sure ones turn ten from right to wrong, where only calm messages give way."""
READ: Final = 4
"""So many passages of a message a slow reader is asked about at most, the least calm ones."""

_RUDE: Final = 2
"""From this tone on words are harsh."""
_STOPS: Final = frozenset(".!?…")


@dataclass(frozen=True, slots=True)
class Units:
    """What is scored: the messages of a batch in order, then the passages of the long ones."""

    words: Words
    of: Ints
    """The message of each unit."""
    messages: int
    long: Bools
    """Which messages are looked at by passages."""
    remarks: Bools
    """Which units are sentences with a harsh word."""

    @classmethod
    def of_messages(cls, full: Words, texts: Sequence[str], known: Vocabulary) -> Self:
        """Cut the long ones of these messages, given also as words, into passages."""
        messages = len(texts)
        size = full.ends - full.starts - 1
        long = size > LONG
        harsh = _harsh(full, known)
        spoken = np.zeros(messages, np.bool_)
        spoken[full.message[harsh]] = True
        cut: list[tuple[int, int, int, bool]] = []
        for n in np.flatnonzero(long | (spoken & (size > FEW))).tolist():
            edges = _sentences(texts[n], full, int(full.starts[n]) + 1, int(full.ends[n]), known)
            if len(edges) > 2:  # noqa: PLR2004 - the beginning and the end of one sentence
                cut += [(n, *remark, True) for remark in _remarks(edges, harsh)]
            if long[n]:
                cut += [(n, *passage, False) for passage in _passages(edges)]
        of = np.array([*range(messages), *(n for n, *_ in cut)], np.int64)
        remarks = np.array([*([False] * messages), *(is_remark for *_, is_remark in cut)], np.bool_)
        if not cut:
            return cls(full, of, messages, long, remarks)
        at = [np.array([full.starts[n], *range(first, end)]) for n, first, end, _ in cut]
        words = joined(full, as_messages(full, np.concatenate(at), known))
        return cls(words, of, messages, long, remarks)

    @property
    def have_passages(self) -> bool:
        """Whether there is more than the messages."""
        return len(self.of) > self.messages

    def own_texts(self, texts: Sequence[str]) -> list[str]:
        """Return the customer's own lines of each unit, one after the other."""
        theirs = [others(text) for text in texts]
        begins = [0] * self.messages
        ends = [len(text) for text in texts]
        first, last = self.words.starts[self.messages :] + 1, self.words.ends[self.messages :] - 1
        begins += self.words.begin[first].tolist()
        ends += self.words.end[last].tolist()
        return [
            own_part(texts[n], begin, end, theirs[n])
            for n, begin, end in zip(self.of.tolist(), begins, ends, strict=True)
        ]

    def worth_reading(self, rows: Ints, z: Mapping[str, Floats], flags: Flagging) -> Ints:
        """Return those of these units that a slow reader is asked about.

        Of the passages of a message only a few: the least calm ones.
        """
        if not self.have_passages:
            return rows
        calm = np.minimum.reduce([chances(each)[:, 0] for each in z.values()])
        calm = np.minimum(calm, 1 - flags.chances[:, SPOKEN_COLUMNS].max(axis=1))
        passages = rows[(rows >= self.messages) & ~self.remarks[rows]]
        order = passages[np.lexsort((passages, calm[passages], self.of[passages]))]
        owner = self.of[order]
        first = np.searchsorted(owner, owner)
        few = order[np.arange(len(order)) - first < READ]
        return np.concatenate([rows[rows < self.messages], np.sort(few)])

    def settled(self, z: Floats, *, remarks: bool) -> tuple[Floats, Ints]:
        """Return the logits of each message, and the unit whose words decide.

        The values of the target stand in the order of their strength. `remarks` tells whether
        harsh words speak of it.
        """
        deciding = np.arange(self.messages)
        if not self.have_passages:
            return z, deciding
        z = self._averaged(z)
        likely = chances(z)
        value, sure = likely.argmax(axis=1), likely.max(axis=1)
        harsh = np.where(value >= _RUDE, likely[:, _RUDE:].sum(axis=1), sure)
        counts = np.where(self.remarks, harsh >= VERY_SURE, sure >= SURE)
        counts &= (value > 0) & (self.long | (value[: self.messages] == 0))[self.of]
        if not remarks:
            counts &= ~self.remarks
        sure[: self.messages] = 0.0  # what all passages say together gives way to an equal one
        counts[: self.messages] = False
        for unit in np.flatnonzero(counts).tolist():
            best = deciding[self.of[unit]]
            if (value[unit], sure[unit]) > (value[best], sure[best]):
                deciding[self.of[unit]] = unit
        return z[deciding], deciding

    def settled_flags(self, said: Flagging) -> tuple[Flagging, Ints]:
        """Return what is said of the flags of each message, and the unit that decides on each.

        What a case is about, its facts and all its words tell; whether somebody is in need or in
        danger, the passage where that is likeliest, if it is likely there.
        """
        deciding = np.tile(np.arange(self.messages)[:, None], (1, said.logits.shape[1]))
        if not self.long.any():
            return Flagging(said.logits[: self.messages], said.least[: self.messages]), deciding
        logits, least = said.logits.copy(), said.least.copy()
        for column in SPOKEN_COLUMNS:
            logits[:, column] = self._averaged(said.logits)[:, column]
            least[:, column] = self._averaged(said.least)[:, column]
        chances = Flagging(logits, least).chances
        for column in SPOKEN_COLUMNS:
            for unit in np.flatnonzero((chances[:, column] >= LIKELY) & ~self.remarks).tolist():
                best = deciding[self.of[unit], column]
                if chances[unit, column] > chances[best, column]:
                    deciding[self.of[unit], column] = unit
        each = np.arange(logits.shape[1])
        return Flagging(logits[deciding, each], least[deciding, each]), deciding

    def _averaged(self, said: Floats) -> Floats:
        """Return the rows of all units; that of a long message is the mean of its passages'."""
        found = said.copy()
        passages = self.messages + np.flatnonzero(~self.remarks[self.messages :])
        if not len(passages):
            return found
        owners = self.of[passages]
        starts = np.flatnonzero(np.diff(owners, prepend=-1))
        count = np.diff(np.append(starts, len(owners)))
        found[owners[starts]] = np.add.reduceat(said[passages], starts, axis=0) / count[:, None]
        return found


def _harsh(full: Words, known: Vocabulary) -> Ints:
    """Return the words that are hard on somebody."""
    concepts = {known.lists.concepts.index(name) for name in HARSH}
    is_harsh = np.array([not concepts.isdisjoint(members) for members in known.members])
    return np.flatnonzero(is_harsh[full.group])


def _remarks(edges: Sequence[int], harsh: Ints) -> Iterator[tuple[int, int]]:
    """Return the sentences that hold one of these words."""
    own = harsh[np.searchsorted(harsh, edges[0]) : np.searchsorted(harsh, edges[-1])]
    for at in np.unique(np.searchsorted(edges, own, side="right")).tolist():
        yield edges[at - 1], edges[at]


def _passages(edges: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Return passages of some sentences, each but the first with the last one before, if short."""
    last = len(edges) - 1
    at = 0
    while True:
        to = at + 1
        while to < last and (edges[to + 1] - edges[at] <= MOST or edges[to] - edges[at] < FEW):
            to += 1
        if to == last:
            while at and edges[last] - edges[at] < FEW:
                at -= 1
            yield edges[at], edges[last]
            return
        yield edges[at], edges[to]
        at = to - 1 if edges[to + 1] - edges[to - 1] <= MOST else to


def _sentences(text: str, full: Words, first: int, end: int, known: Vocabulary) -> list[int]:
    """Return where the sentences begin, and the end; one of many words is cut."""
    begins, ends = full.begin[first + 1 : end], full.end[first : end - 1]
    stops = np.array([known.plain[n] in _STOPS for n in full.word[first : end - 1].tolist()])
    lines = np.array([n for n, letter in enumerate(text) if letter == "\n"], np.int64)
    wrapped = np.searchsorted(lines, begins) > np.searchsorted(lines, ends)
    inner = np.flatnonzero((stops & (begins > ends)) | wrapped) + first + 1
    edges = [first, *inner.tolist(), end]
    return [*(n for a, b in pairwise(edges) for n in range(a, b, MOST)), end]
