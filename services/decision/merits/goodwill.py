"""What the bank may give and does not owe: it follows conduct, the size of the slip and history.

Source: the polite customer is right (seed 000), limit abuse intelligently (seed 003). What the past
holds only ever narrows what is given here; it never reaches entitlement.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from services.decision.merits.known import History
from services.decision.merits.matter import Matter, days_late
from services.decision.policy.model import Policy
from shared.events.tags import Conduct


@dataclass(frozen=True, slots=True)
class Given:
    """The slip is forgiven."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The contract stands; `told` is what the customer hears of the reason."""

    reason: str

    @property
    def told(self) -> str:
        return "own_slip_by_contract" if self.reason == "goodwill_used_up" else self.reason


Goodwill: TypeAlias = Given | Refused


def goodwill(
    matter: Matter, conduct: Conduct, history: History, policy: Policy, cost: Decimal | None
) -> Goodwill:
    """Say whether an own slip is forgiven whose remedy costs so much (EUR; nothing: not known).

    Conduct comes last: who is refused for it would have been forgiven but for it.
    """
    often = times_used(history, policy) >= policy.goodwill.times
    if often or (cost is not None and history.euros + cost > policy.goodwill.total):
        # Nobody is told of exceptions that were never made.
        return Refused("own_slip_repeated" if history.times else "goodwill_used_up")
    late = days_late(matter)
    if late is not None and late > policy.goodwill.days_late:
        return Refused("own_slip_too_late")
    if conduct is Conduct.UNCONSTRUCTIVE:
        return Refused("own_slip_by_contract")
    return Given("terms_accepted" if matter.facts.terms_accepted else "own_slip_forgiven")


def times_used(history: History, policy: Policy) -> int:
    """Return how many of the year's times are used up, or taken away by what raises doubt."""
    lately, story = policy.abuse.lately, policy.abuse.same_story
    used = history.times + history.contradicted * policy.goodwill.contradicted_takes
    if history.lately >= lately.cases:
        used += lately.takes
    if history.same_story >= story.customers:
        used += story.takes
    return used
