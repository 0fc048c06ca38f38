"""The policy as typed data: everything that a decision depends on apart from the case.

Every decision carries `Policy.hash`, and `Policy.body` holds every word it was read from, so that
a decision can be made again by the policy that made it.
"""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import Field, PrivateAttr
from typing_extensions import override

from services.decision.policy.certificates import Certificates, Role, Share
from services.decision.policy.matrix import (
    ROOT,
    Euros,
    Matrix,
    MatrixFile,
    Part,
    RemedySpec,
    Row,
    Severity,
    Situation,
    effective,
)
from services.decision.policy.parts import (
    Abuse,
    Asking,
    Delay,
    Extra,
    GoodwillLimits,
    Positive,
    SeverityBounds,
    Trust,
    Verification,
)
from services.decision.policy.thresholds import Thresholds
from shared.errors import EvenhandError
from shared.events.base import Currency, Money
from shared.events.case import Category, Product

__all__ = [
    "Certificates",
    "Matrix",
    "MatrixFile",
    "Policy",
    "PolicyError",
    "RemedySpec",
    "Role",
    "Row",
    "Severity",
    "Situation",
]


class PolicyError(EvenhandError):
    """The policy cannot be used; the text names file, line, field, reason and fix."""


class Policy(Part):
    """Everything that a decision depends on, apart from the case and what is known of the past."""

    version: Annotated[str, Field(min_length=1, max_length=60)]
    valid_from: date
    per_euro: dict[Currency, Positive]
    currency_of: dict[str, Currency]
    certificates: Certificates
    two_people_from: Euros
    sample_share: Share
    trust: Trust
    abuse: Abuse
    goodwill: GoodwillLimits
    verification: Verification
    question: Asking
    severity: SeverityBounds
    confidence: Thresholds
    shared_part: Annotated[Decimal, Field(gt=0, lt=1)]
    extra: Extra
    delay: Delay | None = Field(default=None, description="None: a delay is not made good")
    principal: frozenset[Category]
    outages: frozenset[Category]
    matrices: dict[str, MatrixFile]
    _body: str = PrivateAttr("")
    _places: Mapping[str, str] = PrivateAttr(default_factory=dict)

    @cached_property
    def hash(self) -> str:
        """The content hash that stands on every decision."""
        return "sha256:" + hashlib.sha256(self._body.encode()).hexdigest()

    @override
    def __repr__(self) -> str:
        return f"Policy({self.version}, {self.hash})"

    @property
    def body(self) -> str:
        """Canonical JSON of all that the policy was read from."""
        return self._body

    @cached_property
    def _effective(self) -> dict[str, Matrix]:
        return {each: effective(each, self.matrices) for each in self.matrices}

    @cached_property
    def _chosen(self) -> dict[tuple[str | None, Product | None], tuple[Matrix, ...]]:
        """What for_case() found out before."""
        return {}

    @cached_property
    def _extras(self) -> dict[str, Money]:
        return {
            currency: Money(amount=amount, currency=currency)
            for currency, amount in self.extra.sums.items()
        }

    def place_of(self, field: str) -> str:
        """Return file and line of a top field; its name alone for a policy without files."""
        return self._places.get(field, field)

    def read_from(self, body: str, places: Mapping[str, str]) -> Self:
        """Return the policy with the words that it was read from."""
        self._body = body
        self._places = places
        for derived in ("hash", "_effective", "_chosen", "_extras"):
            self.__dict__.pop(derived, None)
        return self

    @override
    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a changed copy whose matrices are put together anew."""
        copy = super().model_copy(update=update, deep=deep)
        return copy.read_from(self._body, self._places)

    def matrix(self, matrix_id: str) -> Matrix:
        """Return a matrix with what it inherits; its rows say where they come from."""
        return self._effective[matrix_id]

    def for_case(
        self, jurisdiction: str | None, product: Product | None, received_at: datetime
    ) -> Matrix:
        """Return the matrix that answers a case: the most specific one that is valid already."""
        chosen = self._chosen.get((jurisdiction, product))
        if chosen is None:
            chosen = self._candidates(jurisdiction, product)
            self._chosen[jurisdiction, product] = chosen
        for matrix in chosen[:-1]:
            if matrix.file.valid_from <= received_at.date():
                return matrix
        return chosen[-1]

    def _candidates(self, jurisdiction: str | None, product: Product | None) -> tuple[Matrix, ...]:
        """Return the matrices for such cases, most specific first; the root is always the last."""
        applying = [
            matrix
            for name, matrix in self._effective.items()
            if name != ROOT and matrix.file.applies.to(jurisdiction, product)
        ]
        applying.sort(
            key=lambda each: (each.file.applies.specificity, each.file.valid_from, each.id),
            reverse=True,
        )
        return (*applying, self._effective[ROOT])

    def extra_in(self, currency: str) -> Money | None:
        """Return the little more than expected; nothing in a currency that the policy lacks."""
        return self._extras.get(currency)

    def in_euros(self, money: Money) -> Decimal | None:
        """Return what a sum counts in euros; nothing where the policy knows no rate."""
        rate = self.per_euro.get(money.currency)
        return None if rate is None else money.amount / rate
