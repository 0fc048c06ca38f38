"""Turns a row of the compensation matrix into remedies with sums, and into what counts as its cost.

Invariant: where an amount is claimed, that amount is compared with limits; the small extra and what
is done in kind count only where none is. No remedy vanishes because its sum is not known yet.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal

from services.decision.matter import Matter, named_claim
from services.decision.policy.model import Policy, RemedySpec, Row, Situation
from shared.events.answer import Remedy
from shared.events.base import Money

_CENT: Final = Decimal("0.01")

Share = Literal["entitlement", "goodwill"]


@dataclass(frozen=True, slots=True)
class Package:
    """The remedies of one row and what counts as their cost in EUR; none without a rate."""

    row: str
    remedies: tuple[Remedy, ...]
    cost: Decimal | None


def package(  # noqa: PLR0913 - what fills a row
    matter: Matter,
    situation: Situation,
    policy: Policy,
    share: Share,
    pays: Money | None,
    *,
    constructive: bool = True,
) -> Package:
    """Fill the row that answers this situation.

    `pays` is the sum for the remedies that pay a claim: all of it, one party's part, or nothing
    where no sum is named. Conduct opens only what the row marks as goodwill.
    """
    name, row = policy.row(situation, matter.category)
    row = tuple(spec for spec in row if constructive or not spec.goodwill)
    # An extra in a currency that the policy does not know cannot be named; a person sees the case.
    filled = [
        (spec, _money(spec, matter, policy, pays))
        for spec in row
        if spec.money != "extra" or _extra(matter, policy) is not None
    ]
    remedies = tuple(
        Remedy(kind=spec.kind, money=sum_, share="goodwill" if spec.goodwill else share)
        for spec, sum_ in filled
    )
    return Package(name, remedies, _cost(row, matter, policy, pays))


def parts(matter: Matter, policy: Policy) -> tuple[Money | None, Money | None]:
    """Split what is claimed into the company's part and the customer's, to the cent."""
    claim = named_claim(matter)
    if claim is None:
        return None, None
    ours = min((claim.amount * policy.shared_part).quantize(_CENT, ROUND_HALF_UP), claim.amount)
    theirs = claim.amount - ours
    return (
        Money(amount=ours, currency=claim.currency),
        Money(amount=theirs, currency=claim.currency),
    )


def claimed_euros(matter: Matter, policy: Policy) -> Decimal | None:
    """Return what is claimed in EUR; zero where no sum is named, nothing without a rate."""
    claim = named_claim(matter)
    return Decimal(0) if claim is None else policy.in_euros(claim)


def _money(spec: RemedySpec, matter: Matter, policy: Policy, pays: Money | None) -> Money | None:
    if spec.money == "claim":
        return pays
    if spec.money == "extra":
        return _extra(matter, policy)
    return None


def _extra(matter: Matter, policy: Policy) -> Money | None:
    claim = named_claim(matter)
    named = claim.currency if claim else policy.currency_of.get(matter.jurisdiction or "")
    currency = named or "EUR"
    extra = policy.extra.get(currency)
    return None if extra is None else Money(amount=extra, currency=currency)


def _cost(row: Row, matter: Matter, policy: Policy, pays: Money | None) -> Decimal | None:
    if claimed_euros(matter, policy) is None:
        return None
    pays_claim = any(spec.money == "claim" for spec in row)
    if pays is not None and (pays_claim or matter.category not in policy.principal):
        return policy.in_euros(pays)
    extra = _extra(matter, policy)
    small = policy.in_euros(extra) if extra is not None else None
    return sum(
        ((small or Decimal(0)) if spec.money == "extra" else spec.cost for spec in row),
        Decimal(0),
    )
