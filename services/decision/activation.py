"""Which policy decides: the folder's where it can be used, else the one that was active before.

Invariants: a policy that is refused never decides, and the refusal is loud; one that was ever
active stays stored whole, so that its decisions can be made again; without any the service does not
start. A policy of the bank's own is proved before its first use; the shipped one is by its tests.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from prometheus_client import Gauge

from services.decision import log
from services.decision.log import Entry
from services.decision.policy.loading import check_succession, load, load_body
from services.decision.policy.model import Policy, PolicyError
from shared import clock
from shared.postgres import Connection, Pool, is_transient
from shared.publisher import wait

_log = logging.getLogger(__name__)

REFUSED: Final = Gauge(
    "evenhand_policy_refused", "1 while the folder's policy is refused and an older one decides"
)

_LOOK_EVERY = 60.0
_KEY: Final = 0x4556_504F_4C49


Prove = Callable[[Policy], Sequence[object]]

_ACTIVE = "SELECT body FROM policies WHERE active"
_KNOWN = "SELECT true FROM policies WHERE hash = $1"
_LOCK = "SELECT pg_advisory_xact_lock($1)"
_RETIRE = "UPDATE policies SET active = false WHERE active AND hash <> $1"
_ACTIVATE = """
INSERT INTO policies (hash, version, valid_from, body, active) VALUES ($1, $2, $3, $4, true)
ON CONFLICT (hash) DO UPDATE SET active = true
"""


@dataclass(slots=True)
class Activation:
    """The policy that decides now, and the one that begins on its day."""

    pool: Pool
    policy: Policy
    next: Policy | None = None

    def now(self) -> Policy:
        """Return the active policy."""
        return self.policy

    async def run(self, stop: asyncio.Event) -> None:
        """Begin the next policy on its day."""
        while not stop.is_set():
            try:
                await self.begin()
            except Exception as error:
                if not is_transient(error):
                    raise
                _log.warning("a policy has not begun yet: %s", type(error).__name__)
            await wait(stop, _LOOK_EVERY)

    async def begin(self) -> None:
        """Let the next policy decide, if this is its day."""
        coming = self.next
        if coming is None or coming.valid_from > clock.now().date():
            return
        async with self.pool.acquire() as connection:
            await _activate(connection, coming)
        self.policy, self.next = coming, None


async def activate(
    pool: Pool, folder: Path | None, prove: Prove, today: date | None = None
) -> Activation:
    """Return what decides from now on; a refused policy leaves the old one active.

    Raises:
        PolicyError: the policy is refused and none was active before; the text names the place.

    """
    day = today or clock.now().date()
    async with pool.acquire() as connection:
        active = await _active(connection)
        try:
            policy = load(folder)
            if folder is not None:  # the shipped one is dated by its release, not by its upgrade
                check_succession(policy, active, day)
                if not await connection.fetchval(_KNOWN, policy.hash):
                    await _proved(policy, prove)
        except PolicyError as error:
            if active is None:
                raise
            REFUSED.set(1)
            for line in str(error).splitlines():
                _log.error("the policy is refused: %s", line)
            _log.error("policy %s of version %s stays active", active.hash, active.version)
            return Activation(pool, active)
        REFUSED.set(0)
        if active is not None and policy.valid_from > day:
            _log.info("policy %s begins on %s", policy.version, policy.valid_from)
            return Activation(pool, active, policy)
        await _activate(connection, policy)
    return Activation(pool, policy)


async def _active(connection: Connection) -> Policy | None:
    """Return the policy that is active; nothing where this version cannot read it any more."""
    body: str | None = await connection.fetchval(_ACTIVE)
    if body is None:
        return None
    try:
        return load_body(body)
    except PolicyError as error:
        _log.warning("the policy that was active cannot be read by this version: %s", error)
        return None


async def _proved(policy: Policy, prove: Prove) -> None:
    """Prove a policy, in a thread: it takes some seconds.

    Raises:
        PolicyError: it breaks a rule that no policy may break; the text shows a case for each.

    """
    problems = await asyncio.to_thread(prove, policy)
    if problems:
        raise PolicyError("\n".join(str(problem) for problem in problems))


async def _activate(connection: Connection, policy: Policy) -> None:
    """Let a policy be the active one; several instances that start at once do it once."""
    async with connection.transaction():
        await connection.execute(_LOCK, _KEY)
        before = await connection.fetchrow("SELECT hash FROM policies WHERE active")
        if before is not None and before["hash"] == policy.hash:
            return
        await connection.execute(_RETIRE, policy.hash)
        await connection.execute(
            _ACTIVATE, policy.hash, policy.version, policy.valid_from, policy.body
        )
        body = log.canonical(
            {
                "policy": policy.hash,
                "version": policy.version,
                "valid_from": policy.valid_from,
                "before": before["hash"] if before else None,
            }
        )
        await log.append(connection, [Entry(None, "policy_activated", "policy", clock.now(), body)])
    _log.info("policy %s of version %s is active", policy.hash, policy.version)
