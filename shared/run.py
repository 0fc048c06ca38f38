"""Runs a service: HTTP, hops, loops; starts without the broker and stops gracefully.

On SIGTERM or Ctrl-C: HTTP takes nothing new, the batch in hand is finished and committed, the
consumer leaves its group, what was said is published, spans are flushed. A watchdog ends a stop
that hangs: everything that matters is already durable.
"""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import uvicorn
import uvloop
from faststream.kafka import KafkaBroker
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Tracer
from prometheus_client import Gauge
from starlette.applications import Starlette
from starlette.types import ASGIApp
from typing_extensions import override

from shared import ops, outbox, postgres, telemetry
from shared.errors import EvenhandError, describe
from shared.hop import Hop, Runner
from shared.kafka import build_broker, is_reachable, subscribe
from shared.postgres import Pool, is_transient
from shared.publisher import Publisher, wait
from shared.settings import KafkaSettings, ServiceSettings, load

_log = logging.getLogger(__name__)

UP = Gauge("evenhand_hops_running", "1 while the consumers of this service are joined")

_FORGET_EVERY = 60.0
_FORGET_PAUSE = 0.5


@dataclass(frozen=True, slots=True)
class Parts:
    """What a service is given to be built from."""

    name: str
    pool: Pool
    publisher: Publisher
    tracer: Tracer
    source: str
    probe: ops.Probe
    stop: asyncio.Event


Loop = Callable[[asyncio.Event], Coroutine[None, None, None]]


@dataclass(frozen=True, slots=True)
class Service:
    """What a service is: hops, loops that run until the stop, and its HTTP application.

    `loops` stop after the hops, so that what a last batch left for them is still seen. `close` runs
    last.
    """

    hops: Sequence[Hop] = ()
    loops: Sequence[Loop] = ()
    http: ASGIApp | None = None
    close: Sequence[Callable[[], Awaitable[None]]] = field(default=())


Build = Callable[[Parts], Awaitable[Service]]
SettingsKind = TypeVar("SettingsKind", bound=ServiceSettings)


def main(name: str, kind: type[SettingsKind], builder: Callable[[SettingsKind], Build]) -> None:
    """Run a service until it is told to stop; the body of every `python -m services.<name>`.

    Raises:
        SystemExit: settings, policy or model cannot be used; the message says what to change.

    """
    try:
        settings = load(kind)
        uvloop.run(_serve(name, settings, builder(settings)))
    except EvenhandError as error:
        sys.exit(f"{name}: {error}")


class _Server(uvicorn.Server):
    """A server that leaves the signals to `_serve`, which stops the parts in order."""

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


async def _serve(name: str, settings: ServiceSettings, build: Build) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    provider = telemetry.start(name, settings)
    kafka = load(KafkaSettings)
    pool = await _open_pool(name, settings, stop)
    if pool is None:
        return
    source = f"evenhand-{name}"
    publisher = Publisher(pool, kafka, source)
    tracer = provider.get_tracer("evenhand")
    # Each part of a stop has its share; the rest is for the watchdog not to be needed.
    share = settings.stop_within.total_seconds() / 6
    broker = build_broker(kafka, source, 2 * share)

    async def probe() -> ops.Readiness:
        broker_is_there = publisher.connected and await is_reachable(kafka)
        return ops.Readiness(database=await _answers(pool), broker=broker_is_there)

    parts = Parts(name, pool, publisher, tracer, source, probe, stop)
    service = await build(parts)
    _calm_the_collector()
    for hop in service.hops:
        runner = Runner(
            hop, pool=pool, publisher=publisher, source=source, tracer=tracer, stop=stop
        )
        subscribe(broker, kafka, hop.consumer, hop.topics, runner)
    server = _Server(
        uvicorn.Config(
            service.http or Starlette(routes=ops.routes(settings, probe)),
            host=settings.http_host,
            port=settings.http_port,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=max(1, int(share)),
        )
    )
    after_hops = asyncio.Event()
    tasks = [
        asyncio.create_task(publisher.run(after_hops), name="publisher"),
        asyncio.create_task(_forget(pool, settings, after_hops), name="forget"),
        *(asyncio.create_task(run_loop(after_hops)) for run_loop in service.loops),
    ]
    joining = asyncio.create_task(_join(broker, stop) if service.hops else _nothing())
    serving = asyncio.create_task(server.serve(), name="http")
    await _until_stopped(stop, [*tasks, joining, serving])
    _watch(settings.stop_within.total_seconds())
    server.should_exit = True
    results = await asyncio.gather(serving, joining, return_exceptions=True)
    await broker.stop()
    UP.set(0)
    after_hops.set()
    done, late = await asyncio.wait(tasks, timeout=share)
    for task in late:
        task.cancel()
    await publisher.close(share / 2)
    for close in service.close:
        await close()
    pool.terminate()
    _flush(provider, share / 2)
    ended = [task.exception() for task in done if not task.cancelled()]
    for result in (*results, *ended):
        if isinstance(result, Exception):
            raise EvenhandError(describe(result)) from result


def _flush(provider: TracerProvider, seconds: float) -> None:
    """Send the last spans; a collector that is away must not hold up the stop."""
    flushing = threading.Thread(target=provider.shutdown, daemon=True)
    flushing.start()
    flushing.join(seconds)


def _calm_the_collector() -> None:
    """Look for cycles less often: a batch makes many objects, and nearly none in cycles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def _nothing() -> None:
    return


async def _until_stopped(stop: asyncio.Event, tasks: Sequence["asyncio.Task[None]"]) -> None:
    """Wait for the stop; a part that fails stops the service, and the platform starts it anew."""

    def note(task: "asyncio.Task[None]") -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _log.error("%s failed: %s", task.get_name(), describe(error))
            stop.set()

    for task in tasks:
        task.add_done_callback(note)
    await stop.wait()


async def _open_pool(name: str, settings: ServiceSettings, stop: asyncio.Event) -> "Pool | None":
    while not stop.is_set():
        try:
            return await postgres.connect(
                settings.database_url.get_secret_value(),
                schema=name,
                connections=settings.database_connections,
            )
        except Exception as error:
            if not is_transient(error):
                raise
            _log.warning("database is away: %s", type(error).__name__)
            await wait(stop, 1.0)
    return None


async def _answers(pool: Pool) -> bool:
    try:
        async with pool.acquire(timeout=2) as connection:
            await connection.fetchval("SELECT 1", timeout=2)
    except Exception as error:
        if not is_transient(error):
            raise
        return False
    return True


async def _join(broker: KafkaBroker, stop: asyncio.Event) -> None:
    """Join the consumer groups, however long the broker takes to come up."""
    while not stop.is_set():
        try:
            await broker.start()
        except Exception as error:  # noqa: BLE001 - whatever the client raises: try again
            _log.warning("broker is away: %s", type(error).__name__)
            await broker.stop()
            await wait(stop, 1.0)
        else:
            UP.set(1)
            _log.info("joined the consumer groups")
            return


async def _forget(pool: Pool, settings: ServiceSettings, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            async with pool.acquire() as connection:
                more = await outbox.forget(connection, settings.keep_events)
        except Exception as error:
            if not is_transient(error):
                raise
            more = False
        await wait(stop, _FORGET_PAUSE if more else _FORGET_EVERY)


def _watch(seconds: float) -> None:
    def give_up() -> None:
        _log.critical("the stop took longer than %s s and is cut short", seconds)
        logging.shutdown()
        os._exit(3)

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()
