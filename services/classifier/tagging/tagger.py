"""Messages in, tags out: many at once, in order, each as if it stood alone.

Tone and pressure are computed from the words alone. Fault is computed from the facts, the category
and the words that are left when those of manner are taken out; facts beat claims.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from services.classifier.tagging.choosing import Heard, Said
from services.classifier.tagging.deep import Deep
from services.classifier.tagging.evidence import Chosen, Column, Witness
from services.classifier.tagging.facts import Facts
from services.classifier.tagging.features import Words, encode
from services.classifier.tagging.figures import APART, CLOSE, figurative, meant
from services.classifier.tagging.flags import FLAGS, Bools, Flagging
from services.classifier.tagging.foreign import Foreign, unread
from services.classifier.tagging.judging import Finding, judge
from services.classifier.tagging.language import Letters
from services.classifier.tagging.lists import BODILY, INTENT, SELF_HARM, Lists
from services.classifier.tagging.markup import plain
from services.classifier.tagging.matter import Matter, matters
from services.classifier.tagging.message import NOTHING_KNOWN, Message, circumstances, facts_of
from services.classifier.tagging.own import own
from services.classifier.tagging.parts import Units
from services.classifier.tagging.quoted import dangers
from services.classifier.tagging.said import said
from services.classifier.tagging.scores import Summed, chances, logits, per_message
from services.classifier.tagging.threats import Threats
from services.classifier.tagging.told import told
from services.classifier.tagging.vocabulary import Vocabulary
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
    Evidence,
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

_SAFETY: Final = FLAGS.index(Flag.SAFETY)
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
        self._threats = Threats.read(self._known)

    @property
    def reads_deep(self) -> bool:
        """Whether a language model reads, which takes a hundred times as long as words alone."""
        return self._deep is not None

    def tag(self, messages: Sequence[Message]) -> list[Tags]:
        """Return the tags of each message, in order. Every text is answered; none raises."""
        if not messages:
            return []
        if self._known.is_full():
            self._forget()
        facts = [facts_of(message) for message in messages]
        beside = np.array(
            [circumstances(*pair) for pair in zip(messages, facts, strict=True)], np.float64
        )
        read = [plain(message.text) for message in messages]
        texts = [each.text for each in read]
        full, visible = encode(texts, self._known)
        units = Units.of_messages(full, texts, self._known)
        witness = Witness(self._known)
        manner, matter = self._score(units.words), self._score_fault(visible, beside)
        sharp = self._about.sharpness
        z = {name: manner.logits[:, columns(name)] * sharp[name] for name in ("tone", "pressure")}
        flagging = self._flagging(manner, beside[units.of])
        found = self._findings(texts, messages, facts, visible)
        fast = both = Said(z, flagging)
        fault = matter.logits * sharp["fault"]
        if self._deep is not None:
            words = [each.text for each in matters(texts, visible)]
            known = [told(*each) for each in zip(messages, facts, words, strict=True)]
            settled = np.array([one is not None and one.settles for one in found])
            rows = units.worth_reading(self._deep.doubtful(z, flagging), z, flagging)
            both = Said(*self._deep.revise(z, flagging, rows, units.own_texts(texts)))
            fault = self._deep.revise_fault(fault, known, beside, settled)
        jokes, threats = figurative(units.words, self._known), self._threats.made(units.words)
        said = [each.with_harm(jokes, threats) for each in (fast, both)]
        heard = Heard(units, manner.table, *said)
        tones = self._choose("tone", heard, witness)
        pressures = self._choose("pressure", heard, witness)
        faults = self._faults(fault, found, matter, witness)
        hurting = np.array([value == Pressure.VIOLENCE for value, _ in pressures])
        quoted = dangers(texts, full, self._known)
        flags = self._flags(heard, full, hurting, quoted, witness)
        mine = list(texts)
        for n in full.told.tolist():
            mine[n] = own(texts[n])
        spoken = manner.logits[: len(texts), columns("language")] + self._letters.hints(mine)
        languages = spoken.argmax(axis=1).tolist()
        evidence = [r.placed(e) for r, e in zip(read, witness.evidence(len(read)), strict=True)]
        strange = self._foreign.tell(mine, full).tolist()
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
        read = [plain(text) for text in texts]
        shown = [each.text for each in read]
        found = zip(matters(shown, encode(shown, self._known)[1]), read, strict=True)
        return [matter.placed(each) for matter, each in found]

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
        self, target: Literal["tone", "pressure"], heard: Heard, witness: Witness
    ) -> list[tuple[str, float]]:
        """Choose one value a message; the first of a target, its default, needs no evidence."""
        names = HEADS[target]
        chosen, sure, by = heard.choice(target)
        values = [names[n] if n else None for n in chosen.tolist()]
        witness.hear(target, values, heard.table, by, over=columns(target).start)
        pairs = zip(chosen.tolist(), sure.round(4).tolist(), strict=True)
        return [(names[n], chance) for n, chance in pairs]

    def _flagging(self, scored: Scored, beside: Floats) -> Flagging:
        linear = scored.logits[:, columns("flags")] + beside @ self._weights.dense_flags
        return Flagging.of(linear, self._about)

    def _flags(
        self,
        heard: Heard,
        words: Words,
        hurting: Bools,
        quoted: Mapping[int, Evidence],
        witness: Witness,
    ) -> list[tuple[FlagTag, ...]]:
        """Choose the flags; `hurting` tells the messages that threaten violence.

        Violence against somebody's body is a danger to a person, against property alone it is not.
        A danger that is `quoted` is none of the customer's words, and a person's danger still.
        """
        raised, sure, by = heard.flags()
        at_people = words.message[meant(BODILY, words, self._known, CLOSE)]
        certain = [words.message[meant(c, words, self._known, APART)] for c in (SELF_HARM, INTENT)]
        for in_danger in (*certain, at_people[hurting[at_people]]):
            raised[in_danger, _SAFETY] = True
            by[_SAFETY].deep[in_danger] = False
        for number, flag in enumerate(FLAGS):
            values = [flag if up else None for up in raised[:, number].tolist()]
            witness.hear("flags", values, heard.table, by[number], over=-1)
        for message, proof in quoted.items():
            raised[message, _SAFETY] = True
            witness.show(message, proof)
        return [
            tuple(
                FlagTag(value=flag, confidence=chance)
                for flag, up, chance in zip(FLAGS, row, sure_of, strict=True)
                if up
            )
            for row, sure_of in zip(raised.tolist(), sure.round(4).tolist(), strict=True)
        ]

    def _faults(
        self, z: Floats, found: Sequence[Finding | None], scored: Scored, witness: Witness
    ) -> list[FaultTag]:
        about, likely = self._about, chances(z)
        default = FAULTS.index(Fault.UNCLEAR)
        chosen = np.where(scored.table.words.have_any, likely.argmax(axis=1), default)
        confidence = likely[np.arange(len(chosen)), chosen].round(4).tolist()
        tags, values = [], []
        for finding, n, sure in zip(found, chosen.tolist(), confidence, strict=True):
            tag = FaultTag(value=FAULTS[n], confidence=sure)
            if finding is not None and finding.outweighs(tag.value, sure):
                proven = about.rule_confidence.get(finding.rule, UNPROVEN)
                tag = FaultTag(value=finding.fault, confidence=proven)
            settled = n == default or (finding is not None and finding.settles)
            values.append(None if settled or tag.value is not FAULTS[n] else FAULTS[n])
            tags.append(tag)
        turned = scored.logits.argmax(axis=1) != chosen
        by = Chosen(np.arange(len(chosen)), chosen, turned)
        witness.hear("fault", values, scored.table, by, over=default)
        for message, (tag, finding) in enumerate(zip(tags, found, strict=True)):
            if finding is not None and finding.fault is tag.value:
                witness.hear_fact(message, finding)
        return tags

    def _findings(
        self,
        texts: Sequence[str],
        messages: Sequence[Message],
        facts: Sequence[Facts],
        words: Words,
    ) -> list[Finding | None]:
        return [
            None
            if known == NOTHING_KNOWN
            else judge(known, said(text, start, end, words, self._known), message.category)
            for text, message, known, start, end in zip(
                texts, messages, facts, words.starts.tolist(), words.ends.tolist(), strict=True
            )
        ]
