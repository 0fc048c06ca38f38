"""Tags: what the classifier says about one message, with evidence.

The values and their meaning are those of the labelling guideline (tone, pressure, fault, flags);
`conduct` is derived and never labelled. `Fault` has a module of its own: what decides entitlement
may know it, and must not even be able to import tone and pressure.
"""

from enum import StrEnum
from typing import Final, Literal

from pydantic import Field

from shared.events.base import Confidence, Model
from shared.events.fault import Fault as Fault  # noqa: PLC0414 - one of the tags, kept apart below

UNREAD: Final = "und"
"""The language of a message in none of those that are read (BCP 47: undetermined)."""


class Tone(StrEnum):
    """How the customer speaks to the bank."""

    COURTEOUS = "courteous"
    UPSET = "upset"
    RUDE = "rude"
    ABUSIVE = "abusive"


class Pressure(StrEnum):
    """What the customer holds over the bank, weakest first."""

    NONE = "none"
    RECOURSE = "recourse"
    LEVERAGE = "leverage"
    VIOLENCE = "violence"


class Flag(StrEnum):
    """Circumstances that change who must see the case."""

    VULNERABLE = "vulnerable"
    SAFETY = "safety"
    FRAUD = "fraud"
    STAFF_CONDUCT = "staff_conduct"
    LEGAL = "legal"


class Conduct(StrEnum):
    """Whether goodwill is open; derived from tone, pressure and fault."""

    CONSTRUCTIVE = "constructive"
    UNCONSTRUCTIVE = "unconstructive"


class Evidence(Model):
    """Why a tag was given: a place in the customer's own text, or a fact.

    `start` and `end` are offsets in Unicode code points of the message as it was submitted,
    `text[start:end]`; both are null when the source is a fact. `source` names the rule
    (`rule:paid_after_due`), word list (`list:insult`) or model (`model:tone`) behind it.
    """

    target: Literal["tone", "pressure", "fault", "flags"]
    value: str
    source: str
    start: int | None = Field(default=None, ge=0)
    end: int | None = Field(default=None, ge=0)


class ToneTag(Model):
    value: Tone
    confidence: Confidence


class PressureTag(Model):
    value: Pressure
    confidence: Confidence


class FaultTag(Model):
    value: Fault
    confidence: Confidence


class FlagTag(Model):
    value: Flag
    confidence: Confidence


class Tags(Model):
    """Everything that the classifier says about one message."""

    tone: ToneTag
    pressure: PressureTag
    fault: FaultTag
    flags: tuple[FlagTag, ...] = ()
    language: str = Field(
        description="Language that the message is written in: en, ru, uk or pl; und: none of them"
    )
    evidence: tuple[Evidence, ...] = ()
    model: str = Field(description="Version and hash of the model and rules that gave the tags")


class Labels(Model):
    """What a message is, as a person says: tags without doubt."""

    tone: Tone
    pressure: Pressure
    fault: Fault
    flags: tuple[Flag, ...] = ()


def conduct(tone: Tone, pressure: Pressure, fault: Fault) -> Conduct:
    """Derive conduct by the labelling guideline.

    Unconstructive when tone is abusive, or pressure is leverage or violence, or the tone is rude
    about the customer's own fault. Naming a lawful remedy (recourse) never counts.
    """
    if (
        tone is Tone.ABUSIVE
        or pressure in {Pressure.LEVERAGE, Pressure.VIOLENCE}
        or (tone is Tone.RUDE and fault is Fault.CUSTOMER)
    ):
        return Conduct.UNCONSTRUCTIVE
    return Conduct.CONSTRUCTIVE
