"""Trust first: is checking this claim dearer than believing it? Both numbers are kept.

Source: count what scrutiny costs (seed 003).
"""

from dataclasses import dataclass
from decimal import Decimal

from services.decision.policy.model import Trust


@dataclass(frozen=True, slots=True)
class Scales:
    """The two costs in EUR, and what follows from them."""

    expected_loss: Decimal
    cost_of_checking: Decimal

    @property
    def trust_now(self) -> bool:
        return self.expected_loss <= self.cost_of_checking


def weigh(euros: Decimal, *, checkable: bool, policy: Trust) -> Scales:
    """Weigh a claim of so many euros.

    The chance that it is untrue is the prior's mean, times a factor (at most certainty) when
    nothing in it can be checked.
    """
    chance = policy.untrue.alpha / (policy.untrue.alpha + policy.untrue.beta)
    if not checkable:
        chance = min(Decimal(1), chance * policy.without_checkable_content)
    checking = policy.checking
    return Scales(euros * chance, checking.staff + checking.delay_per_day * checking.days)
