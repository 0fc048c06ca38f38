"""API keys: `evh_<id>_<secret>`, stored as a hash only, each with its owner and roles.

The owner (`name`) is who a request counts for: a key may be replaced without its owner's
Idempotency-Keys being forgotten. A revoked key is refused within `TTL`.
"""

import asyncio
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

from shared.errors import Rejected
from shared.postgres import Connection, Pool

Role: TypeAlias = Literal["submit", "read", "staff", "admin"]
ROLES: Final[tuple[Role, ...]] = ("submit", "read", "staff", "admin")
TTL: Final = 5.0

_PREFIX = "evh"
_MOST_REMEMBERED = 10_000
_LONGEST = 200
_ID: Final = re.compile(r"[0-9a-f]{12}", re.ASCII)
_CONNECT = 3.0


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, however that was proved."""

    subject: str
    roles: frozenset[str]

    def may(self, *roles: Role) -> bool:
        """Say whether one of these roles is held; `admin` holds all."""
        return "admin" in self.roles or not self.roles.isdisjoint(roles)


# Says who shows a token, or None when it proves nothing. API keys are one way; the tokens of an
# identity provider will be another.
Authenticate: TypeAlias = Callable[[str], Awaitable[Caller | None]]


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is listed: without its secret."""

    id: str
    name: str
    roles: tuple[str, ...]
    created_at: datetime
    revoked_at: datetime | None


# The operator's connection does not look into this schema by itself: names are in full.
_CREATE = """
INSERT INTO intake.api_keys (id, name, roles, secret_sha256) VALUES ($1, $2, $3, $4)
"""


async def create(connection: Connection, name: str, roles: Collection[Role]) -> str:
    """Store a new key and return it: the only time that it is seen.

    Raises:
        Rejected: there is no such role, or none, or no name.

    """
    unknown = [role for role in roles if role not in ROLES]
    if unknown or not roles:
        raise Rejected(f"roles: choose from {', '.join(ROLES)}")
    if not name.strip() or not name.isprintable():
        raise Rejected("name: say whose key it is")
    identity = secrets.token_hex(6)
    secret = secrets.token_urlsafe(32)
    await connection.execute(_CREATE, identity, name, sorted(set(roles)), _hash(secret))
    return f"{_PREFIX}_{identity}_{secret}"


_REVOKE = """
UPDATE intake.api_keys SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL
"""


async def revoke(connection: Connection, identity: str) -> bool:
    """Refuse a key from now on; says whether there was such a key in use."""
    return await connection.execute(_REVOKE, identity) == "UPDATE 1"


_LIST = """
SELECT id, name, roles, created_at, revoked_at FROM intake.api_keys ORDER BY created_at, id
"""


async def listed(connection: Connection) -> list[Key]:
    """Return all keys, oldest first."""
    return [
        Key(row["id"], row["name"], tuple(row["roles"]), row["created_at"], row["revoked_at"])
        for row in await connection.fetch(_LIST)
    ]


_FIND = """
SELECT name, roles, secret_sha256 FROM intake.api_keys WHERE id = $1 AND revoked_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class _Known:
    caller: Caller
    secret_sha256: bytes


class ApiKeys:
    """Says who shows a key; remembers what it has read for `TTL`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known: dict[str, tuple[float, _Known | None]] = {}
        self._reading = asyncio.Lock()

    async def __call__(self, token: str) -> Caller | None:
        """Return whose key this is, or None.

        Raises:
            OSError, asyncpg.PostgresError: the database is away.

        """
        prefix, _, rest = token.partition("_")
        identity, _, secret = rest.partition("_")
        if prefix != _PREFIX or not secret or not _ID.fullmatch(identity) or len(token) > _LONGEST:
            return None
        known = self._remembered(identity)
        if known is None:
            async with self._reading:
                known = self._remembered(identity) or await self._read(identity)
        key = known[1]
        if key is None or not hmac.compare_digest(key.secret_sha256, _hash(secret)):
            return None
        return key.caller

    def _remembered(self, identity: str) -> tuple[float, _Known | None] | None:
        found = self._known.get(identity)
        return found if found is not None and found[0] > time.monotonic() else None

    async def _read(self, identity: str) -> tuple[float, _Known | None]:
        async with self._pool.acquire(timeout=_CONNECT) as connection:
            row = await connection.fetchrow(_FIND, identity)
        key = None
        if row is not None:
            caller = Caller(row["name"], frozenset(row["roles"]))
            key = _Known(caller, row["secret_sha256"])
        if len(self._known) >= _MOST_REMEMBERED:  # somebody is trying ids
            self._known.clear()
        self._known[identity] = (time.monotonic() + TTL, key)
        return self._known[identity]


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
