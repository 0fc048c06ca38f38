"""The peer: the same four durable steps as a DBOS workflow, taken from its queue.

A workflow stands for a case; each of its steps does nothing and is recorded by DBOS in the same
PostgreSQL. DBOS keeps the history of every step, which our hops do not; our hops have a broker.
"""

import asyncio
import multiprocessing
import threading
import time
from multiprocessing.synchronize import Event
from typing import Final

import asyncpg
import sqlalchemy
from dbos import DBOS, DBOSClient, EnqueueOptions

from bench import cpu
from bench.figures import Peer
from bench.waiting import until
from deploy.local import postgres
from deploy.local.postgres import Postgres

_DATABASE: Final = "peer"
_QUEUE: Final = "cases"
_WORKFLOW: Final = "case"
_VERSION: Final = "bench"
_STEPS: Final = 4
_POLL_SECONDS: Final = 0.05
_AT_ONCE: Final = 64
_WITHIN: Final = 300.0
_LOOK_EVERY: Final = 0.02


async def measure(database: Postgres, cases: int, *, warm_up: int, workers: int) -> Peer:
    """Enqueue workflows in one transaction and time them to the last success, after a warm-up.

    Raises:
        TimeoutError: they were not done within five minutes.

    """
    connection = await asyncpg.connect(database.dsn(postgres.ADMIN))
    await connection.execute(f"CREATE DATABASE {_DATABASE}")
    await connection.close()
    url = database.dsn(postgres.ADMIN, _DATABASE)
    context = multiprocessing.get_context("spawn")
    ready = [context.Event() for _ in range(workers)]
    processes = [context.Process(target=_work, args=(url, event)) for event in ready]
    try:
        for process, event in zip(processes, ready, strict=True):  # the first makes the tables
            process.start()
            await asyncio.to_thread(event.wait, _WITHIN)
        await _send(url, warm_up, warm_up)
        roots = {f"worker {n + 1}": process.pid or 0 for n, process in enumerate(processes)}
        roots["database"] = database.pid
        before, began = cpu.seconds(roots), time.monotonic()
        await _send(url, cases, warm_up + cases)
        took = time.monotonic() - began
        spent = cpu.since(before, cpu.seconds(roots))
        return Peer(cases=cases, seconds=took, workers=workers, cpu=spent)
    finally:
        for process in processes:
            process.kill()
            process.join()


_DONE = "SELECT count(*) FROM dbos.workflow_status WHERE status = 'SUCCESS'"


async def _send(url: str, cases: int, target: int) -> None:
    """Enqueue so many and wait until so many have succeeded in all."""
    await asyncio.to_thread(_enqueue, url, cases)
    connection = await asyncpg.connect(url)

    async def done() -> bool:
        return bool(await connection.fetchval(_DONE) >= target)

    await until(done, within=_WITHIN, every=_LOOK_EVERY)
    await connection.close()


def _enqueue(url: str, cases: int) -> None:
    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1))
    client = DBOSClient(system_database_engine=engine)
    options = EnqueueOptions(workflow_name=_WORKFLOW, queue_name=_QUEUE, app_version=_VERSION)
    with engine.begin() as transaction:
        for number in range(cases):
            client.enqueue_in_transaction(transaction, options, number)
    client.destroy()
    engine.dispose()


def _work(url: str, ready: Event) -> None:
    DBOS(
        config={
            "name": "peer",
            "system_database_url": url,
            "sys_db_pool_size": 20,
            "application_version": _VERSION,
            "log_level": "ERROR",
        }
    )

    @DBOS.step()
    def step(number: int) -> int:
        return number

    @DBOS.workflow(name=_WORKFLOW)
    def case(number: int) -> int:
        for _ in range(_STEPS):
            step(number)
        return number

    DBOS.launch()
    DBOS.register_queue(_QUEUE, polling_interval_sec=_POLL_SECONDS, worker_concurrency=_AT_ONCE)
    ready.set()
    threading.Event().wait()
