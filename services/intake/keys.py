"""API keys: `evh_<id>_<secret>`, stored as a hash only, each with its owner and roles.

The owner (`name`) is who a request counts for: a key may be replaced without its owner's
Idempotency-Keys being forgotten. A revoked key is refused within `TTL`, or within `STALE` while the
database is away. Nobody waits longer than `PATIENCE`, and nobody for another key's lookup; ids that
were never seen share few connections, so that made-up ones hold up nobody who is known.
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

import asyncpg

from shared.errors import Rejected
from shared.postgres import Connection, Pool, is_transient

Role: TypeAlias = Literal["submit", "read", "staff", "admin"]
ROLES: Final[tuple[Role, ...]] = ("submit", "read", "staff", "admin")
TTL: Final = 5.0
STALE: Final = 60.0
PATIENCE: Final = 3.0

_PREFIX = "evh"
_MOST_REMEMBERED = 10_000
_LONGEST = 200
_ID: Final = re.compile(r"[0-9a-f]{12}", re.ASCII)
_RETRY = 1.0
_STRANGERS = 2


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
    read_at: float


class ApiKeys:
    """Says who shows a key; remembers what it has read for `TTL`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known: dict[str, _Known] = {}
        self._unknown: dict[str, float] = {}
        self._ask_again: dict[str, float] = {}
        self._reading: dict[str, asyncio.Task[_Known | None]] = {}
        self._strangers = asyncio.Semaphore(_STRANGERS)

    async def __call__(self, token: str) -> Caller | None:
        """Return whose key this is, or None.

        Raises:
            OSError, asyncpg.PostgresError: the database is away, or does not answer in time.

        """
        prefix, _, rest = token.partition("_")
        identity, _, secret = rest.partition("_")
        if prefix != _PREFIX or not secret or not _ID.fullmatch(identity) or len(token) > _LONGEST:
            return None
        key = await self._find(identity)
        if key is None or not hmac.compare_digest(key.secret_sha256, _hash(secret)):
            return None
        return key.caller

    async def _find(self, identity: str) -> _Known | None:
        now = time.monotonic()
        known = self._known.get(identity)
        if known is not None:
            asked_lately = identity in self._ask_again and now < self._ask_again[identity]
            if now < known.read_at + (STALE if asked_lately else TTL):
                return known
        elif identity in self._unknown and now < self._unknown[identity] + TTL:
            return None
        try:
            return await self._read_once(identity)
        except Exception as error:
            if known is None or not is_transient(error) or now >= known.read_at + STALE:
                raise
            self._ask_again[identity] = time.monotonic() + _RETRY
            return known

    async def _read_once(self, identity: str) -> _Known | None:
        """Read a key, together with whoever else asks for it now."""
        reading = self._reading.get(identity)
        if reading is None:
            reading = asyncio.create_task(self._read(identity))
            self._reading[identity] = reading
            reading.add_done_callback(lambda done: self._forget_reading(identity, done))
        # Not wait_for: a connection that hangs is slow to give up, too.
        done, _ = await asyncio.wait([reading], timeout=PATIENCE)
        if not done:
            raise TimeoutError
        return reading.result()

    def _forget_reading(self, identity: str, done: "asyncio.Task[_Known | None]") -> None:
        del self._reading[identity]
        if not done.cancelled():
            done.exception()  # seen, also where nobody waits any more

    async def _read(self, identity: str) -> _Known | None:
        async with asyncio.timeout(PATIENCE):
            if identity in self._known:
                row = await self._fetch(identity)
            else:
                async with self._strangers:
                    row = await self._fetch(identity)
        now = time.monotonic()
        self._ask_again.pop(identity, None)
        if row is None:
            self._known.pop(identity, None)
            if len(self._unknown) >= _MOST_REMEMBERED:  # somebody is trying ids
                self._unknown.clear()
            self._unknown[identity] = now
            return None
        self._unknown.pop(identity, None)
        caller = Caller(row["name"], frozenset(row["roles"]))
        self._known[identity] = _Known(caller, row["secret_sha256"], now)
        return self._known[identity]

    async def _fetch(self, identity: str) -> asyncpg.Record | None:
        async with self._pool.acquire(timeout=PATIENCE) as connection:
            return await connection.fetchrow(_FIND, identity, timeout=PATIENCE)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
