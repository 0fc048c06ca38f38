"""What is known beyond the case itself when it is decided: the customer's past, checks, means.

It is stored with every decision as one of its inputs, so that the decision can be made again.
"""

from decimal import Decimal
from enum import StrEnum

from shared.events.base import Model


class Checked(StrEnum):
    """What the bank's systems said of the claim."""

    NOT_YET = "not_yet"
    VERIFIED = "verified"
    CONTRADICTED = "contradicted"
    UNANSWERED = "unanswered"
    """They could not say, or said nothing in time."""


class History(Model):
    """The customer's past, as it counts on the day that the case was received.

    `times` and `euros` are goodwill for own slips in the 12 months around the case; `verified` and
    `contradicted` are claims that the bank's systems answered within the policy's memory;
    `lately` counts the customer's cases in the window of a burst, `same_story` the other customers
    who told nearly the same words; `trusted_unshown` are claims without checkable content that
    were trusted in the 12 months before.
    """

    times: int = 0
    euros: Decimal = Decimal(0)
    verified: int = 0
    contradicted: int = 0
    lately: int = 0
    same_story: int = 0
    trusted_unshown: int = 0


class Known(Model):
    """Everything that a decision depends on apart from the case and the policy.

    `left_today` (EUR) is what remains of the automatic certificate's day; nothing means that it is
    not counted (a proposal, a simulation). `asked`: the customer had the friendly question already.
    """

    history: History = History()
    checked: Checked = Checked.NOT_YET
    asked: bool = False
    left_today: Decimal | None = None
