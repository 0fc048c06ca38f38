"""Trust first: is checking this claim dearer than believing it? Both numbers are kept.

Source: count what scrutiny costs, limit abuse intelligently (seed 003). More contradicted claims,
a burst, or the same story from many customers never make a claim likelier to be believed.
"""

from dataclasses import dataclass
from decimal import Decimal

from services.decision.merits.known import History
from services.decision.policy.model import Policy
from services.decision.policy.parts import Abuse, Trust


@dataclass(frozen=True, slots=True)
class Scales:
    """The two costs in EUR, the chance that the claim is untrue, and what follows from them."""

    expected_loss: Decimal
    cost_of_checking: Decimal
    chance: Decimal = Decimal(0)

    @property
    def trust_now(self) -> bool:
        return self.expected_loss <= self.cost_of_checking


def chance_untrue(history: History, *, checkable: bool, trust: Trust, abuse: Abuse) -> Decimal:
    """Return how likely a claim is untrue: the prior's mean after this customer's checked claims.

    Factors raise it (at most to certainty) when nothing can be checked, in a burst of cases, and
    when many customers tell the same story.
    """
    doubts = trust.untrue.alpha + history.contradicted
    chance = doubts / (doubts + trust.untrue.beta + history.verified)
    if not checkable:
        chance *= trust.without_checkable_content
    if history.lately >= abuse.lately.cases:
        chance *= abuse.lately.factor
    if history.same_story >= abuse.same_story.customers:
        chance *= abuse.same_story.factor
    return min(Decimal(1), chance)


def weigh(euros: Decimal, history: History, policy: Policy, *, checkable: bool) -> Scales:
    """Weigh a claim of so many euros."""
    chance = chance_untrue(history, checkable=checkable, trust=policy.trust, abuse=policy.abuse)
    checking = policy.trust.checking
    return Scales(euros * chance, checking.staff + checking.delay_per_day * checking.days, chance)
