"""The checks of single fields; every message tells an integrator what to send instead."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, PlainValidator, StrictBool, ValidationInfo
from pydantic_core import PydanticCustomError

from services.intake import codes

TEXT_LIMIT: Final = 20_000

_INSTANT: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?([Zz]|[+-]\d\d(:?\d\d)?)?", re.ASCII
)
_AMOUNT: Final = re.compile(r"(\d{1,15})(?:\.(\d{1,4}))?", re.ASCII)
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}", re.ASCII)
_EMAIL: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])",
    re.ASCII,
)
_PHONE: Final = re.compile(r"\+?[0-9(][0-9 ()./-]{3,30}[0-9]", re.ASCII)
_ADDRESS: Final = re.compile(r"[!-~]{1,2048}", re.ASCII)
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def wrong(detail: str) -> PydanticCustomError:
    """Return the error of one field; its text goes to the integrator as it stands."""
    return PydanticCustomError("wrong", "{detail}", {"detail": detail})


def _text(text: str) -> str:
    if text.isspace():
        raise wrong("is blank; send what the customer said")
    return text


def _plain(text: str) -> str:
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


def _country(value: str) -> str:
    if value not in codes.countries():
        raise wrong("must be a country by ISO 3166-1 alpha-2 in capitals, such as PL")
    return value


def _language(value: str) -> str:
    if not _LANGUAGE.fullmatch(value):
        raise wrong("must be a BCP 47 language tag such as pl or en-GB")
    return value


def _email(value: str) -> str:
    if not _EMAIL.fullmatch(value) or len(value) > 254 or value.index("@") > 64:  # noqa: PLR2004 - RFC 5321
        raise wrong("must be one e-mail address such as anna@example.com (domains in ASCII)")
    return value


def _phone(value: str) -> str:
    if not _PHONE.fullmatch(value):
        raise wrong("must be one telephone number such as +48 22 123 45 67")
    return value


def _webhook(value: str, info: ValidationInfo) -> str:
    try:
        url = urlsplit(value) if _ADDRESS.fullmatch(value) else None
        good = url is not None and bool(url.hostname) and url.port != 0
    except ValueError:
        url, good = None, False
    if url is None or not good or "@" in url.netloc or url.fragment:
        raise wrong("must be an https address of at most 2048 characters, without user or fragment")
    local = bool((info.context or {}).get("private_webhooks")) and url.hostname in _LOOPBACK
    if url.scheme != "https" and not (url.scheme == "http" and local):
        raise wrong("must start with https://")
    return value


Text = Annotated[str, Field(min_length=1, max_length=TEXT_LIMIT), AfterValidator(_text)]
CustomerId = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(_plain)]
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain)]
Code = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_plain)]
Language = Annotated[str, AfterValidator(_language), Field(examples=["pl"])]
Country = Annotated[str, AfterValidator(_country), Field(examples=["PL"])]
CurrencyCode = Annotated[str, AfterValidator(_currency), Field(examples=["PLN"])]
Email = Annotated[str, AfterValidator(_email), Field(examples=["anna@example.com"])]
Phone = Annotated[str, AfterValidator(_phone), Field(examples=["+48 22 123 45 67"])]
Webhook = Annotated[str, AfterValidator(_webhook), Field(examples=["https://bank.example/hooks"])]
InstantField = Annotated[datetime, PlainValidator(instant, json_schema_input_type=str)]
AmountField = Annotated[Decimal, PlainValidator(amount, json_schema_input_type=str)]
Truth = StrictBool


def size_of(value: Any) -> int:  # noqa: ANN401 - JSON is any value
    """Estimate how many characters a JSON value takes, without writing it."""
    size = 0
    stack = [value]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            size += sum(len(key) + 4 for key in part)
            stack.extend(part.values())
        elif isinstance(part, list):
            size += len(part)
            stack.extend(part)
        else:
            size += len(part) + 2 if isinstance(part, str) else 8
    return size
