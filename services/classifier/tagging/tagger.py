"""Messages in, tags out: many at once, in order, each as if it stood alone.

Tone and pressure are computed from the words alone. Fault is computed from the facts, the category
and the words that are left when those of manner are taken out; facts beat claims.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from services.classifier.tagging.evidence import Column, Witness
from services.classifier.tagging.facts import Facts, Finding, judge
from services.classifier.tagging.features import Vocabulary, Words, encode
from services.classifier.tagging.hashing import Ints
from services.classifier.tagging.lists import HYPERBOLE, SELF_HARM, Lists
from services.classifier.tagging.message import NOTHING_KNOWN, Message, circumstances
from services.classifier.tagging.scores import Summed, logits, per_message
from services.classifier.tagging.weights import (
    FAULT,
    FAULTS,
    HEADS,
    LANGUAGES,
    STYLE,
    Weights,
    columns,
)
from shared.events.tags import (
    Fault,
    FaultTag,
    Flag,
    FlagTag,
    Pressure,
    PressureTag,
    Tags,
    Tone,
    ToneTag,
)

Floats = NDArray[np.float64]

FLAGS: Final = tuple(Flag)
APART: Final = 6
"""A phrase of self-harm raises the flag, unless a figure of speech stands so few words away."""
UNPROVEN: Final = 0.5
"""Confidence of a rule that never fired on the training cases."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A batch of word sequences, the logits of its messages and what each word adds to them."""

    logits: Floats
    table: Column


