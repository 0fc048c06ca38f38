"""The timers of the SLA clock: what many cost that wait, a storm, and lateness outside storms.

Invariant: every figure is of the decision service's own code on a database of its own, beside the
peers' on the same server and in the same run.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Final

import asyncpg

from bench import cpu, timer_rows, timer_worker
from bench.figures import Spread
from bench.servers import Servers
from bench.timer_figures import Beside, Drain, Pending, Side
from bench.timer_worker import Where
from bench.waiting import until
from deploy.local import postgres
from deploy.local.broker import create_topics
from deploy.local.stack import PARTITIONS
from services.decision.timing import claims, store
from shared import clock
from shared.events.catalogue import Topic
from shared.migrate import migrate, role_of
from shared.postgres import Connection

_SOON: Final = timedelta(seconds=3)
_BEFORE_A_STORM: Final = 15.0
"""Seconds that are left for starting the workers."""
_LOOK_EVERY: Final = 0.05
_USUAL: Final = 1 / 3
"""Cases that come in, as a part of what one process decides at most: more than the whole system
takes on a machine like this, because the other services and their database share it."""
_WITHIN: Final = 600.0
_CLAIMED: Final = 500
_ARMED_AT_ONCE: Final = 200

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class TimerPlan:
    """How much is measured."""

    few: int = 10_000
    many: int = 1_000_000
    claims: int = 40
    armed: int = 40_000
    storm: int = 100_000
    window: float = 20.0
    """Seconds of new cases, before a storm and during it."""
    per_second: int = 100
    seconds: int = 10
    """Length of the time in which single timers come due."""


async def of_ours(servers: Servers, plan: TimerPlan, tell: Tell) -> tuple[Side, tuple[Beside, ...]]:
    """Measure our own timers."""
    await create_topics(servers.broker.bootstrap, dict.fromkeys(Topic, PARTITIONS))
    pending = await _pending(servers, plan)
    tell(f"  claim among {plan.many:,} / among {plan.few:,}: {pending.claim_ratio:.2f}")
    armed = await _arming(servers, plan)
    tell(f"  armed: {armed:,.0f} timers/s")
    lateness = await _lateness(servers, plan)
    tell(f"  lateness p99: {lateness.p99:,.0f} ms")
    drains = []
    for workers in (1, 2):
        drains.append(await _storm(servers, plan, workers))
        tell(f"  storm, {workers} processes: {drains[-1].per_second:,.0f} timers/s")
    full = await _beside(servers, plan, math.inf)
    usual = await _beside(servers, plan, full.cases_before * _USUAL)
    for beside in (usual, full):
        tell(
            f"  new cases keep {beside.kept:.0%} of {beside.cases_before:,.0f}/s"
            f" beside {beside.fired_during:,.0f} timers/s"
        )
    ours = Side(
        name="Evenhand",
        armed_per_second=armed,
        drains=tuple(drains),
        lateness=lateness,
        pending=pending,
    )
    return ours, (usual, full)


@asynccontextmanager
async def _database(servers: Servers, name: str) -> AsyncIterator[tuple[Connection, Where]]:
    """Make a database with our tables, and drop it afterwards."""
    admin = await asyncpg.connect(servers.admin_url)
    await admin.execute(f"CREATE DATABASE {name}")
    url = servers.database.dsn(postgres.ADMIN, name)
    await migrate(url)
    connection = await asyncpg.connect(url, server_settings={"search_path": "decision"})
    service = servers.database.dsn(role_of("decision"), name)
    try:
        yield connection, Where(service, servers.broker.bootstrap, servers.idempotence)
    finally:
        await connection.close()
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()


async def _pending(servers: Servers, plan: TimerPlan) -> Pending:
    """Claim again and again among few and among many, in turn; nothing that is claimed is kept."""
    async with AsyncExitStack() as stack:
        open_ones: dict[int, Connection] = {}
        for count in (plan.few, plan.many):
            name = f"pending_{count}"
            connection, _ = await stack.enter_async_context(_database(servers, name))
            url = servers.database.dsn(postgres.ADMIN, name)
            await timer_rows.later(url, count, timer_rows.clock_at(clock.now()))
            open_ones[count] = connection
        idle = await _timed(plan.claims, open_ones, claims.ahead)
        past = clock.now() - timedelta(minutes=1)
        for connection in open_ones.values():
            await timer_rows.due(connection, 0, 2 * _CLAIMED, lambda _: past)
            await connection.execute("ANALYZE timers")
        claimed = await _timed(plan.claims, open_ones, _claim)
    return Pending(
        few=plan.few,
        many=plan.many,
        claim_few_ms=claimed[plan.few],
        claim_many_ms=claimed[plan.many],
        idle_few_ms=idle[plan.few],
        idle_many_ms=idle[plan.many],
    )


async def _claim(connection: Connection) -> None:
    transaction = connection.transaction()
    await transaction.start()
    claim = await claims.claim(connection, _CLAIMED)
    await transaction.rollback()
    assert claim.timers == _CLAIMED, f"claimed {claim.timers}"


async def _timed(
    times: int,
    connections: dict[int, Connection],
    act: Callable[[Connection], Awaitable[object]],
) -> dict[int, float]:
    """Return median milliseconds of an act on each connection, done in turn."""
    taken: dict[int, list[float]] = {count: [] for count in connections}
    for number in range(times + 2):
        for count, connection in connections.items():
            began = time.perf_counter()
            await act(connection)
            if number > 1:
                taken[count].append(time.perf_counter() - began)
    return {count: median(each) * 1000 for count, each in taken.items()}


async def _arming(servers: Servers, plan: TimerPlan) -> float:
    """Return how many timers a second are armed, in transactions as the hop's."""
    template = timer_rows.clock_at(clock.now() - timedelta(hours=1))
    rungs = len(template.rungs)
    clocks = [
        timer_rows.armed(
            number,
            template.model_copy(
                update={"starts_at": template.starts_at + timedelta(microseconds=number)}
            ),
        )
        for number in range(plan.armed // rungs)
    ]
    async with _database(servers, "arming") as (connection, _):
        began = time.perf_counter()
        for first in range(0, len(clocks), _ARMED_AT_ONCE):
            async with connection.transaction():
                await store.arm(connection, clocks[first : first + _ARMED_AT_ONCE])
        return len(clocks) * rungs / (time.perf_counter() - began)


_LATE = """
SELECT extract(epoch FROM fired_at - due_at)::float8 AS late FROM timers WHERE due_at > $1
"""


async def _lateness(servers: Servers, plan: TimerPlan) -> Spread:
    """Let single timers come due at a steady rate; nothing else goes on."""
    count = plan.per_second * plan.seconds
    async with (
        _database(servers, "lateness") as (connection, where),
        timer_worker.running(where),
    ):
        begins = clock.now() + _SOON
        step = timedelta(seconds=1) / plan.per_second
        await timer_rows.due(connection, 0, count, lambda n: begins + n * step)
        await _fired(connection, begins - step, count)
        rows = await connection.fetch(_LATE, begins - step)
    return Spread.of([max(row["late"], 0.0) for row in rows])


# No count: it would cost the database a good part of what it measures.
_LEFT = "SELECT EXISTS (SELECT FROM timers WHERE due_at >= $1 AND fired_at IS NULL)"


async def _fired(connection: Connection, since: datetime, count: int) -> None:
    """Wait until all so many timers that are due since then have fired."""
    total = await connection.fetchval("SELECT count(*) FROM timers WHERE due_at >= $1", since)
    assert total == count, f"{total} timers instead of {count}"

    async def none_left() -> bool:
        return not await connection.fetchval(_LEFT, since)

    await until(none_left, within=_WITHIN, every=_LOOK_EVERY)


_LAST = "SELECT max(fired_at) FROM timers WHERE due_at = $1"


async def _storm(servers: Servers, plan: TimerPlan, workers: int) -> Drain:
    """Let all timers come due at one instant while nothing else goes on."""
    async with _database(servers, f"storm_{workers}") as (connection, where):
        at = await _laid(connection, plan.storm)
        roots = {"database": servers.database.pid, "broker": servers.broker.pid}
        async with AsyncExitStack() as stack:
            for number in range(workers):
                worker = await stack.enter_async_context(timer_worker.running(where))
                roots[f"decision {number + 1}"] = worker.process.pid or 0
            await _until(at)
            before = cpu.seconds(roots)
            await _fired(connection, at, plan.storm)
            spent = cpu.since(before, cpu.seconds(roots))
            last = await connection.fetchval(_LAST, at)
    seconds = (last - at).total_seconds()
    return Drain(timers=plan.storm, workers=workers, seconds=seconds, cpu=spent)


async def _laid(connection: Connection, count: int, ahead: float = _BEFORE_A_STORM) -> datetime:
    """Lay a storm that breaks so many seconds after it is laid; returns its instant."""
    # A first look at how long laying takes, so that the instant is still ahead afterwards.
    began = time.perf_counter()
    probe = min(1_000, count)
    at = clock.now() + timedelta(days=1)
    await timer_rows.due(connection, 0, probe, lambda _: at)
    took = timedelta(seconds=(time.perf_counter() - began) * count / probe)
    await connection.execute("TRUNCATE timers, clocks, plans, cases, incidents")
    at = clock.now() + 2 * took + timedelta(seconds=ahead)
    await timer_rows.due(connection, 0, count, lambda _: at)
    await connection.execute("ANALYZE timers; ANALYZE clocks; ANALYZE cases")
    return at


async def _until(instant: datetime) -> None:
    left = (instant - clock.now()).total_seconds()
    assert left > 0, "the storm broke before its time"
    await asyncio.sleep(left)


async def _beside(servers: Servers, plan: TimerPlan, rate: float) -> Beside:
    """Let a storm break while cases come in at a rate, or as fast as one process decides them."""
    async with _database(servers, "beside") as (connection, where):
        at = await _laid(connection, plan.storm, _BEFORE_A_STORM + plan.window)
        async with timer_worker.running(where, rate) as worker:
            await _until(at - timedelta(seconds=plan.window))
            started = worker.cases.value
            await asyncio.sleep(plan.window)
            broke = worker.cases.value
            seconds = await _drained(connection, at, plan.window)
            ended = worker.cases.value
            left = await connection.fetchval(_LEFT_OF, at)
    return Beside(
        timers=plan.storm,
        rate=None if math.isinf(rate) else rate,
        seconds=seconds,
        cases_before=(broke - started) / plan.window,
        cases_during=(ended - broke) / seconds,
        fired_during=(plan.storm - left) / seconds,
    )


async def _drained(connection: Connection, at: datetime, within: float) -> float:
    """Wait until all timers that are due then have fired, but no longer; returns the seconds."""
    began = time.monotonic()
    while (passed := time.monotonic() - began) < within:
        await asyncio.sleep(_LOOK_EVERY)
        if not await connection.fetchval(_LEFT_AT, at):
            return time.monotonic() - began
    return passed


_LEFT_AT = "SELECT EXISTS (SELECT FROM timers WHERE due_at = $1 AND fired_at IS NULL)"
_LEFT_OF = "SELECT count(*) FROM timers WHERE due_at = $1 AND fired_at IS NULL"
