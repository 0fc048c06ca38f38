"""Load on the running system: everything at once for throughput, a steady rate for latency.

The steady rate is open-loop: each request has its instant, whatever became of those before it,
and its times count from that instant. A slow system cannot slow down its own measurement.
"""

import asyncio
import os
import time
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg
import orjson

from bench import cpu, wire
from bench.figures import Latency, Spread, Throughput
from bench.receiver import Arrival
from bench.system import System
from bench.waiting import until
from shared.errors import EvenhandError
from shared.events.catalogue import Notice

STREAMS: Final = 4

_WITHIN: Final = 300.0
_LOOK_EVERY: Final = 0.01
_ACCEPTED: Final = b'"status":202'


class SpoiltError(EvenhandError):
    """A measurement cannot count: something died, was refused or did not end."""


async def all_at_once(system: System, bodies: Sequence[bytes]) -> Throughput:
    """Submit cases by parallel streams and time them until every customer has the answer.

    Raises:
        SpoiltError: a case was refused, or not all were answered within five minutes.

    """
    requests = [
        wire.post("/v1/cases:batch", system.api_key, b"\n".join(bodies[n::STREAMS]), lines=True)
        for n in range(STREAMS)
    ]
    roots = {**system.pids, "client": os.getpid()}
    before, began = cpu.seconds(roots), time.monotonic()
    await asyncio.gather(
        _submit(system, requests, len(bodies)), _until_answered(system, len(bodies))
    )
    await _until_told(system)
    told, after = time.monotonic(), cpu.seconds(roots)
    arrivals = await system.receiver.take()
    first = _first(arrivals)
    receipts = [at for (_, receipt), at in first.items() if receipt]
    answers = [at for (_, receipt), at in first.items() if not receipt]
    return Throughput(
        cases=len(bodies),
        seconds=max(answers) - began,
        seconds_to_receipts=max(receipts) - began,
        seconds_to_told=told - began,
        notices={kind: sum(a.notice is kind for a in arrivals) for kind in Notice},
        repeats=len(arrivals) - len({(a.case_id, a.notice) for a in arrivals}),
        cpu=cpu.since(before, after),
    )


async def _submit(system: System, requests: Sequence[bytes], cases: int) -> None:
    answers = await asyncio.gather(*(wire.stream(*system.intake, data) for data in requests))
    accepted = sum(answer.count(_ACCEPTED) for answer in answers)
    if accepted != cases:
        raise SpoiltError(f"{cases - accepted} of the cases were not accepted")


def _first(arrivals: Sequence[Arrival]) -> dict[tuple[UUID, bool], float]:
    """Return when each case had its receipt (True) and its answer (False) first."""
    first: dict[tuple[UUID, bool], float] = {}
    for arrival in arrivals:
        first.setdefault((arrival.case_id, arrival.notice is Notice.RECEIPT), arrival.at)
    return first


async def _until_answered(system: System, cases: int) -> None:
    connection = await asyncpg.connect(system.servers.admin_url)
    try:
        await _answered(system, cases, connection)
    finally:
        await connection.close()


async def _answered(system: System, cases: int, connection: asyncpg.Connection) -> None:
    """Wait for the answers; a case that the bank must check first has none, and is counted out."""
    give_up = time.monotonic() + _WITHIN
    before = await connection.fetchval(_CHECKED_FIRST)
    while min(counts := await system.receiver.counts()) < cases:
        if counts[1] >= _NEARLY * cases:
            first = await connection.fetchval(_CHECKED_FIRST) - before
            if counts[0] >= cases and counts[1] + first >= cases:
                return
        if (name := system.died()) is not None:
            raise SpoiltError(f"{name} died; see {system.servers.folder / 'logs'}")
        if time.monotonic() > give_up:
            raise SpoiltError(
                f"of {cases} cases {counts[0]} have a receipt and {counts[1]} an answer "
                f"after {_WITHIN:.0f} seconds; see {system.servers.folder / 'logs'}"
            )
        await asyncio.sleep(_LOOK_EVERY)


_NEARLY: Final = 0.9
_CHECKED_FIRST: Final = "SELECT count(*) FROM decision.cases WHERE state = 'verifying'"
_OPEN: Final = """
SELECT count(*) FROM intake.journeys AS journey WHERE told_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM decision.cases AS waiting
     WHERE waiting.case_id = journey.case_id AND waiting.state = 'verifying'
)
"""


async def _until_told(system: System) -> None:
    connection = await asyncpg.connect(system.servers.admin_url)

    async def told() -> bool:
        return bool(await connection.fetchval(_OPEN) == 0)

    await until(told, within=_WITHIN, every=_LOOK_EVERY)
    await connection.close()


class _Steady:
    """Requests that leave at their instants."""

    def __init__(self, pool: wire.Pool) -> None:
        self._pool = pool
        self.due: dict[UUID, float] = {}
        self.late: list[float] = []
        self.accepted: list[float] = []

    async def run(self, requests: Sequence[bytes], per_second: float) -> None:
        began = time.monotonic() + _LOOK_EVERY
        sending = []
        for number, request in enumerate(requests):
            due = began + number / per_second
            if (ahead := due - time.monotonic()) > 0:
                await asyncio.sleep(ahead)
            sending.append(asyncio.create_task(self._send(request, due)))
        await asyncio.gather(*sending)

    async def _send(self, request: bytes, due: float) -> None:
        self.late.append(time.monotonic() - due)
        answer = await self._pool.send(request)
        self.accepted.append(time.monotonic() - due)
        self.due[UUID(orjson.loads(answer)["case_id"])] = due


async def steadily(system: System, bodies: Sequence[bytes], per_second: float) -> Latency:
    """Submit cases one by one at a steady rate and time each of them.

    Raises:
        SpoiltError: not all were answered within five minutes.
        wire.RefusedError: a case was refused.

    """
    requests = [wire.post("/v1/cases", system.api_key, body) for body in bodies]
    pool = wire.Pool(*system.intake)
    steady = _Steady(pool)
    roots = {**system.pids, "client": os.getpid()}
    before = cpu.seconds(roots)
    await steady.run(requests, per_second)
    await _until_answered(system, len(bodies))
    after = cpu.seconds(roots)
    pool.close()
    first = _first(await system.receiver.take())
    return Latency(
        per_second=per_second,
        requests=len(bodies),
        connections=pool.opened,
        generator_late=Spread.of(steady.late),
        accepted=Spread.of(steady.accepted),
        receipt=Spread.of([first[case, True] - due for case, due in steady.due.items()]),
        message=Spread.of([first[case, False] - due for case, due in steady.due.items()]),
        cpu=cpu.since(before, after),
    )