class Tagger:
    """Tags messages. Not for use from two threads at a time."""

    def __init__(self, weights: Weights, lists: Lists) -> None:
        self._weights = weights
        self._about = weights.about
        self._lists = lists
        self._name = f"linear-{weights.about.version}+{weights.about.tables_sha256[:12]}"
        self._forget()

    def _forget(self) -> None:
        self._known = Vocabulary(self._lists)
        self._summed = Summed(self._weights.table, self._known)

    def tag(self, messages: Sequence[Message]) -> list[Tags]:
        """Return the tags of each message, in order. Every text is answered; none raises."""
        if not messages:
            return []
        if self._known.is_full():
            self._forget()
        facts = [_known(message.facts) for message in messages]
        beside = np.array(
            [circumstances(*pair) for pair in zip(messages, facts, strict=True)], np.float64
        )
        full, visible = encode([message.text for message in messages], self._known)
        witness = Witness(self._lists, self._known.members)
        manner = self._score(full)
        tones = self._choose("tone", manner, witness)
        pressures = self._choose("pressure", manner, witness)
        faults = self._faults(messages, facts, beside, visible, witness)
        flags = self._flags(manner, beside, witness)
        languages = manner.logits[:, columns("language")].argmax(axis=1).tolist()
        evidence = witness.evidence(len(messages))
        return [
            Tags(
                tone=ToneTag(value=Tone(tones[n][0]), confidence=tones[n][1]),
                pressure=PressureTag(value=Pressure(pressures[n][0]), confidence=pressures[n][1]),
                fault=faults[n],
                flags=flags[n],
                language=LANGUAGES[languages[n]],
                evidence=tuple(evidence[n]),
                model=self._name,
            )
            for n in range(len(messages))
        ]

    def _score(self, words: Words) -> Scored:
        about = self._about
        rows = self._summed.per_word(words, STYLE)
        z = logits(per_message(rows, words), about.style_scale, about.style_bias, about.length_unit)
        return Scored(z, Column(words, rows, np.array(about.style_scale)))

    def _choose(
        self, target: Literal["tone", "pressure"], scored: Scored, witness: Witness
    ) -> list[tuple[str, float]]:
        """Choose one value a message; the first of a target, its default, needs no evidence."""
        names, where = HEADS[target], columns(target)
        chances = _chances(scored.logits[:, where] * self._about.sharpness[target])
        chosen = np.where(scored.table.words.have_any, chances.argmax(axis=1), 0)
        values = [names[n] if n else None for n in chosen.tolist()]
        witness.hear(target, values, scored.table, where.start + chosen, over=where.start)
        confidence = chances[np.arange(len(chosen)), chosen].round(4).tolist()
        return [(names[n], chance) for n, chance in zip(chosen.tolist(), confidence, strict=True)]

    def _flags(self, scored: Scored, beside: Floats, witness: Witness) -> list[tuple[FlagTag, ...]]:
        about, where = self._about, columns("flags")
        z = scored.logits[:, where] + beside @ self._weights.dense_flags
        chances = 1 / (1 + np.exp(-(np.array(about.flag_slope) * z + np.array(about.flag_offset))))
        raised = (chances >= np.array(about.flag_threshold)) & scored.table.words.have_any[:, None]
        raised[self._speak_of_self_harm(scored.table.words), FLAGS.index(Flag.SAFETY)] = True
        for number, flag in enumerate(FLAGS):
            values = [flag if up else None for up in raised[:, number].tolist()]
            column = np.full(len(values), where.start + number)
            witness.hear("flags", values, scored.table, column, over=-1)
        return [
            tuple(
                FlagTag(value=flag, confidence=chance)
                for flag, up, chance in zip(FLAGS, row, sure, strict=True)
                if up
            )
            for row, sure in zip(raised.tolist(), chances.round(4).tolist(), strict=True)
        ]

    def _speak_of_self_harm(self, words: Words) -> Ints:
        """Return the messages with a phrase of self-harm that no figure of speech takes back."""
        place = np.arange(len(words.word)) + APART * words.message  # messages are far apart
        spoken, taken = self._standing(SELF_HARM, words), self._standing(HYPERBOLE, words)
        edges = np.concatenate([[-APART - 1], place[taken], [place[-1] + APART + 1]])
        after = np.searchsorted(edges, place[spoken])
        gap = np.minimum(edges[after] - place[spoken], place[spoken] - edges[after - 1])
        meant: Ints = words.message[spoken[gap > APART]]
        return meant

    def _standing(self, concept: str, words: Words) -> Ints:
        """Return the words that stand for a concept."""
        number = self._lists.concepts.index(concept)
        of_group = np.array([number in concepts for concepts in self._known.members])
        return np.flatnonzero(of_group[words.group])

    def _faults(
        self,
        messages: Sequence[Message],
        facts: Sequence[Facts],
        beside: Floats,
        words: Words,
        witness: Witness,
    ) -> list[FaultTag]:
        about = self._about
        rows = self._summed.per_word(words, FAULT)
        z = logits(per_message(rows, words), about.fault_scale, about.fault_bias, about.length_unit)
        chances = _chances((z + beside @ self._weights.dense_fault) * about.sharpness["fault"])
        default = FAULTS.index(Fault.UNCLEAR)
        chosen = np.where(words.have_any, chances.argmax(axis=1), default)
        found = self._findings(messages, facts, words)
        values = [
            None if n == default or (finding is not None and finding.settles) else FAULTS[n]
            for n, finding in zip(chosen.tolist(), found, strict=True)
        ]
        table = Column(words, rows, np.array(about.fault_scale))
        witness.hear("fault", values, table, chosen, over=default)
        confidence = chances[np.arange(len(chosen)), chosen].round(4).tolist()
        tags = []
        for message, (finding, n, sure) in enumerate(
            zip(found, chosen.tolist(), confidence, strict=True)
        ):
            tag = FaultTag(value=FAULTS[n], confidence=sure)
            if finding is not None and finding.settles:
                proven = about.rule_confidence.get(finding.rule, UNPROVEN)
                tag = FaultTag(value=finding.fault, confidence=proven)
            if finding is not None and finding.fault is tag.value:
                witness.hear_fact(message, finding)
            tags.append(tag)
        return tags

    def _findings(
        self, messages: Sequence[Message], facts: Sequence[Facts], words: Words
    ) -> list[Finding | None]:
        return [
            None
            if known == NOTHING_KNOWN
            else judge(known, words.concepts(start, end, self._known), message.category)
            for message, known, start, end in zip(
                messages, facts, words.starts.tolist(), words.ends.tolist(), strict=True
            )
        ]


def _known(given: Mapping[str, object]) -> Facts:
    if all(value is None for value in given.values()):
        return NOTHING_KNOWN
    return Facts.read(given)


def _chances(z: Floats) -> Floats:
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    chances: Floats = powers / powers.sum(axis=1, keepdims=True)
    return chances
