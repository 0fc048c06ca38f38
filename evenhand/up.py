"""`evenhand up`: the whole system on this machine, until Ctrl-C."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Annotated

import typer

from deploy.local.settings import ClassifierVariables, Options, StackSettings
from deploy.local.stack import Stack
from evenhand.output import AsJson, emit, example, line
from shared.settings import load

app = typer.Typer(rich_markup_mode=None)


@app.command(
    epilog=example(
        "evenhand up",
        "EVENHAND_INTAKE_PORT=8090 evenhand up --folder /var/tmp/evenhand",
    )
)
def up(
    *,
    folder: Annotated[
        Path | None, typer.Option(help="Where the data is; default EVENHAND_HOME or .evenhand.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run the whole system until Ctrl-C.

    Database, broker, the four services, a page of traces and an inbox; the data stays in the
    folder.
    """
    settings = load(StackSettings)
    options = Options(
        folder=folder or settings.home,
        ports=settings.ports,
        broker=settings.broker,
        trace_ratio=settings.trace_ratio,
        log_level=settings.log_level,
        classifier=load(ClassifierVariables).given(),
    )
    asyncio.run(_up(options, as_json=as_json))


async def _up(options: Options, *, as_json: bool) -> None:
    follow_restarts()
    if not as_json:
        line("Starting ...")
    async with running(options) as (stack, stopped):
        if as_json:
            emit({"ready_after": stack.seconds["all"], **stack.addresses.model_dump()})
        else:
            line(f"Ready after {stack.seconds['all']:.1f} s.")
            for name, address in places(stack):
                line(f"  {name:<11} {address}")
            line(f"  {'API key':<11} in {stack.folder / 'stack.json'}; `evenhand` finds it")
            line("Ctrl-C stops it.")
        await stopped.wait()
        if not as_json:
            line("Stopping ...")


def follow_restarts() -> None:
    """Tell on stderr of parts that die and are started again."""
    logging.basicConfig(level=logging.ERROR, format="evenhand: %(message)s")
    logging.getLogger("deploy.local").setLevel(logging.WARNING)


def places(stack: Stack) -> list[tuple[str, str]]:
    """Return where people look at the parts."""
    addresses = stack.addresses
    shown = [("API", addresses.intake_url), ("API docs", f"{addresses.intake_url}/docs")]
    if addresses.traces_url is not None:
        shown.append(("traces", f"{addresses.traces_url}/"))
    return [
        *shown,
        ("inbox", f"{addresses.inbox_url}/"),
        ("bank", f"{addresses.bank_url}/"),
        ("broker", addresses.kafka_bootstrap),
        ("logs", str(stack.folder / "logs")),
    ]


@contextlib.asynccontextmanager
async def running(options: Options) -> AsyncGenerator[tuple[Stack, asyncio.Event], None]:
    """Run a stack; the event is set by Ctrl-C or SIGTERM, which also break off the start.

    Raises:
        typer.Exit: interrupted while it started.
        EvenhandError: as for `Stack.start`.

    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stopped.set)
    starting = asyncio.create_task(Stack.start(options))
    interrupted = asyncio.create_task(stopped.wait())
    await asyncio.wait({starting, interrupted}, return_when=asyncio.FIRST_COMPLETED)
    interrupted.cancel()
    if not starting.done():
        starting.cancel()
        await asyncio.wait({starting})
    if starting.cancelled():
        raise typer.Exit(130)
    stack = starting.result()
    try:
        yield stack, stopped
    finally:
        await stack.stop()
