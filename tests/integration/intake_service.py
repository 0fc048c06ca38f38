"""Runs intake for a test: the real application under uvicorn, on a real database."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import asyncpg
import httpx
import uvicorn
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import SecretStr
from starlette.types import ASGIApp

from services.intake.app import assemble
from services.intake.settings import IntakeSettings
from shared import keys, ops
from shared.keys import Role
from shared.postgres import Pool, connect
from shared.publisher import Publisher
from shared.run import Parts
from shared.settings import KafkaSettings


class Migrated(Protocol):
    """A migrated database."""

    @property
    def admin(self) -> str: ...

    def url(self, service: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Running:
    """Intake, and ways to look at it."""

    pool: Pool
    client: httpx.AsyncClient
    spans: InMemorySpanExporter
    publisher: Publisher
    port: int
    key: str
    app: ASGIApp

    async def count(self, table: str) -> int:
        """Count the rows of a table."""
        return int(await self.pool.fetchval(f"SELECT count(*) FROM {table}"))  # noqa: S608 - a test's own name


async def new_key(database: Migrated, *roles: Role, name: str = "bank") -> str:
    """Return a new key."""
    connection = await asyncpg.connect(database.admin)
    try:
        return await keys.create(connection, name, roles)
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def running(
    database: Migrated, *, bootstrap: str = "127.0.0.1:1", **settings: timedelta | bool | str
) -> AsyncIterator[Running]:
    """Run intake; without a broker nothing leaves the outbox."""
    key = await new_key(database, "admin")
    chosen = IntakeSettings.model_validate(
        {"database_url": SecretStr(database.url("intake")), "open_metrics": True, **settings}
    )
    pool = await connect(database.url("intake"), schema="intake", connections=6)
    publisher = Publisher(
        pool, KafkaSettings(bootstrap=bootstrap, idempotence=False), "evenhand-intake"
    )
    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    stop = asyncio.Event()

    async def probe() -> ops.Readiness:
        return ops.Readiness(database=True, broker=publisher.connected)

    parts = Parts(
        "intake", pool, publisher, provider.get_tracer("test"), "evenhand-intake", probe, stop
    )
    service = assemble(parts, chosen)
    if service.http is None:
        raise AssertionError("intake serves HTTP")
    server = uvicorn.Server(
        uvicorn.Config(service.http, log_config=None, access_log=False, lifespan="off")
    )
    listening = socket.create_server(("127.0.0.1", 0))  # takes connections from here on
    port = listening.getsockname()[1]
    tasks = [
        asyncio.create_task(loop(stop))
        for loop in (*service.loops, *([] if bootstrap.endswith(":1") else [publisher.run]))
    ]
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=20
    ) as client:
        yield Running(pool, client, spans, publisher, port, key, service.http)
    server.should_exit = True
    await serving
    listening.close()
    stop.set()
    await asyncio.gather(*tasks)
    await publisher.close(5)
    await pool.close()
