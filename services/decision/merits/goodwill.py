"""What the bank may give and does not owe: it follows conduct, the size of the slip and history.

Source: the polite customer is right (seed 000), limit abuse intelligently (seed 003). Past goodwill
only ever narrows what is given here; it never reaches entitlement.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from services.decision.matter import Matter, days_late
from services.decision.policy.model import Policy
from shared.events.tags import Conduct


@dataclass(frozen=True, slots=True)
class History:
    """Goodwill that this customer had in the 12 months before the case was received."""

    times: int = 0
    euros: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Given:
    """The slip is forgiven."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The contract stands; the customer hears why."""

    reason: str


Goodwill: TypeAlias = Given | Refused


def goodwill(matter: Matter, conduct: Conduct, history: History, policy: Policy) -> Goodwill:
    """Say whether an own slip is forgiven, before the cost of the remedy is looked at."""
    if conduct is Conduct.UNCONSTRUCTIVE:
        return Refused("own_slip_by_contract")
    if history.times >= policy.goodwill.times:
        return Refused("own_slip_repeated")
    late = days_late(matter)
    if late is not None and late > policy.goodwill.days_late:
        return Refused("own_slip_too_late")
    return Given("terms_accepted" if matter.facts.terms_accepted else "own_slip_forgiven")


def is_within_the_year(cost: Decimal, history: History, policy: Policy) -> bool:
    """Say whether this much more (EUR) still fits the customer's 12 months."""
    return history.euros + cost <= policy.goodwill.total
