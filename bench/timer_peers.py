"""The peers: jobs of procrastinate with `schedule_at`, and workflows of DBOS that sleep.

Each runs as its documentation has it, in a process of its own; what fires does nothing but to note
when. Both look for work more often than by default, so that their lateness is not their pause.
"""

import asyncio
import multiprocessing
import time
from collections.abc import Callable, Coroutine
from datetime import timedelta
from multiprocessing.connection import Connection as Pipe
from typing import Any, Final

import asyncpg
from dbos import DBOS
from procrastinate import App, PsycopgConnector
from procrastinate.types import JSONDict

from bench.figures import Spread
from bench.timer_figures import Drain, Pending, Side
from bench.timers import TimerPlan
from bench.waiting import until
from deploy.local import postgres
from deploy.local.postgres import Postgres
from shared import clock

_POLL: Final = 0.05
_AT_ONCE: Final = 1_000
_CONCURRENCY: Final = 32
_WITHIN: Final = 600.0
_SOON: Final = timedelta(seconds=3)
_TASK: Final = "bench.timer"

Measure = Callable[[str, TimerPlan], Coroutine[Any, Any, Side]]


async def measure(database: Postgres, plan: TimerPlan, of: Measure, name: str) -> Side:
    """Measure a peer in a process of its own, on a database of its own."""
    admin = await asyncpg.connect(database.dsn(postgres.ADMIN))
    await admin.execute(f"CREATE DATABASE {name}")
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    url = database.dsn(postgres.ADMIN, name)
    process = context.Process(target=_run, args=(of, url, plan, theirs))
    process.start()
    theirs.close()
    try:
        side: Side = await asyncio.to_thread(ours.recv)
    finally:
        process.kill()
        await asyncio.to_thread(process.join)
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()
    return side


def _run(of: Measure, url: str, plan: TimerPlan, result: Pipe) -> None:
    result.send(asyncio.run(of(url, plan)))


_STARTED: Final = """
SELECT extract(epoch FROM e.at - j.scheduled_at)::float8 AS late
  FROM procrastinate_jobs j JOIN procrastinate_events e ON e.job_id = j.id AND e.type = 'started'
 WHERE j.scheduled_at >= $1
"""
_LEFT: Final = "SELECT count(*) FROM procrastinate_jobs WHERE status <> 'succeeded'"
_LATER: Final = """
INSERT INTO procrastinate_jobs (task_name, queue_name, args, scheduled_at)
SELECT $1, 'default', '{}', now() + interval '180 days' FROM generate_series(1, $2)
"""
_FETCH: Final = "SELECT id FROM procrastinate_fetch_job_v2(NULL, NULL)"


