"""`python -m bench`: the system, the floor below it and a peer beside it; the timers and theirs."""

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

from bench import load, receiver, report, runs, servers, system, timer_report, timer_runs
from bench.figures import Run
from bench.runs import Plan
from bench.timers import TimerPlan
from deploy.local import kafka
from deploy.local.settings import Broker
from shared import clock
from shared.errors import EvenhandError


class Brokers(StrEnum):
    """On which brokers to measure."""

    EMBEDDED = "embedded"
    APACHE = "apache"
    BOTH = "both"


class Part(StrEnum):
    """What to measure."""

    SYSTEM = "system"
    TIMERS = "timers"
    ALL = "all"


def main(  # noqa: PLR0913 - what to measure, how much of it, where to
    *,
    part: Annotated[Part, typer.Option(help="What to measure.")] = Part.ALL,
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
        Plan(
            cases=1_000,
            warm_up=500,
            steady_seconds=5,
            peer_cases=200,
            peer_warm_up=50,
            mails=2_000,
        )
        if quick
        else Plan(
            cases=cases,
            warm_up=2_000,
            steady_seconds=20,
            peer_cases=1_000,
            peer_warm_up=200,
            mails=20_000,
        )
    )
    try:
        for chosen in () if part is Part.TIMERS else _brokers(broker):
            if profile:
                uvloop.run(_profile(chosen, plan))
            else:
                uvloop.run(_measure(chosen, plan, load_before, out))
        if part is not Part.SYSTEM and not profile:
            uvloop.run(_timers(timer_runs.plan(quick=quick), load_before, out))
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
    typer.echo("E-mails:")
    mails = await runs.of_mails(broker, plan, typer.echo)
    typer.echo("The floor:")
    floors = await runs.of_floor(broker, plan, found.event_bytes, typer.echo)
    typer.echo("The peer:")
    peers = await runs.of_peer(broker, plan, typer.echo)
    path = report.write(
        Run(
            at=at.isoformat(timespec="seconds"),
            command=_command(),
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
            mails=mails,
        ),
        out,
    )
    typer.echo(f"Written to {path} and {out / 'README.md'}")


async def _timers(plan: TimerPlan, load_before: float, out: Path) -> None:
    typer.echo("The timers:")
    found = await timer_runs.run(plan, load_before, _command(), typer.echo)
    path = timer_report.write(found, out)
    report.write_readme(out)
    typer.echo(f"Written to {path} and {out / 'README.md'}")


def _command() -> str:
    """Return what was run; where the results went is a place on one machine and no part of it."""
    given = sys.argv[1:]
    if "--out" in given:
        at = given.index("--out")
        given = given[:at] + given[at + 2 :]
    return shlex.join(["python", "-m", "bench", *given])


if __name__ == "__main__":
    typer.run(main)
