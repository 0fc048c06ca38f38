"""The frame of every event model: frozen, tolerant of fields that a newer producer added.

An event once published is a promise. A field may be added with a default; none may be removed,
renamed, narrowed or made required: golden events in `tests/contract` load for ever.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field


def _to_utc(instant: datetime) -> datetime:
    """Keep one zone inside the system: equal instants are then equal bytes."""
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("cannot be told in UTC: it lies outside the years 1 to 9999") from error


Instant = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""An aware instant, kept in UTC. A time without an offset is refused."""

Confidence = Annotated[float, Field(ge=0.0, le=1.0)]
"""A calibrated probability: of 100 tags at .8, about 80 are right."""

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
"""ISO 4217 code."""

Amount = Annotated[Decimal, Field(ge=0, max_digits=20, decimal_places=4)]
"""A sum in the currency beside it; never a float."""


class Model(BaseModel):
    """A value inside an event."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="constants")


class Money(Model):
    """A sum of money."""

    amount: Amount
    currency: Currency
