"""API keys: `evh_<id>_<secret>`, stored as a hash only, each with its owner and roles.

Three services know callers, each from its own schema: a key is stored in each whose roles it holds,
there with those roles only, and is made and revoked in all of them at once.

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
import unicodedata
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

import asyncpg

from shared.errors import Rejected
from shared.postgres import Connection, Pool, is_transient

IntakeRole: TypeAlias = Literal["submit", "read", "staff", "admin"]
# Of the review desk: people by what they may grant, who only reads, and the bank's own systems.
DeskRole: TypeAlias = Literal["clerk", "senior", "head", "executive", "auditor", "bank", "admin"]
# Of the notifier: who reads what was sent and sends it again, who only reads, and the bank's own
# systems, which report what came back.
NotifierRole: TypeAlias = Literal["staff", "auditor", "bank", "admin"]
Role: TypeAlias = IntakeRole | DeskRole | NotifierRole

ROLES: Final[Mapping[str, tuple[Role, ...]]] = {
    "intake": ("submit", "read", "staff", "admin"),
    "decision": ("clerk", "senior", "head", "executive", "auditor", "bank", "admin"),
    "notifier": ("staff", "auditor", "bank", "admin"),
}
CHOICES: Final = "; ".join(f"{service}: {', '.join(roles)}" for service, roles in ROLES.items())
TTL: Final = 5.0
STALE: Final = 60.0
PATIENCE: Final = 3.0

_MOST_REMEMBERED = 10_000
_LONGEST = 200
_TOKEN: Final = re.compile(r"evh_(?P<id>[0-9a-f]{12})_(?P<secret>.+)", re.ASCII | re.DOTALL)
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


# The operator's connection does not look into these schemas by itself: names are in full. One
# statement each, so that all schemas say the same.
_CREATE = """
WITH in_intake AS (
    INSERT INTO intake.api_keys (id, name, secret_sha256, roles)
    SELECT $1, $2, $3, $4::text[] WHERE cardinality($4::text[]) > 0
), in_notifier AS (
    INSERT INTO notifier.api_keys (id, name, secret_sha256, roles)
    SELECT $1, $2, $3, $6::text[] WHERE cardinality($6::text[]) > 0
)
INSERT INTO decision.api_keys (id, name, secret_sha256, roles)
SELECT $1, $2, $3, $5::text[] WHERE cardinality($5::text[]) > 0
"""


async def create(connection: Connection, name: str, roles: Collection[Role]) -> str:
    """Store a new key and return it: the only time that it is seen.

    `admin` is a role of every service, and so in every schema.

    Raises:
        Rejected: there is no such role, or none, or no name.

    """
    chosen = set(roles)
    if not chosen or chosen.difference(*ROLES.values()):
        raise Rejected(f"roles: choose from {CHOICES}")
    owner = unicodedata.normalize("NFKC", " ".join(name.split()))
    if not owner or owner != name or not name.isprintable():
        raise Rejected("name: say whose key it is, on one line, without outer or double spaces")
    identity = secrets.token_hex(6)
    secret = secrets.token_urlsafe(32)
    await connection.execute(
        _CREATE,
        identity,
        name,
        _hash(secret),
        sorted(chosen.intersection(ROLES["intake"])),
        sorted(chosen.intersection(ROLES["decision"])),
        sorted(chosen.intersection(ROLES["notifier"])),
    )
    return f"evh_{identity}_{secret}"


_REVOKE = """
WITH in_intake AS (
    UPDATE intake.api_keys SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL
    RETURNING id
), in_decision AS (
    UPDATE decision.api_keys SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL
    RETURNING id
), in_notifier AS (
    UPDATE notifier.api_keys SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL
    RETURNING id
)
SELECT EXISTS (SELECT FROM in_intake) OR EXISTS (SELECT FROM in_decision)
    OR EXISTS (SELECT FROM in_notifier)
"""


async def revoke(connection: Connection, identity: str) -> bool:
    """Refuse a key from now on, everywhere; says whether there was such a key in use."""
    return bool(await connection.fetchval(_REVOKE, identity))


_LIST = """
SELECT id, min(name) AS name, array_agg(DISTINCT role ORDER BY role) AS roles,
       min(created_at) AS created_at,
       CASE WHEN every(revoked_at IS NOT NULL) THEN max(revoked_at) END AS revoked_at
  FROM (SELECT id, name, roles, created_at, revoked_at FROM intake.api_keys
        UNION ALL
        SELECT id, name, roles, created_at, revoked_at FROM decision.api_keys
        UNION ALL
        SELECT id, name, roles, created_at, revoked_at FROM notifier.api_keys) AS stored
 CROSS JOIN unnest(roles) AS role
 GROUP BY id ORDER BY min(created_at), id
"""


def id_of(token: str) -> str | None:
    """Return the id of the key that a token shows, as keys are listed; None when it shows none."""
    shown = _TOKEN.fullmatch(token)
    return shown and shown["id"]


async def listed(connection: Connection) -> list[Key]:
    """Return all keys, each once with the roles of all services, oldest first."""
    return [
        Key(row["id"], row["name"], tuple(row["roles"]), row["created_at"], row["revoked_at"])
        for row in await connection.fetch(_LIST)
    ]


_FIND = """
SELECT name, roles, secret_sha256 FROM api_keys WHERE id = $1 AND revoked_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class _Known:
    caller: Caller
    secret_sha256: bytes
    read_at: float


class ApiKeys:
    """Says who shows a key, as the schema of the pool's service knows it; remembers for `TTL`."""

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
        shown = _TOKEN.fullmatch(token)
        if shown is None or len(token) > _LONGEST:
            return None
        key = await self._find(shown["id"])
        if key is None or not hmac.compare_digest(key.secret_sha256, _hash(shown["secret"])):
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
