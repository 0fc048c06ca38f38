"""Signed links to the status page. Pure.

Invariants: who has a link was given it, for one case and until one day; nobody can make or alter
one without the secret, and an altered one is like none. A link holds nothing personal: the case's
id, the end of its life, a signature.
"""

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias
from uuid import UUID

SHORTEST_SECRET: Final = 32
"""Characters of a secret; a random one of 32 hexadecimal digits has 128 bits."""

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{48}", re.ASCII)
_FORM: Final = re.compile(r"[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{32}", re.ASCII)
_HOUR: Final = 3600
_SIGNATURE: Final = 16
_FORM_SIGNATURE: Final = 24
_NONCE: Final = 12


@dataclass(frozen=True, slots=True)
class Good:
    """A link that leads to its case."""

    case_id: UUID
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Expired:
    """A link that was ours and whose time is over."""

    case_id: UUID
    token: str


Read: TypeAlias = Good | Expired | None


class Links:
    """Makes and reads links; the first secret signs, all of them are believed.

    A secret is changed by putting the new one first and dropping the old one when the last link
    signed with it has expired.
    """

    def __init__(self, base_url: str, secrets_: Sequence[str], lifetime: timedelta) -> None:
        if not secrets_ or any(len(secret) < SHORTEST_SECRET for secret in secrets_):
            raise ValueError(f"secrets of at least {SHORTEST_SECRET} characters are needed")
        self._base_url = base_url.rstrip("/")
        self._lifetime = lifetime
        # A key for each purpose: a signature of one kind is never good for the other.
        self._link_keys = [_key(secret, b"link") for secret in secrets_]
        self._form_keys = [_key(secret, b"form") for secret in secrets_]

    def link(self, case_id: UUID, at: datetime) -> str:
        """Return the address of a case's page, good for the lifetime from `at` on.

        The same case and hour give the same link: a message that is sent again says the same.
        """
        return f"{self._base_url}/s/{self.token(case_id, at)}"

    def token(self, case_id: UUID, at: datetime) -> str:
        """Return the part of the address that proves who was given it."""
        end = -int(-(at + self._lifetime).timestamp() // _HOUR)
        signed = case_id.bytes + end.to_bytes(4, "big")
        return _text(signed + _sign(self._link_keys[0], signed)[:_SIGNATURE])

    def read(self, token: str, now: datetime) -> Read:
        """Say where a link leads; None when it is not ours, whatever is wrong with it."""
        if not _TOKEN.fullmatch(token):
            return None
        data = urlsafe_b64decode(token)
        signed, signature = data[:-_SIGNATURE], data[-_SIGNATURE:]
        if not _is_signed(self._link_keys, signed, signature):
            return None
        case_id = UUID(bytes=signed[:16])
        end = datetime.fromtimestamp(int.from_bytes(signed[16:], "big") * _HOUR, UTC)
        return Good(case_id, token, end) if now < end else Expired(case_id, token)

    def form(self, token: str) -> str:
        """Return what a form of this link's page must bring back; each one is good for one act."""
        nonce = _text(secrets.token_bytes(_NONCE))
        signature = _sign(self._form_keys[0], _bound(token, nonce))[:_FORM_SIGNATURE]
        return f"{nonce}.{_text(signature)}"

    def act_of(self, token: str, form: str) -> str | None:
        """Return the name of the act that a form stands for; None when it is not of this page."""
        if not _FORM.fullmatch(form):
            return None
        nonce, _, signature = form.partition(".")
        good = _is_signed(self._form_keys, _bound(token, nonce), urlsafe_b64decode(signature))
        return nonce if good else None


def _key(secret: str, purpose: bytes) -> bytes:
    return hmac.digest(secret.encode(), b"evenhand status page: " + purpose, hashlib.sha256)


def _sign(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, hashlib.sha256)


def _is_signed(keys: Sequence[bytes], data: bytes, signature: bytes) -> bool:
    """Compare with every key, in a time that says nothing about how near one came."""
    found = [hmac.compare_digest(_sign(key, data)[: len(signature)], signature) for key in keys]
    return any(found)


def _bound(token: str, nonce: str) -> bytes:
    return f"{token} {nonce}".encode()


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
