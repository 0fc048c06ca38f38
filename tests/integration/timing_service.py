"""The loop that fires timers on a real database whose time can jump, and cases that wait."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from deploy.local import moved_clock
from services.decision import log
from services.decision.clock.load import Packs
from services.decision.in_return import offer_of
from services.decision.policy.model import Policy
from services.decision.timing import arming
from services.decision.timing.arming import Moved
from services.decision.timing.loop import Timers
from services.decision.timing.pace import Pace
from services.decision.timing.rows import Offer, Origin
from shared.events.catalogue import CaseClassified, SlaMilestone, Topic
from shared.postgres import Pool, connect
from shared.run import Parts
from tests.integration.decision_parts import PACKS, POLICY, Migrated, classified, parts_of

RECEIVED = datetime(2026, 11, 20, 9, tzinfo=UTC)
"""A Friday, ten in Warsaw."""
DAY = timedelta(days=1)


def polish(customer: str = "C-1", received_at: datetime = RECEIVED) -> CaseClassified:
    """Return a case under the Polish Act: 30 calendar days."""
    case = classified(customer=customer, received_at=received_at)
    return case.model_copy(update={"jurisdiction": "PL"})


@dataclass
class Clocks:
    """The clocks of one database, and ways to let them jump and to see what came of it."""

    pool: Pool
    admin: str
    packs: Packs = field(default_factory=lambda: PACKS)
    policy: Policy = field(default_factory=lambda: POLICY)

    def offers(self, origin: Origin) -> Offer | None:
        """Return what the policy gives for a delay."""
        return offer_of(self.policy, origin)

    @property
    def parts(self) -> Parts:
        return parts_of(self.pool)

    def loop(self) -> Timers:
        """Return a worker."""
        return Timers(self.parts, self.packs, Pace(), time_may_move=True, offers=self.offers)

    async def at(self, instant: datetime) -> None:
        """Let the time of the clocks be this instant, from now on."""
        now: datetime = await self.pool.fetchval("SELECT now()")
        await moved_clock.move(self.admin, instant - now)

    async def move(self, *moved: Moved) -> None:
        """Store how cases stand, as the hop does."""
        async with self.pool.acquire() as connection, connection.transaction():
            entries = await arming.follow(connection, moved, RECEIVED, self.packs)
            await log.append(connection, entries)

    async def log(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        """Return the entries of a kind: who made them, and what they say."""
        rows = await self.pool.fetch(
            "SELECT actor, body FROM decision_log WHERE kind = $1 ORDER BY position", kind
        )
        return [(row["actor"], orjson.loads(row["body"])) for row in rows]

    async def wait_for_people(self, *cases: CaseClassified) -> None:
        """Let cases wait for people."""
        rows = [(c.case_id, c.customer_id, c.received_at) for c in cases]
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.executemany(
                """
                INSERT INTO cases (case_id, customer_id, state, sequence, received_at, waiting,
                                   queue, referred_at)
                VALUES ($1, $2, 'referred', 0, $3, true, 'review', $3)
                """,
                rows,
            )
            moved = [Moved(case.case_id, case, waits=True, known=False) for case in cases]
            await arming.follow(connection, moved, RECEIVED, self.packs)

    async def answer(self, case: CaseClassified) -> None:
        """Let a case be answered."""
        await self.move(Moved(case.case_id, case, waits=False, known=True))

    async def drain(self) -> int:
        """Fire all that is due, and say how many timers that were."""
        loop, fired = self.loop(), 0
        async with self.pool.acquire() as connection:
            while count := await loop.fire(connection):
                fired += count
        return fired

    async def milestones(self, case_id: UUID | None = None) -> list[SlaMilestone]:
        """Return what was told of the clocks, in order."""
        rows = await self.pool.fetch(
            """
            SELECT body FROM outbox WHERE topic = $1 AND ($2::text IS NULL OR subject = $2)
             ORDER BY position
            """,
            Topic.SLA,
            None if case_id is None else str(case_id),
        )
        return [SlaMilestone.model_validate_json(row["body"]) for row in rows]

    async def climbed(self, case_id: UUID, pack: str = "pl_complaints") -> list[str | None]:
        """Return the rungs of one clock that fired, in order."""
        return [each.rung for each in await self.milestones(case_id) if each.clock.startswith(pack)]

    async def row(self, case_id: UUID, clock: str = "pl_complaints:0") -> asyncpg.Record:
        row = await self.pool.fetchrow(
            "SELECT * FROM clocks WHERE case_id = $1 AND clock = $2", case_id, clock
        )
        assert row is not None
        return row

    @contextlib.asynccontextmanager
    async def running(self, workers: int = 1) -> AsyncIterator[Sequence["asyncio.Task[None]"]]:
        """Run the loop."""
        stop = asyncio.Event()
        tasks = [asyncio.create_task(self.loop().run(stop)) for _ in range(workers)]
        try:
            yield tasks
        finally:
            stop.set()
            await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def clocks_of(database: Migrated) -> AsyncIterator[Clocks]:
    """Open the clocks of a database."""
    pool = await connect(database.url("decision"), schema="decision", connections=6)
    try:
        yield Clocks(pool, database.admin)
    finally:
        pool.terminate()
