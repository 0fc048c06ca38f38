"""The small parts of the policy: limits, prices, chances and times, each with its unit."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from services.decision.policy.matrix import Euros, Part
from shared.events.base import Currency

Positive = Annotated[Decimal, Field(gt=0)]
Days = Annotated[int, Field(ge=0)]
Times = Annotated[int, Field(ge=0)]
Factor = Annotated[Decimal, Field(ge=1)]
Within = Annotated[timedelta, Field(gt=timedelta(0))]


class Prior(Part):
    """A Beta prior of a claim being untrue."""

    alpha: Positive
    beta: Positive


class Checking(Part):
    """What checking one claim costs: staff (EUR), and a day of the customer's waiting (EUR)."""

    staff: Euros
    delay_per_day: Euros
    days: Annotated[Decimal, Field(ge=0)]


class Trust(Part):
    """When believing is cheaper than checking. Claims older than `memory_days` are forgotten."""

    untrue: Prior
    without_checkable_content: Factor
    checking: Checking
    memory_days: Annotated[int, Field(gt=0)]


class Lately(Part):
    """A burst: this many cases of one customer in so many days. `takes` goodwill times away."""

    cases: Annotated[int, Field(gt=0)]
    days: Annotated[int, Field(gt=0)]
    factor: Factor
    takes: Times


class SameStory(Part):
    """Nearly the same words from this many other customers in so many days."""

    customers: Annotated[int, Field(gt=0)]
    days: Annotated[int, Field(gt=0)]
    factor: Factor
    takes: Times


class Abuse(Part):
    """What makes an untrue claim likelier, by factors on its chance; entitlement never sees it."""

    lately: Lately
    same_story: SameStory


class GoodwillLimits(Part):
    """Own slips: how late, how often and how much (EUR) in 12 months is forgiven.

    Each contradicted claim takes `contradicted_takes` of the times.
    """

    days_late: Days
    times: Times
    total: Euros
    contradicted_takes: Times


class Verification(Part):
    """How long the bank's systems have to answer."""

    first_within: Within
    background_within: Within


class Asking(Part):
    """How long the customer has to answer the friendly question."""

    answer_within: Within


class Bounds(Part):
    """From where on it is moderate, and serious."""

    moderate: Annotated[Decimal, Field(ge=0)]
    serious: Annotated[Decimal, Field(ge=0)]


class SeverityBounds(Part):
    """What severity is measured by: hours of lateness, days of delay, else the claim in EUR."""

    slip_hours: Bounds
    delay_days: Bounds
    euros: Bounds


class Delay(Part):
    """What a customer is credited with the word that the answer will be late.

    Once a case, and at most `times` in 12 months.
    """

    times: Times
    sums: dict[Currency, Euros]


class Extra(Part):
    """The little more than expected, where the bank erred; at most `limit` EUR."""

    limit: Euros
    sums: dict[Currency, Euros]
