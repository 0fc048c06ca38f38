"""Messages in, tags out: many at once, in order, each as if it stood alone.

Tone and pressure are computed from the words alone. Fault is computed from the facts, the category
and the words that are left when those of manner are taken out; facts beat claims.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from services.classifier.tagging.deep import Deep
from services.classifier.tagging.evidence import Column, Witness
from services.classifier.tagging.facts import Facts, Finding, judge
from services.classifier.tagging.features import Vocabulary, Words, encode
from services.classifier.tagging.foreign import Foreign, unread
from services.classifier.tagging.hashing import Ints
from services.classifier.tagging.language import Letters
from services.classifier.tagging.lists import BODILY, HARM, HYPERBOLE, INTENT, SELF_HARM, Lists
from services.classifier.tagging.markup import blanked
from services.classifier.tagging.matter import Matter, matters
from services.classifier.tagging.message import NOTHING_KNOWN, Message, circumstances
from services.classifier.tagging.scores import Summed, logits, per_message
from services.classifier.tagging.told import own_lines, told
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
"""Self-harm or an intent to kill raises the flag, but for a figure of speech so few words away."""
_VIOLENCE: Final = HEADS["pressure"].index(Pressure.VIOLENCE)
CLOSE: Final = 2
"""A figure of speech makes harmless only what stands so close: a threat may follow it."""
_CERTAIN: Final = 40.0
"""A flag's logit beyond which nothing is surer; a very long text can reach any size."""
UNPROVEN: Final = 0.5
"""Confidence of a rule that never fired on the training cases."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A batch of word sequences, the logits of its messages and what each word adds to them."""

    logits: Floats
    table: Column


