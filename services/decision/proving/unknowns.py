"""Every claim and every past at once: numbers to z3, `Money` and `Known` to the code."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import z3

from services.decision.merits.known import History, Known
from services.decision.proving.symbols import Number
from shared.events.base import Money

_TEN_THOUSAND: Final = 10_000
"""A claim has four decimal places."""
_HUNDRED: Final = 100
_COUNTS: Final = ("times", "verified", "contradicted", "lately", "same_story", "trusted_unshown")


@dataclass(frozen=True, slots=True)
class Unknowns:
    """Every claim (in 1/10000) and every past (goodwill and the day's rest in cents)."""

    claim: Any
    left: Any
    goodwill: Any
    counts: tuple[Any, ...]
    clean: bool = False
    """Only the claim and the day's rest are unknown; the customer has no past."""

    @staticmethod
    def named(suffix: str = "", *, clean: bool = False) -> "Unknowns":
        claim, left, goodwill, *counts = z3.Ints(
            " ".join(name + suffix for name in ("claim", "left", "goodwill", *_COUNTS))
        )
        return Unknowns(claim, left, goodwill, tuple(counts), clean)

    @property
    def all(self) -> tuple[Any, ...]:
        return (self.claim, self.left, self.goodwill, *self.counts)

    def instead_of(self, others: "Unknowns", formulas: Sequence[Any]) -> tuple[Any, ...]:
        """Return the formulas with these unknowns in the place of the others."""
        pairs = list(zip(others.all, self.all, strict=True))
        return tuple(z3.substitute(formula, *pairs) for formula in formulas)

    @property
    def possible(self) -> list[Any]:
        """Return what is always true of them."""
        past = (self.goodwill, *self.counts)
        return [
            self.claim >= 0,
            self.left >= 0,
            *(each == 0 if self.clean else each >= 0 for each in past),
        ]

    @property
    def plain(self) -> list[Any]:
        """Return what makes a past easy to calculate with: nothing was ever checked."""
        return [self.count(name) == 0 for name in ("verified", "contradicted")]

    @property
    def claimed(self) -> Any:  # noqa: ANN401 - z3 has no types
        """Return the claim in its own currency."""
        return z3.ToReal(self.claim) / _TEN_THOUSAND

    @property
    def left_euros(self) -> Any:  # noqa: ANN401 - z3 has no types
        return z3.ToReal(self.left) / _HUNDRED

    @property
    def goodwill_euros(self) -> Any:  # noqa: ANN401 - z3 has no types
        return z3.ToReal(self.goodwill) / _HUNDRED

    def count(self, name: str) -> Any:  # noqa: ANN401 - z3 has no types
        """Return one of the history's counts."""
        return z3.ToReal(self.counts[_COUNTS.index(name)])

    def known(self) -> Known:
        """Return all pasts as the code knows them."""
        left: Any = Number(self.left_euros)
        if self.clean:
            return Known.model_construct(left_today=left)
        past: dict[str, Any] = {name: Number(self.count(name)) for name in _COUNTS}
        past["euros"] = Number(self.goodwill_euros)
        return Known.model_construct(history=History.model_construct(None, **past), left_today=left)

    def money(self, currency: str) -> Money:
        """Return all claims as the code knows them."""
        amount: Any = Number(self.claimed)
        return Money.model_construct(amount=amount, currency=currency)

    def met(self, model: Any, currency: str) -> tuple[Money, Known]:  # noqa: ANN401 - z3 has no types
        """Return one claim and one past that satisfy what z3 found."""

        def value(unknown: Any) -> int:  # noqa: ANN401 - z3 has no types
            return int(model.eval(unknown, model_completion=True).as_long())

        counts = {name: value(each) for name, each in zip(_COUNTS, self.counts, strict=True)}
        history = History(euros=Decimal(value(self.goodwill)) / _HUNDRED, **counts)
        claim = Money(amount=Decimal(value(self.claim)) / _TEN_THOUSAND, currency=currency)
        return claim, Known(history=history, left_today=Decimal(value(self.left)) / _HUNDRED)


def worse(one: Unknowns, two: Unknowns) -> list[Any]:
    """Say that the second past is as bad as the first or worse, and all else equal."""
    rising = [
        early <= late
        for name, early, late in zip(_COUNTS, one.counts, two.counts, strict=True)
        if name != "verified"
    ]
    verified = _COUNTS.index("verified")
    return [
        *rising,
        one.counts[verified] >= two.counts[verified],
        one.goodwill <= two.goodwill,
        one.claim == two.claim,
        one.left == two.left,
    ]


def larger(one: Unknowns, two: Unknowns) -> list[Any]:
    """Say that the second claim is larger, and all else equal; no claim is no smaller one."""
    return [
        one.claim > 0,
        one.claim < two.claim,
        *(a == b for a, b in zip(one.all[1:], two.all[1:], strict=True)),
    ]
