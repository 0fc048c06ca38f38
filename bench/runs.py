"""One run: the system in rounds, then at half its rate, then the floor and the peer, all afresh.

Invariant: each measurement has servers of its own and a warm-up that does not count.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg

from bench import cases, floor, load, machine, mails, peer, receiver, servers, system
from bench.figures import Floor, Latency, Machine, Mails, Peer, Throughput
from deploy.local.settings import Broker
from shared.events.catalogue import Topic

FOLDER: Final = Path(".evenhand") / "bench"
TRACE_RATIO: Final = 0.05
_ROUNDS: Final = 2
_PROCESSES: Final = (1, 2)
_WAY: Final = (Topic.SUBMITTED, Topic.CLASSIFIED, Topic.DECIDED, Topic.NOTIFIED)
_HEADER_BYTES: Final = 299  # CloudEvents attributes and trace context, as the envelope writes them

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    cases: int
    warm_up: int
    steady_seconds: float
    peer_cases: int
    peer_warm_up: int
    mails: int


@dataclass(frozen=True, slots=True)
class SystemFigures:
    """What was found out about the system."""

    throughput: tuple[Throughput, ...]
    latency: Latency
    event_bytes: dict[str, int]
    machine: Machine


async def rounds(running: system.System, plan: Plan, tell: Tell) -> tuple[Throughput, ...]:
    """Submit all at once, some times over, after a warm-up.

    Raises:
        SpoiltError: a round cannot count.

    """
    of = cases.samples()
    await load.all_at_once(running, cases.bodies(0, plan.warm_up, of))
    found = []
    for number in range(_ROUNDS):
        first = plan.warm_up + number * plan.cases
        found.append(await load.all_at_once(running, cases.bodies(first, plan.cases, of)))
        tell(f"  round {number + 1}: {found[-1].per_second:,.0f} cases/s")
    return tuple(found)


async def of_system(broker: Broker, plan: Plan, load_before: float, tell: Tell) -> SystemFigures:
    """Measure the system: throughput, then latency at half of it."""
    async with (
        servers.running(broker, FOLDER) as started,
        receiver.running() as mail,
        system.running(started, mail, TRACE_RATIO) as running,
    ):
        facts = await machine.describe(started, load_before)
        throughput = await rounds(running, plan, tell)
        sizes = await _event_bytes(started.admin_url)
        rate = sum(t.cases for t in throughput) / sum(t.seconds for t in throughput) / 2
        first = plan.warm_up + _ROUNDS * plan.cases
        bodies = cases.bodies(first, int(rate * plan.steady_seconds), cases.samples())
        latency = await load.steadily(running, bodies, rate)
        tell(f"  at {rate:,.0f} cases/s: message after p99 {latency.message.p99:,.0f} ms")
        return SystemFigures(throughput, latency, sizes, facts)


_MEANS = """
SELECT topic, avg(octet_length(body)) AS bytes
  FROM (SELECT topic, body FROM intake.outbox UNION ALL SELECT topic, body FROM classifier.outbox
        UNION ALL SELECT topic, body FROM decision.outbox
        UNION ALL SELECT topic, body FROM notifier.outbox) AS said
 GROUP BY topic
"""


async def _event_bytes(url: str) -> dict[str, int]:
    """Return the mean size of the event of each hop, headers included."""
    connection = await asyncpg.connect(url)
    try:
        rows = {row["topic"]: row for row in await connection.fetch(_MEANS)}
    finally:
        await connection.close()
    return {topic: round(rows[topic]["bytes"]) + _HEADER_BYTES for topic in _WAY}


async def of_mails(broker: Broker, plan: Plan, tell: Tell) -> Mails:
    """Measure the notifier alone: e-mails put into words and handed over."""
    async with servers.running(broker, FOLDER) as started, receiver.running() as mail:
        found = await mails.measure(started, mail, plan.mails)
    tell(f"  {found.per_second:,.0f} e-mails/s")
    return found


async def of_floor(broker: Broker, plan: Plan, sizes: dict[str, int], tell: Tell) -> list[Floor]:
    """Measure the floor in one process and in two; the faster one counts."""
    found = []
    for processes in _PROCESSES:
        async with servers.running(broker, FOLDER) as started:
            found.append(
                await floor.measure(
                    started,
                    list(sizes.values()),
                    plan.cases,
                    warm_up=plan.warm_up,
                    processes=processes,
                )
            )
        tell(f"  {processes} processes: {found[-1].per_second:,.0f} cases/s")
    return found


async def of_peer(broker: Broker, plan: Plan, tell: Tell) -> list[Peer]:
    """Measure the peer with one worker process and with two; the faster one counts."""
    found = []
    for workers in _PROCESSES:
        async with servers.running(broker, FOLDER) as started:
            found.append(
                await peer.measure(
                    started.database, plan.peer_cases, warm_up=plan.peer_warm_up, workers=workers
                )
            )
        tell(f"  {workers} processes: {found[-1].per_second:,.0f} cases/s")
    return found
