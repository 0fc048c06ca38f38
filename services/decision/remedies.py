"""Turns a row of the compensation matrix into remedies with sums, and into what they cost."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal

from services.decision.matter import Matter
from services.decision.policy.model import Policy, RemedySpec, Situation
from shared.events.answer import Remedy
from shared.events.base import Money

_CENT: Final = Decimal("0.01")

Share = Literal["entitlement", "goodwill"]


@dataclass(frozen=True, slots=True)
class Package:
    """The remedies of one row and their cost in EUR; no cost where a rate is missing."""

    row: str
    remedies: tuple[Remedy, ...]
    cost: Decimal | None


def package(
    matter: Matter, situation: Situation, policy: Policy, share: Share, part: Decimal = Decimal(1)
) -> Package:
    """Fill the row that answers this situation; `part` is the bank's part of a claimed sum."""
    name, row = policy.row(situation, matter.category)
    money = [_money(spec, matter, policy, part) for spec in row]
    # A claimed sum is paid once, by the first remedy that pays it.
    remedies = tuple(
        Remedy(kind=spec.kind, money=sum_, share=share)
        for spec, sum_ in zip(row, money, strict=True)
        if sum_ is not None or spec.money == "none" or spec.cost
    )
    cost: Decimal | None = Decimal(0)
    for spec, sum_ in zip(row, money, strict=True):
        each = spec.cost if sum_ is None else policy.in_euros(sum_)
        cost = None if cost is None or each is None else cost + each
    return Package(name, remedies, cost)


def _money(spec: RemedySpec, matter: Matter, policy: Policy, part: Decimal) -> Money | None:
    claim = matter.claim
    if spec.money == "claim" and claim is not None and claim.amount > 0:
        amount = (claim.amount * part).quantize(_CENT, ROUND_HALF_UP) if part < 1 else claim.amount
        return Money(amount=amount, currency=claim.currency)
    if spec.money == "extra":
        currency = claim.currency if claim else policy.currency_of.get(matter.jurisdiction or "")
        extra = policy.extra.get(currency or "EUR")
        return None if extra is None else Money(amount=extra, currency=currency or "EUR")
    return None


def claimed_euros(matter: Matter, policy: Policy) -> Decimal | None:
    """Return what is claimed in EUR; zero where no sum is named, nothing without a rate.

    Sums that others hold (a transfer gone astray, a booking) are not what the remedy costs.
    """
    if matter.claim is None or matter.category in policy.principal:
        return Decimal(0)
    return policy.in_euros(matter.claim)
