"""Turns a row of the compensation matrix into remedies with sums, and into what counts as its cost.

Invariant: where an amount is claimed, that amount is compared with limits; the small extra and what
is done in kind count only where none is. No remedy vanishes because its sum is not known yet.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal, TypeAlias

from services.decision.merits.matter import Matter, named_claim
from services.decision.policy.model import Policy, RemedySpec, Row, Severity, Situation
from shared.events.answer import Remedy, RemedyKind
from shared.events.base import Money

_CENT: Final = Decimal("0.01")
_ZERO: Final = Decimal(0)

Share: TypeAlias = Literal["entitlement", "goodwill"]

DIVISIBLE: Final = frozenset({RemedyKind.REFUND, RemedyKind.FEE_WAIVER, RemedyKind.CREDIT})
"""Remedies of which two parties' parts add up; the others are given or not."""

_OWED: Final = {kind: Remedy(kind=kind) for kind in RemedyKind}
_GIVEN: Final = {kind: Remedy(kind=kind, share="goodwill") for kind in RemedyKind}


@dataclass(frozen=True, slots=True)
class Package:
    """The remedies of one row and what counts as their cost in EUR; none without a rate.

    `options` may be chosen instead. `goodwill` (EUR) is what conduct opened in it. `over`: a sum is
    above the limit of its remedy.
    """

    row: str
    severity: Severity
    remedies: tuple[Remedy, ...]
    cost: Decimal | None
    options: tuple[Remedy, ...] = ()
    goodwill: Decimal = _ZERO
    over: bool = False


def package(  # noqa: PLR0913, PLR0917 - what fills a row
    matter: Matter,
    found: tuple[str, Row],
    specs: Sequence[RemedySpec],
    at_stake: Severity,
    policy: Policy,
    share: Share,
    pays: Money | None,
) -> Package:
    """Fill the row that answers this situation with those of its remedies that are given.

    `pays` is the sum for the remedies that pay a claim: all of it, one party's part, or nothing
    where no sum is named.
    """
    name, row = found
    extra = _extra(matter, policy)
    remedies = tuple(_filled(specs, share, pays, extra))
    options = tuple(_filled(row.alternatives, share, pays, extra)) if row.alternatives else ()
    return Package(
        name,
        at_stake,
        remedies,
        _cost(row.situation, specs, matter, policy, pays, extra),
        options,
        sum([spec.cost for spec in specs if spec.goodwill], _ZERO),
        any(_is_over(spec, pays, extra) for spec in specs if spec.limit is not None),
    )


def parts(matter: Matter, policy: Policy) -> tuple[Money | None, Money | None]:
    """Split what is claimed into the company's part and the customer's, to the cent."""
    claim = named_claim(matter)
    if claim is None:
        return None, None
    ours = min((claim.amount * policy.shared_part).quantize(_CENT, ROUND_HALF_UP), claim.amount)
    theirs = claim.amount - ours
    # Parts of a sum that was checked when it came in.
    return (
        Money.model_construct(amount=ours, currency=claim.currency),
        Money.model_construct(amount=theirs, currency=claim.currency),
    )


def claimed_euros(matter: Matter, policy: Policy) -> Decimal | None:
    """Return what is claimed in EUR; zero where no sum is named, nothing without a rate."""
    claim = named_claim(matter)
    return _ZERO if claim is None else policy.in_euros(claim)


def _filled(
    specs: Iterable[RemedySpec], share: Share, pays: Money | None, extra: Money | None
) -> Iterable[Remedy]:
    for spec in specs:
        shared: Share = "goodwill" if spec.goodwill else share
        if spec.money == "extra":
            # An extra in a currency that the policy does not know cannot be named.
            if extra is not None:
                yield Remedy(kind=spec.kind, money=extra, share=shared)
        elif spec.money == "claim" and pays is not None:
            yield Remedy(kind=spec.kind, money=pays, share=shared)
        else:
            yield (_GIVEN if shared == "goodwill" else _OWED)[spec.kind]


def _is_over(spec: RemedySpec, pays: Money | None, extra: Money | None) -> bool:
    money = pays if spec.money == "claim" else extra if spec.money == "extra" else None
    if money is None or spec.limit is None:
        return False
    limit = spec.limit.get(money.currency)
    return limit is not None and money.amount > limit


def _extra(matter: Matter, policy: Policy) -> Money | None:
    claim = named_claim(matter)
    named = claim.currency if claim else policy.currency_of.get(matter.jurisdiction or "")
    return policy.extra_in(named or "EUR")


def _cost(  # noqa: PLR0913, PLR0917 - what counts
    situation: Situation,
    specs: Iterable[RemedySpec],
    matter: Matter,
    policy: Policy,
    pays: Money | None,
    extra: Money | None,
) -> Decimal | None:
    claim = named_claim(matter)
    if claim is not None and claim.currency not in policy.per_euro:
        return None
    if pays is not None and situation is not Situation.THIRD_PARTY:
        # What is claimed of third parties is money that others hold; the help is all that costs.
        pays_claim = any(spec.money == "claim" for spec in specs)
        if pays_claim or matter.category not in policy.principal:
            return policy.in_euros(pays)
    small = _ZERO if extra is None else policy.in_euros(extra) or _ZERO
    return sum([small if spec.money == "extra" else spec.cost for spec in specs], _ZERO)
