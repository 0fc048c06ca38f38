"""Checks of single fields; every message tells an integrator what to send instead."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Final

from pydantic import AfterValidator, Field, PlainValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from shared.http import codes

_INSTANT: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?([Zz]|[+-]\d\d(:?\d\d)?)?", re.ASCII
)
_AMOUNT: Final = re.compile(r"(\d{1,15})(?:\.(\d{1,4}))?", re.ASCII)


def wrong(detail: str) -> PydanticCustomError:
    """Return the error of one field; its text goes to the integrator as it stands."""
    return PydanticCustomError("wrong", "{detail}", {"detail": detail})


def plain(text: str) -> str:
    """Check a single line.

    Raises:
        PydanticCustomError: it holds what does not print, or outer spaces.

    """
    if not text.isprintable() or text != text.strip():
        raise wrong("holds control characters, line breaks or outer spaces; remove them")
    return text


def instant(value: object) -> datetime:
    """Read an instant, to UTC.

    Raises:
        PydanticCustomError: it is not ISO 8601 with an offset between the years 1900 and 2200.

    """
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise wrong("must be an ISO 8601 instant such as 2026-11-20T10:00:00+01:00")
    try:
        found = datetime.fromisoformat(value.upper())
    except ValueError:
        raise wrong("is no date and time that exists; check day, hour and offset") from None
    if found.tzinfo is None:
        raise wrong("lacks its offset from UTC; add one, such as +01:00 or Z")
    if not 1900 <= found.year <= 2200:  # noqa: PLR2004 - the years that the message names
        raise wrong("must lie between the years 1900 and 2200")
    return found.astimezone(UTC)


def amount(value: object, info: ValidationInfo) -> Decimal:
    """Read a sum; the currency, checked before it, says how many decimals it may have.

    Raises:
        PydanticCustomError: it is not a plain decimal, negative, or too fine for the currency.

    """
    if isinstance(value, float):
        raise wrong('must be a string such as "12.50"; a JSON fraction loses cents')
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise wrong('must be a decimal string such as "12.50"')
    digits = str(value)
    if digits.startswith("-"):
        raise wrong("must not be negative; send what the customer asks for")
    found = _AMOUNT.fullmatch(digits)
    if found is None:
        raise wrong('must be a decimal such as "12.50": at most 15 digits, a point, no separators')
    currency = info.data.get("currency")
    if currency is not None and len(found[2] or "") > codes.decimals(currency):
        raise wrong(f"has more decimals than {currency}: at most {codes.decimals(currency)}")
    return Decimal(digits)


def _currency(value: str) -> str:
    if value not in codes.currencies():
        raise wrong("must be a currency in use, ISO 4217 in capitals, such as EUR")
    return value


CurrencyCode = Annotated[str, AfterValidator(_currency), Field(examples=["PLN"])]
InstantField = Annotated[datetime, PlainValidator(instant, json_schema_input_type=str)]
AmountField = Annotated[Decimal, PlainValidator(amount, json_schema_input_type=str)]
