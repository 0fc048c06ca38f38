"""`python -m bench`: the system, the floor below it and a peer beside it, in one run."""

import os
import shlex
import sys
from collections.abc import Sequence
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from bench import load, receiver, report, runs, servers, system
from bench.figures import Run
from bench.runs import Plan
from deploy.local import kafka
from deploy.local.settings import Broker
from shared import clock
from shared.errors import EvenhandError


class Brokers(StrEnum):
    """On which brokers to measure."""

    EMBEDDED = "embedded"
    APACHE = "apache"
    BOTH = "both"


def main(
    *,
    cases: Annotated[int, typer.Option(min=100, help="Cases of one round.")] = 10_000,
    broker: Annotated[Brokers, typer.Option(help="On which broker.")] = Brokers.BOTH,
    quick: Annotated[
        bool, typer.Option("--quick", help="Little of everything, to see that it runs.")
    ] = False,
    profile: Annotated[
        bool, typer.Option("--profile", help="Only show where the CPU time goes.")
    ] = False,
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = Path("bench/results"),
) -> None:
    """Measure the system, the floor below it and a peer beside it."""
    load_before = os.getloadavg()[0]
    plan = (
        Plan(cases=1_000, warm_up=500, steady_seconds=5, peer_cases=200, peer_warm_up=50)
        if quick
        else Plan(cases=cases, warm_up=2_000, steady_seconds=20, peer_cases=1_000, peer_warm_up=200)
    )
    try:
        for chosen in _brokers(broker):
            if profile:
                uvloop.run(_profile(chosen, plan))
            else:
                uvloop.run(_measure(chosen, plan, load_before, out))
    except EvenhandError as error:
        sys.exit(f"bench: {error}")


def _brokers(asked: Brokers) -> Sequence[Broker]:
    if asked is Brokers.EMBEDDED:
        return ["embedded"]
    reason = kafka.available()
    if asked is Brokers.APACHE:
        if reason:
            sys.exit(f"bench: Apache Kafka cannot run here: {reason}")
        return ["apache"]
    if reason:
        typer.echo(f"Apache Kafka is left out: {reason}")
        return ["embedded"]
    return ["embedded", "apache"]


async def _profile(broker: Broker, plan: Plan) -> None:
    typer.echo(f"The system on the broker {broker}:")
    async with (
        servers.running(broker, runs.FOLDER) as started,
        receiver.running() as mail,
        system.running(started, mail, runs.TRACE_RATIO) as running,
    ):
        typer.echo(report.cpu_table(await runs.rounds(running, plan, typer.echo)))


async def _measure(broker: Broker, plan: Plan, load_before: float, out: Path) -> None:
    at = clock.now()
    typer.echo(f"The system on the broker {broker}:")
    found = await runs.of_system(broker, plan, load_before, typer.echo)
    typer.echo(report.cpu_table(found.throughput))
    typer.echo("The floor:")
    floors = await runs.of_floor(broker, plan, found.event_bytes, typer.echo)
    typer.echo("The peer:")
    peers = await runs.of_peer(broker, plan, typer.echo)
    path = report.write(
        Run(
            at=at.isoformat(timespec="seconds"),
            command=shlex.join(["python", "-m", "bench", *sys.argv[1:]]),
            broker=broker,
            trace_ratio=runs.TRACE_RATIO,
            streams=load.STREAMS,
            machine=found.machine,
            event_bytes=found.event_bytes,
            throughput=found.throughput,
            latency=found.latency,
            floor=tuple(floors),
            peer=tuple(peers),
            peer_version=version("dbos"),
        ),
        out,
    )
    typer.echo(f"Written to {path} and {out / 'README.md'}")


if __name__ == "__main__":
    typer.run(main)
