"""One run of the timers: ours and the peers' on the same PostgreSQL server."""

from importlib.metadata import version

from bench import machine, servers, timer_peers, timers
from bench.runs import FOLDER, Tell
from bench.timer_figures import TimerRun
from bench.timers import TimerPlan
from shared import clock


def plan(*, quick: bool) -> TimerPlan:
    """Return how much is measured."""
    if quick:
        return TimerPlan(many=50_000, claims=10, armed=4_000, storm=5_000, window=3.0, seconds=3)
    return TimerPlan()


async def run(wanted: TimerPlan, load_before: float, command: str, tell: Tell) -> TimerRun:
    """Measure ours, then each peer."""
    at = clock.now()
    async with servers.running("embedded", FOLDER) as started:
        facts = await machine.describe(started, load_before)
        ours, beside = await timers.of_ours(started, wanted, tell)
        peers = []
        for of, name in (
            (timer_peers.of_procrastinate, "procrastinate"),
            (timer_peers.of_dbos, "dbos"),
        ):
            tell(f"The peer {name} {version(name)}:")
            peers.append(await timer_peers.measure(started.database, wanted, of, f"peer_{name}"))
            tell(f"  storm: {peers[-1].best.per_second:,.0f} timers/s")
    return TimerRun(
        at=at.isoformat(timespec="seconds"),
        command=command,
        machine=facts,
        ours=ours,
        beside=beside,
        peers=tuple(peers),
    )
