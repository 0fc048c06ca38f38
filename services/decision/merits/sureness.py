"""How sure the tags of a case are, held against the thresholds of the policy.

Whoever decides and whoever explains a decision look here, so that both compare the same numbers.
"""

from dataclasses import dataclass
from typing import Literal

from services.decision.policy.model import Policy
from shared.events.tags import Pressure, Tags


@dataclass(frozen=True, slots=True)
class Sureness:
    """The tag that counts, its confidence, and the bound below which its value is a guess."""

    target: Literal["fault", "tone", "pressure"]
    value: str
    confidence: float
    bound: float

    @property
    def enough(self) -> bool:
        return self.confidence >= self.bound


def of_fault(tags: Tags, policy: Policy) -> Sureness:
    """Say how sure it is who erred."""
    tag = tags.fault
    return Sureness("fault", tag.value, tag.confidence, policy.confidence.fault.of(tag.value))


def of_misconduct(tags: Tags, policy: Policy) -> Sureness:
    """Say how sure it is that the customer was unconstructive, where the tags say so."""
    bounds = policy.confidence
    if tags.pressure.value in {Pressure.LEVERAGE, Pressure.VIOLENCE}:
        held = tags.pressure
        return Sureness("pressure", held.value, held.confidence, bounds.pressure.of(held.value))
    tone = tags.tone
    return Sureness("tone", tone.value, tone.confidence, bounds.tone.of(tone.value))
