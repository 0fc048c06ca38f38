"""The checks of single fields; every message tells an integrator what to send instead."""

import re
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StrictBool, ValidationInfo

from shared.http import codes
from shared.http.fields import plain, wrong

TEXT_LIMIT: Final = 20_000

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}", re.ASCII)
_EMAIL: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])",
    re.ASCII,
)
_PHONE: Final = re.compile(r"\+?[0-9(][0-9 ()./-]{3,30}[0-9]", re.ASCII)
_ADDRESS: Final = re.compile(r"[!-~]{1,2048}", re.ASCII)
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def _text(text: str) -> str:
    if text.isspace():
        raise wrong("is blank; send what the customer said")
    return text


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
CustomerId = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(plain)]
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(plain)]
Code = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(plain)]
Language = Annotated[str, AfterValidator(_language), Field(examples=["pl"])]
Country = Annotated[str, AfterValidator(_country), Field(examples=["PL"])]
Email = Annotated[str, AfterValidator(_email), Field(examples=["anna@example.com"])]
Phone = Annotated[str, AfterValidator(_phone), Field(examples=["+48 22 123 45 67"])]
Webhook = Annotated[str, AfterValidator(_webhook), Field(examples=["https://bank.example/hooks"])]
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