class Tagger:
    """Tags messages. Not for use from two threads at a time."""

    def __init__(self, weights: Weights, lists: Lists, deep: Deep | None = None) -> None:
        self._weights = weights
        self._deep = deep
        self._about = weights.about
        self._lists = lists
        self._name = f"linear-{weights.about.version}+{weights.about.tables_sha256[:12]}"
        if deep is not None:
            self._name += f"+{deep.tier}-{deep.about.tables_sha256[:12]}"
        self._letters = Letters()
        self._forget()

    def _forget(self) -> None:
        self._known = Vocabulary(self._lists)
        self._summed = Summed(self._weights.table, self._known)
        self._foreign = Foreign.read(self._known)

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
        texts = [blanked(message.text) for message in messages]
        full, visible = encode(texts, self._known)
        witness = Witness(self._lists, self._known.members)
        manner, matter = self._score(full), self._score_fault(visible, beside)
        sharp = self._about.sharpness
        z = {name: manner.logits[:, columns(name)] * sharp[name] for name in ("tone", "pressure")}
        z["fault"] = matter.logits * sharp["fault"]
        found = self._findings(messages, facts, visible)
        if self._deep is not None:
            words = [each.text for each in matters(texts, visible)]
            known = [told(*each) for each in zip(messages, facts, words, strict=True)]
            settled = np.array([one is not None and one.settles for one in found])
            z = self._deep.revise(z, [own_lines(text) for text in texts])
            z["fault"] = self._deep.revise_fault(z["fault"], known, beside, settled)
        z["pressure"][self._figurative(full), _VIOLENCE] = -np.inf
        tones = self._choose("tone", z["tone"], manner, witness)
        pressures = self._choose("pressure", z["pressure"], manner, witness)
        faults = self._faults(z["fault"], found, matter, witness)
        hurting = np.array([value == Pressure.VIOLENCE for value, _ in pressures])
        flags = self._flags(manner, beside, hurting, witness)
        spoken = manner.logits[:, columns("language")] + self._letters.hints(texts)
        languages = spoken.argmax(axis=1).tolist()
        evidence = witness.evidence(len(messages))
        strange = self._foreign.tell(texts, full).tolist()
        return [
            unread(flags[n], evidence[n], self._name)
            if strange[n]
            else Tags(
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

    def matters(self, texts: Sequence[str]) -> list[Matter]:
        """Return of each message the words that fault may see: what was said, and not how."""
        plain = [blanked(text) for text in texts]
        return matters(plain, encode(plain, self._known)[1])

    def _score(self, words: Words) -> Scored:
        about = self._about
        rows = self._summed.per_word(words, STYLE)
        z = logits(per_message(rows, words), about.style_scale, about.style_bias, about)
        return Scored(z, Column(words, rows, np.array(about.style_scale)))

    def _score_fault(self, words: Words, beside: Floats) -> Scored:
        about = self._about
        rows = self._summed.per_word(words, FAULT)
        z = logits(per_message(rows, words), about.fault_scale, about.fault_bias, about)
        table = Column(words, rows, np.array(about.fault_scale))
        return Scored(z + beside @ self._weights.dense_fault, table)

    def _choose(
        self, target: Literal["tone", "pressure"], z: Floats, scored: Scored, witness: Witness
    ) -> list[tuple[str, float]]:
        """Choose one value a message; the first of a target, its default, needs no evidence."""
        names, where = HEADS[target], columns(target)
        chances = _chances(z)
        chosen = np.where(scored.table.words.have_any, chances.argmax(axis=1), 0)
        values = [names[n] if n else None for n in chosen.tolist()]
        witness.hear(target, values, scored.table, where.start + chosen, over=where.start)
        confidence = chances[np.arange(len(chosen)), chosen].round(4).tolist()
        return [(names[n], chance) for n, chance in zip(chosen.tolist(), confidence, strict=True)]

    def _flags(
        self, scored: Scored, beside: Floats, hurting: NDArray[np.bool_], witness: Witness
    ) -> list[tuple[FlagTag, ...]]:
        """Choose the flags; `hurting` tells the messages that threaten violence.

        Violence against somebody's body is a danger to a person, against property alone it is not.
        """
        about, where = self._about, columns("flags")
        z = scored.logits[:, where] + beside @ self._weights.dense_flags
        strength = np.array(about.flag_slope) * z + np.array(about.flag_offset)
        chances = 1 / (1 + np.exp(-np.clip(strength, -_CERTAIN, _CERTAIN)))
        raised = (chances >= np.array(about.flag_threshold)) & scored.table.words.have_any[:, None]
        words = scored.table.words
        safety = FLAGS.index(Flag.SAFETY)
        for concept in (SELF_HARM, INTENT):
            raised[words.message[self._meant(concept, words, APART)], safety] = True
        at_people = words.message[self._meant(BODILY, words, CLOSE)]
        raised[at_people[hurting[at_people]], safety] = True
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

    def _meant(self, concept: str, words: Words, apart: int) -> Ints:
        """Return the words that stand for a concept and that no figure of speech takes back.

        A figure of speech takes back what stands no more than `apart` words away.
        """
        place = np.arange(len(words.word)) + apart * words.message  # messages are far apart
        spoken, taken = self._standing(concept, words), self._standing(HYPERBOLE, words)
        edges = np.concatenate([[-apart - 1], place[taken], [place[-1] + apart + 1]])
        after = np.searchsorted(edges, place[spoken])
        gap = np.minimum(edges[after] - place[spoken], place[spoken] - edges[after - 1])
        meant: Ints = spoken[gap > apart]
        return meant

    def _figurative(self, words: Words) -> Ints:
        """Return the messages whose every act of violence is a figure of speech."""
        spoken = set(words.message[self._standing(HARM, words)].tolist())
        meant = set(words.message[self._meant(HARM, words, CLOSE)].tolist())
        return np.array(sorted(spoken - meant), np.int64)

    def _standing(self, concept: str, words: Words) -> Ints:
        """Return the words that stand for a concept."""
        number = self._lists.concepts.index(concept)
        of_group = np.array([number in concepts for concepts in self._known.members])
        return np.flatnonzero(of_group[words.group])

    def _faults(
        self, z: Floats, found: Sequence[Finding | None], scored: Scored, witness: Witness
    ) -> list[FaultTag]:
        about, chances = self._about, _chances(z)
        default = FAULTS.index(Fault.UNCLEAR)
        chosen = np.where(scored.table.words.have_any, chances.argmax(axis=1), default)
        values = [
            None if n == default or (finding is not None and finding.settles) else FAULTS[n]
            for n, finding in zip(chosen.tolist(), found, strict=True)
        ]
        witness.hear("fault", values, scored.table, chosen, over=default)
        confidence = chances[np.arange(len(chosen)), chosen].round(4).tolist()
        tags = []
        for message, (finding, n, sure) in enumerate(
            zip(found, chosen.tolist(), confidence, strict=True)
        ):
            tag = FaultTag(value=FAULTS[n], confidence=sure)
            if finding is not None and finding.outweighs(tag.value, sure):
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
