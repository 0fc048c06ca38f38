"""The compensation matrix as a person uses it: what may be chosen, and what it costs. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from services.decision.policy.model import Policy, RemedySpec, Severity, Situation
from shared.events.answer import Remedy, RemedyKind
from shared.events.catalogue import CaseClassified

WORDS: Final = frozenset({RemedyKind.APOLOGY, RemedyKind.EXPLANATION})
"""Remedies that cost nothing and fit every answer."""


@dataclass(frozen=True, slots=True)
class Row:
    """The row that answers a situation of this case."""

    name: str
    specs: tuple[RemedySpec, ...]

    @property
    def kinds(self) -> frozenset[RemedyKind]:
        """What may be chosen from this row."""
        return frozenset(spec.kind for spec in self.specs) | WORDS

    def cost(self, remedy: Remedy) -> Decimal:
        """Return what a remedy without a sum counts, in EUR."""
        return max(
            (spec.cost for spec in self.specs if spec.kind is remedy.kind), default=Decimal(0)
        )

    def shown(self) -> dict[str, Any]:
        """Return the row as the desk shows it."""
        return {
            "row": self.name,
            "remedies": [
                {"kind": spec.kind, "money": spec.money, "cost_eur": str(spec.cost)}
                for spec in self.specs
            ],
        }


def row_of(case: CaseClassified, situation: Situation, severity: Severity, policy: Policy) -> Row:
    """Return the row of the matrix that is in force for this case, with what it offers instead."""
    matrix = policy.for_case(case.jurisdiction, case.product, case.received_at)
    name, row = matrix.row(situation, case.category, severity)
    return Row(name, (*row.remedies, *row.alternatives))


def euros(remedies: Sequence[Remedy], row: Row, policy: Policy) -> Decimal | None:
    """Return what remedies count in EUR; nothing where a currency has no rate.

    As in the policy's own answers, what is done in kind counts only where no sum is given.
    """
    sums = [policy.in_euros(remedy.money) for remedy in remedies if remedy.money]
    if not sums:
        return sum((row.cost(remedy) for remedy in remedies), Decimal(0))
    known = [each for each in sums if each is not None]
    return sum(known, Decimal(0)) if len(known) == len(sums) else None
