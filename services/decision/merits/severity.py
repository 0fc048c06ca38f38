"""How much is at stake, from the facts alone: lateness, delay, else the sum that is claimed."""

from datetime import timedelta
from decimal import Decimal

from services.decision.merits.matter import Matter, delay, lateness, named_claim
from services.decision.policy.matrix import Severity, Situation
from services.decision.policy.model import Policy
from services.decision.policy.parts import Bounds


def severity(matter: Matter, situation: Situation, policy: Policy) -> Severity:
    """Return how much is at stake; a sum in a currency without a rate counts as serious."""
    bounds = policy.severity
    if situation is Situation.OWN_SLIP and (late := lateness(matter)) is not None:
        return _within(late, timedelta(hours=1), bounds.slip_hours)
    if situation is Situation.BROKEN_PROMISE and (late := delay(matter)) is not None:
        return _within(late, timedelta(days=1), bounds.delay_days)
    claim = named_claim(matter)
    if claim is None:
        return Severity.SLIGHT
    euros = policy.in_euros(claim)
    return Severity.SERIOUS if euros is None else _rank(euros, bounds.euros)


def _within(length: timedelta, unit: timedelta, bounds: Bounds) -> Severity:
    whole, rest = divmod(length, unit)
    return _rank(Decimal(whole) + Decimal(bool(rest)) / 2, bounds)


def _rank(size: Decimal, bounds: Bounds) -> Severity:
    if size > bounds.serious:
        return Severity.SERIOUS
    return Severity.MODERATE if size > bounds.moderate else Severity.SLIGHT
