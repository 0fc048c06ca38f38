"""What the model said, checked, and what becomes of the tags with it. Pure.

Invariants: an answer that is not of the closed shape, or that cites words which are not in the
text, is refused as a whole. What a fact has settled is never asked. Violence that was heard is not
talked away, and only tags that were unsure change.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from pydantic import ValidationError

from services.classifier.asking.questions import FaultAnswer, Kind, MannerAnswer, Question
from services.classifier.tagging import Matter
from services.classifier.tagging.markup import Plain
from shared.events.tags import (
    UNREAD,
    Evidence,
    Fault,
    FaultTag,
    Pressure,
    PressureTag,
    Tags,
    Tone,
    ToneTag,
)
from shared.http import strict_json

Why = Literal[
    "timeout",
    "unreachable",
    "busy",
    "status",
    "too_long",
    "unreadable",
    "wrong_shape",
    "not_verbatim",
    "over_budget",
    "paused",
    "defect",
]
"""Why there is no opinion."""

_DEFAULTS: Final = frozenset({Tone.COURTEOUS.value, Pressure.NONE.value, Fault.UNCLEAR.value})
_COVER: Final = re.compile(r"[A-Z]{2,8}_+")
"""What stands for personal data; it is nobody's words."""
_MARK: Final = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Failed:
    """There is no opinion; the local tags stand."""

    why: Why


@dataclass(frozen=True, slots=True)
class Named:
    """A value, and where in the shown text its words stand; nowhere for a default."""

    value: str
    begin: int | None = None
    end: int | None = None

    def placed(self, read: Plain) -> "Named":
        """Return the same with the place in the message that was read so."""
        if self.begin is None or self.end is None:
            return self
        return Named(self.value, *read.place(self.begin, self.end))


@dataclass(frozen=True, slots=True)
class Manner:
    """An opinion of tone and pressure."""

    tone: Named
    pressure: Named

    def placed(self, read: Plain) -> "Manner":
        """Return the same with the places in the message that was read so."""
        return Manner(self.tone.placed(read), self.pressure.placed(read))


@dataclass(frozen=True, slots=True)
class Fallible:
    """An opinion of who erred."""

    fault: Named


Opinion: TypeAlias = Manner | Fallible


def doubts(tags: Tags, below: float) -> set[Kind]:
    """Return what should be asked of a message with these tags."""
    if tags.language == UNREAD:
        return set()
    asked: set[Kind] = set()
    if min(tags.tone.confidence, tags.pressure.confidence) < below:
        asked.add("manner")
    settled = any(p.target == "fault" and p.source.startswith("rule:") for p in tags.evidence)
    if tags.fault.confidence < below and not settled:
        asked.add("fault")
    return asked


def opinion_of(question: Question, answer: str) -> Opinion | Failed:
    """Read the model's answer to a question; nothing but what was asked for is accepted."""
    read = strict_json.read(answer.encode("utf-8", "replace"))
    try:
        said = question.answer.model_validate(read)
    except ValidationError:
        return Failed("wrong_shape")
    if isinstance(said, FaultAnswer):
        fault = _named(said.fault, said.fault_words, question.shown)
        return Failed("not_verbatim") if fault is None else Fallible(fault)
    return _manner(said, question.shown)


def _manner(said: MannerAnswer, shown: str) -> Manner | Failed:
    tone = _named(said.tone, said.tone_words, shown)
    pressure = _named(said.pressure, said.pressure_words, shown)
    if tone is None or pressure is None:
        return Failed("not_verbatim")
    return Manner(tone, pressure)


def _named(value: str, words: str | None, shown: str) -> Named | None:
    """Find the words that are cited for a value; None where they are not there to be found."""
    if words is None:
        return Named(value) if value in _DEFAULTS else None
    bare = words.strip()
    if words not in shown or not any(map(str.isalnum, _COVER.sub("", bare))):
        return None
    for found in re.finditer(re.escape(bare), shown):
        begin, end = found.span()
        if not (_splits_a_word(shown, begin) or _splits_a_word(shown, end)):
            return Named(value) if value in _DEFAULTS else Named(value, begin, end)
    return None


def _splits_a_word(text: str, place: int) -> bool:
    return text[place - 1 : place].isalnum() and text[place : place + 1].isalnum()


def with_manner(tags: Tags, said: Manner, below: float, trust: float) -> Tags:
    """Return the tags with an opinion of manner, where they were unsure."""
    if tags.tone.confidence < below:
        value, sure = _weighed(tags.tone.value, tags.tone.confidence, said.tone, trust)
        tone = ToneTag(value=Tone(value), confidence=sure)
        evidence = _evidence(tags, "tone", said.tone, (said.tone.begin, said.tone.end))
        tags = tags.model_copy(update={"tone": tone, "evidence": evidence})
    heard = tags.pressure
    if heard.confidence < below and heard.value is not Pressure.VIOLENCE:
        value, sure = _weighed(heard.value, heard.confidence, said.pressure, trust)
        pressure = PressureTag(value=Pressure(value), confidence=sure)
        evidence = _evidence(
            tags, "pressure", said.pressure, (said.pressure.begin, said.pressure.end)
        )
        tags = tags.model_copy(update={"pressure": pressure, "evidence": evidence})
    return tags


def with_fault(tags: Tags, said: Fallible, matter: Matter, trust: float) -> Tags:
    """Return the tags with an opinion of fault; `matter` is what the model was shown."""
    value, sure = _weighed(tags.fault.value, tags.fault.confidence, said.fault, trust)
    place: tuple[int | None, int | None] = (None, None)
    if said.fault.begin is not None and said.fault.end is not None:
        place = matter.place(said.fault.begin, said.fault.end)
    return tags.model_copy(
        update={
            "fault": FaultTag(value=Fault(value), confidence=sure),
            "evidence": _evidence(tags, "fault", said.fault, place),
        }
    )


def _weighed(value: str, confidence: float, said: Named, trust: float) -> tuple[str, float]:
    """Return the value that stands, and how sure it is: what both say is no less sure."""
    return said.value, max(confidence, trust) if said.value == value else trust


def _evidence(
    tags: Tags,
    target: Literal["tone", "pressure", "fault"],
    said: Named,
    place: tuple[int | None, int | None],
) -> tuple[Evidence, ...]:
    """Replace the evidence of a target, unless the model only agrees with what was shown before."""
    own = [proof for proof in tags.evidence if proof.target == target]
    if own and all(proof.value == said.value for proof in own):
        return tags.evidence
    others = tuple(proof for proof in tags.evidence if proof.target != target)
    if said.value in _DEFAULTS:
        return others
    proof = Evidence(
        target=target, value=said.value, source=f"llm:{target}", start=place[0], end=place[1]
    )
    return (*others, proof)


def marked(tags: Tags, marks: Sequence[tuple[Kind, str]]) -> Tags:
    """Note on the tags what was asked, and whose answer stands or why there was none."""
    notes = "".join(f"+llm.{kind}:{_MARK.sub('-', note)[:60]}" for kind, note in marks)
    return tags.model_copy(update={"model": tags.model + notes})