async def of_procrastinate(url: str, plan: TimerPlan) -> Side:
    """Measure procrastinate; its storm is smaller, and a rate all the same."""
    app = App(connector=PsycopgConnector(conninfo=url))

    @app.task(name=_TASK)
    async def fire(number: int) -> None:
        """Do nothing: the worker notes when it began."""

    storm = max(plan.storm // 10, 1)
    connection = await asyncpg.connect(url)
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        worker = asyncio.create_task(
            app.run_worker_async(
                concurrency=_CONCURRENCY,
                fetch_job_polling_interval=_POLL,
                install_signal_handlers=False,
            )
        )

        async def none_left() -> bool:
            return bool(await connection.fetchval(_LEFT) == 0)

        begins = clock.now() + _SOON
        for number in range(plan.per_second * plan.seconds):
            at = begins + timedelta(seconds=number / plan.per_second)
            await fire.configure(schedule_at=at).defer_async(number=number)
        await until(none_left, within=_WITHIN, every=_POLL)
        late = [row["late"] for row in await connection.fetch(_STARTED, begins)]
        storm_at = clock.now() + timedelta(seconds=15)
        began = time.perf_counter()
        for first in range(0, storm, _AT_ONCE):
            numbers = range(first, min(first + _AT_ONCE, storm))
            jobs: list[JSONDict] = [{"number": number} for number in numbers]
            await fire.configure(schedule_at=storm_at).batch_defer_async(*jobs)
        armed = storm / (time.perf_counter() - began)
        await asyncio.sleep(max((storm_at - clock.now()).total_seconds(), 0.0))
        await until(none_left, within=_WITHIN, every=_POLL)
        drained = (clock.now() - storm_at).total_seconds()
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
    pending = await _procrastinate_pending(connection, plan)
    await connection.close()
    return Side(
        name="procrastinate",
        armed_per_second=armed,
        drains=(Drain(timers=storm, workers=1, seconds=drained),),
        lateness=Spread.of([max(each, 0.0) for each in late]),
        pending=pending,
    )


async def _procrastinate_pending(
    connection: "asyncpg.Connection[asyncpg.Record]", plan: TimerPlan
) -> Pending:
    """Fetch a job among few and then among many that are due much later; none is kept."""
    found = {}
    await connection.execute("TRUNCATE procrastinate_jobs CASCADE")
    waiting = 0
    for count in (plan.few, plan.many):
        await connection.execute(_LATER, _TASK, count - waiting)
        waiting = count
        await connection.execute("VACUUM ANALYZE procrastinate_jobs")
        idle = await _fetch(connection, due=False)
        found[count] = (await _fetch(connection, due=True), idle)
    return Pending(
        few=plan.few,
        many=plan.many,
        claim_few_ms=found[plan.few][0],
        claim_many_ms=found[plan.many][0],
        idle_few_ms=found[plan.few][1],
        idle_many_ms=found[plan.many][1],
    )


_FETCHES: Final = 5


async def _fetch(connection: "asyncpg.Connection[asyncpg.Record]", *, due: bool) -> float:
    """Return the median milliseconds of fetching a job, one that is due or none."""
    taken = []
    for _ in range(_FETCHES):
        transaction = connection.transaction()
        await transaction.start()
        if due:
            await connection.execute(
                "INSERT INTO procrastinate_jobs (task_name, queue_name, args, scheduled_at)"
                " VALUES ($1, 'default', '{}', now() - interval '1 second')",
                _TASK,
            )
        began = time.perf_counter()
        found = await connection.fetchval(_FETCH)
        taken.append(time.perf_counter() - began)
        assert (found is not None) is due
        await transaction.rollback()
    return sorted(taken)[_FETCHES // 2] * 1000


async def of_dbos(url: str, plan: TimerPlan) -> Side:
    """Measure DBOS; a sleeping workflow is a task in the memory of its process, so it gets few."""
    DBOS(
        config={
            "name": "timers",
            "system_database_url": url,
            "sys_db_pool_size": 20,
            "log_level": "ERROR",
        }
    )
    late: list[float] = []

    @DBOS.workflow()
    async def timer(due: float) -> None:
        await DBOS.sleep_async(max(due - time.time(), 0.0))
        late.append(time.time() - due)

    DBOS.launch()
    begins = time.time() + _SOON.total_seconds()
    steady = []
    for number in range(plan.per_second * plan.seconds):
        due = begins + number / plan.per_second
        steady.append(await DBOS.start_workflow_async(timer, due))
    for handle in steady:
        await handle.get_result()
    spread = Spread.of([max(each, 0.0) for each in late])
    storm = max(plan.storm // 50, 1)
    began = time.perf_counter()
    due = time.time() + storm / _DBOS_ARMS + _SOON.total_seconds()
    handles = [await DBOS.start_workflow_async(timer, due) for _ in range(storm)]
    armed = storm / (time.perf_counter() - began)
    for handle in handles:
        await handle.get_result()
    connection = await asyncpg.connect(url)
    drained = float(await connection.fetchval(_DONE)) - due
    await connection.close()
    DBOS.destroy()
    return Side(
        name="DBOS",
        armed_per_second=armed,
        drains=(Drain(timers=storm, workers=1, seconds=drained),),
        lateness=spread,
        pending=None,
    )


_DONE: Final = "SELECT max(updated_at) / 1000.0 FROM dbos.workflow_status WHERE status = 'SUCCESS'"
_DBOS_ARMS: Final = 50.0
"""A careful guess at how many workflows a second it starts, so that none is due before the last."""
