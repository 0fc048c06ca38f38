"""Typed reading of the policy: a mistake in it stops the service at its start, never a case.

Every decision carries `Policy.hash`, so that the words it was made by can be found again.
"""

import hashlib
import json
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from shared.errors import EvenhandError
from shared.events.answer import RemedyKind
from shared.events.base import Currency, Money
from shared.events.case import Category

DEFAULT: Final = Path(__file__).resolve().parent


class PolicyError(EvenhandError):
    """The policy cannot be used; the text names the place."""


class Situation(StrEnum):
    """What happened, as the compensation matrix knows it."""

    BROKEN_PROMISE = "broken_promise"
    MALFUNCTION = "malfunction"
    WRONG_FEE = "wrong_fee"
    COMPANY_ERROR = "company_error"
    UNAUTHORISED_PAYMENT = "unauthorised_payment"
    THIRD_PARTY = "third_party"
    LAWFUL_CHANGE = "lawful_change"
    INFORMATION = "information"
    OWN_SLIP = "own_slip"
    UNCLEAR = "unclear"
    STAFF_CONDUCT = "staff_conduct"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Euros = Annotated[Decimal, Field(ge=0)]


class RemedySpec(_Part):
    """One remedy of a row: what it is, what it costs, whether conduct must open it."""

    kind: RemedyKind
    money: Literal["claim", "extra", "none"] = "none"
    cost: Euros = Decimal(0)
    goodwill: bool = False

    @model_validator(mode="after")
    def _a_claim_counts_where_no_sum_is_named(self) -> Self:
        if self.money == "claim" and not self.cost:
            raise ValueError("money: claim needs a cost, which counts where no sum is named")
        return self


Row = Annotated[tuple[RemedySpec, ...], Field(min_length=1)]


class Certificate(_Part):
    automatic: Euros


class Prior(_Part):
    alpha: Annotated[Decimal, Field(gt=0)]
    beta: Annotated[Decimal, Field(gt=0)]


class Checking(_Part):
    staff: Euros
    delay_per_day: Euros
    days: Annotated[Decimal, Field(ge=0)]


class Trust(_Part):
    untrue: Prior
    without_checkable_content: Annotated[Decimal, Field(ge=1)]
    checking: Checking


class GoodwillLimits(_Part):
    days_late: Annotated[int, Field(ge=0)]
    times: Annotated[int, Field(ge=0)]
    total: Euros


class Thresholds(_Part):
    fault: Annotated[float, Field(ge=0, le=1)]
    conduct: Annotated[float, Field(ge=0, le=1)]


class AnswerWithin(_Part):
    by_jurisdiction: dict[str, Annotated[int, Field(gt=0)]]
    otherwise: Annotated[int, Field(gt=0)]


class Policy(_Part):
    """Everything that a decision depends on, apart from the case."""

    version: str
    per_euro: dict[Currency, Annotated[Decimal, Field(gt=0)]]
    currency_of: dict[str, Currency]
    certificate: Certificate
    trust: Trust
    goodwill: GoodwillLimits
    confidence: Thresholds
    shared_part: Annotated[Decimal, Field(gt=0, lt=1)]
    answer_within: AnswerWithin
    extra: dict[Currency, Decimal]
    matrix: dict[Situation, dict[Category | Literal["any"], Row]]
    principal: frozenset[Category]
    _hash: str = PrivateAttr("")

    @property
    def hash(self) -> str:
        """The content hash that stands on every decision."""
        return self._hash

    @model_validator(mode="after")
    def _matrix_answers_every_case(self) -> Self:
        for situation in Situation:
            if "any" not in self.matrix.get(situation, {}):
                raise ValueError(f"matrix.{situation}: needs a row `any`")
        for currency in {*self.currency_of.values(), *self.extra}:
            if currency not in self.per_euro:
                raise ValueError(f"per_euro: {currency} is used and has no rate")
        return self

    def row(self, situation: Situation, category: Category) -> tuple[str, Row]:
        """Return the name of the row that answers, and the row."""
        rows = self.matrix[situation]
        if category in rows:
            return f"{situation}.{category}", rows[category]
        return f"{situation}.any", rows["any"]

    def in_euros(self, money: Money) -> Decimal | None:
        """Return what a sum counts in euros; nothing where the policy knows no rate."""
        rate = self.per_euro.get(money.currency)
        return None if rate is None else money.amount / rate


def load(folder: Path | None = None) -> Policy:
    """Read the policy of a folder (default: the shipped one).

    Raises:
        PolicyError: a file is missing or wrong; the text names the field.

    """
    path = (folder or DEFAULT) / "default.yaml"
    try:
        raw: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        policy = Policy.model_validate(raw)
    except (OSError, yaml.YAMLError) as error:
        raise PolicyError(f"{path}: {error}") from error
    except ValidationError as error:
        problems = [
            f"{path.name}: {'.'.join(map(str, item['loc'])) or 'policy'}: {item['msg']}"
            for item in error.errors(include_url=False)
        ]
        raise PolicyError("\n".join(problems)) from error
    canonical = json.dumps(raw, sort_keys=True, default=str, ensure_ascii=False)
    policy._hash = "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()  # noqa: SLF001 - set once, here
    return policy
