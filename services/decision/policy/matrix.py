"""The compensation matrix: what happened and how much is at stake → prepared remedies, in order.

A matrix is a list of rows. Another may extend it, replace rows by their ids and take some out; the
effective matrix says of each row where it comes from.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from shared.events.answer import RemedyKind
from shared.events.base import Currency
from shared.events.case import Category, Product

ROOT: Final = "default"
"""The matrix that answers wherever and whenever no other applies."""


class Situation(StrEnum):
    """What happened, as the compensation matrix knows it."""

    BROKEN_PROMISE = "broken_promise"
    MALFUNCTION = "malfunction"
    WRONG_FEE = "wrong_fee"
    COMPANY_ERROR = "company_error"
    IMPOSED_CHANGE = "imposed_change"
    UNAUTHORISED_PAYMENT = "unauthorised_payment"
    THIRD_PARTY = "third_party"
    LAWFUL_CHANGE = "lawful_change"
    INFORMATION = "information"
    OWN_SLIP = "own_slip"
    UNCLEAR = "unclear"
    STAFF_CONDUCT = "staff_conduct"


class Severity(StrEnum):
    """How much is at stake, by the facts alone."""

    SLIGHT = "slight"
    MODERATE = "moderate"
    SERIOUS = "serious"


class Part(BaseModel):
    """A part of the policy: frozen, and strict about keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Euros = Annotated[Decimal, Field(ge=0)]
Limits = dict[Currency, Euros]


class RemedySpec(Part):
    """One remedy of a row.

    `money`: what is paid is the claim (all of it or one party's part), the small extra, or nothing.
    `cost` (EUR) is what it costs the bank where no sum is named. `goodwill`: only for constructive
    conduct, on top of what is owed. `limit`: a larger sum needs a person. `if_claimed`: only where
    a sum is named at all. `if_company`: only where the company erred as well.
    """

    kind: RemedyKind
    money: Literal["claim", "extra", "none"] = "none"
    cost: Euros = Decimal(0)
    goodwill: bool = False
    limit: Limits | None = None
    if_claimed: bool = False
    if_company: bool = False


class Row(Part):
    """The prepared answer for a situation; without category or severity it answers for all."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9_.-]{1,60}$")]
    situation: Situation
    category: Category | None = None
    severity: Severity | None = None
    remedies: Annotated[tuple[RemedySpec, ...], Field(min_length=1)]
    alternatives: tuple[RemedySpec, ...] = ()

    @property
    def specificity(self) -> int:
        """Return the rank of this row among those that fit a case; the highest answers."""
        return 2 * (self.category is not None) + (self.severity is not None)

    def fits(self, situation: Situation, category: Category, severity: Severity) -> bool:
        """Say whether this row could answer such a case."""
        return (
            self.situation is situation
            and self.category in {None, category}
            and self.severity in {None, severity}
        )


class Applies(Part):
    """Which cases a matrix is for; nothing named means all."""

    jurisdictions: frozenset[Annotated[str, Field(pattern=r"^[A-Z]{2}$")]] = frozenset()
    products: frozenset[Product] = frozenset()

    @property
    def specificity(self) -> int:
        """Return the rank of a matrix among those that apply; a product goes before a country."""
        return 2 * bool(self.products) + bool(self.jurisdictions)

    def to(self, jurisdiction: str | None, product: Product | None) -> bool:
        """Say whether the matrix is for such cases."""
        return (not self.jurisdictions or jurisdiction in self.jurisdictions) and (
            not self.products or product in self.products
        )


class MatrixFile(Part):
    """One matrix as its file says it."""

    valid_from: date
    extends: str | None = None
    applies: Applies = Applies()
    remove: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """A row of an effective matrix with the matrix that it comes from."""

    row: Row
    origin: str

    @property
    def name(self) -> str:
        """Return the row's name on a decision."""
        return f"{self.origin}/{self.row.id}"


Cell: TypeAlias = tuple[Situation, Category, Severity]


@dataclass(frozen=True, slots=True)
class Matrix:
    """An effective matrix: its own rows and those it inherits, indexed by what they answer."""

    id: str
    file: MatrixFile
    rows: tuple[Placed, ...]
    cells: Mapping[Cell, tuple[str, Row]]

    def row(self, situation: Situation, category: Category, severity: Severity) -> tuple[str, Row]:
        """Return the name of the row that answers, and the row."""
        return self.cells[situation, category, severity]


def lineage(matrix_id: str, files: Mapping[str, MatrixFile]) -> list[str]:
    """Return the matrix and those that it extends, nearest first; stops where a ring closes."""
    line = [matrix_id]
    while (parent := files[line[-1]].extends) is not None and parent in files:
        if parent in line:
            break
        line.append(parent)
    return line


def effective(matrix_id: str, files: Mapping[str, MatrixFile]) -> Matrix:
    """Put a matrix together with what it inherits."""
    rows: dict[str, Placed] = {}
    for origin in reversed(lineage(matrix_id, files)):
        for removed in files[origin].remove:
            rows.pop(removed, None)
        for row in files[origin].rows:
            rows[row.id] = Placed(row, origin)
    placed = tuple(rows.values())
    return Matrix(matrix_id, files[matrix_id], placed, dict(_cells(placed)))


def _cells(placed: Iterable[Placed]) -> Iterable[tuple[Cell, tuple[str, Row]]]:
    by_rank = sorted(placed, key=lambda each: each.row.specificity)
    for each in by_rank:  # the most specific comes last and stays
        row = each.row
        for category in (row.category,) if row.category else Category:
            for severity in (row.severity,) if row.severity else Severity:
                yield (row.situation, category, severity), (each.name, row)
