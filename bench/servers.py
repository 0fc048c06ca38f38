"""The database and the broker of one measurement: fresh, durable, the same for everybody measured.

Invariant: nothing of an earlier measurement is in them. Logs stay where a measurement failed.
"""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local import broker, kafka, lock, postgres
from deploy.local.broker import Broker
from deploy.local.lock import FolderLock
from deploy.local.ports import free_port
from deploy.local.postgres import Postgres
from deploy.local.settings import Broker as BrokerKind


@dataclass(frozen=True, slots=True)
class Servers:
    """A running database and a running broker."""

    kind: BrokerKind
    folder: Path
    database: Postgres
    broker: Broker

    @property
    def admin_url(self) -> str:
        return self.database.dsn(postgres.ADMIN)

    @property
    def idempotence(self) -> bool:
        """Say whether producers can be idempotent."""
        return self.kind == "apache"


@asynccontextmanager
async def running(kind: BrokerKind, folder: Path) -> AsyncIterator[Servers]:
    """Run both in a folder that is emptied before and, unless something fails, afterwards.

    Raises:
        AlreadyRunningError: another benchmark runs in this folder.
        BrokerError, PostgresError: one of them did not start.

    """
    held = _take(folder)
    try:
        async with _started(kind, folder) as servers:
            yield servers
        _empty(folder)
    finally:
        held.release()


def _take(folder: Path) -> FolderLock:
    folder.mkdir(parents=True, exist_ok=True)
    held = lock.acquire(folder)
    _empty(folder)
    (folder / "logs").mkdir()
    return held


def _empty(folder: Path) -> None:
    for name in ("logs", "postgres", "kafka"):
        shutil.rmtree(folder / name, ignore_errors=True)


@asynccontextmanager
async def _started(kind: BrokerKind, folder: Path) -> AsyncIterator[Servers]:
    database = postgres.start(folder / "postgres", log=folder / "logs" / "database.log")
    try:
        log = folder / "logs" / "broker.log"
        if kind == "apache":
            started = await kafka.start(folder / "kafka", free_port(), free_port(), log)
        else:
            started = await broker.start(free_port(), log)
        try:
            yield Servers(kind, folder, database, started)
        finally:
            await started.stop()
    finally:
        database.stop()
