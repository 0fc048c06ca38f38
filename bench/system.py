"""The whole real system as processes, with mail going to the benchmark's receiver.

The parts, their environments and their order are those of the embedded stack; only the inbox page
and the supervisor are left out: a part that dies spoils the measurement and must not be revived.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg
from pydantic import SecretStr

from bench.receiver import Receiver
from bench.servers import Servers
from deploy.local import environment, processes
from deploy.local.broker import create_topics
from deploy.local.ports import LOOPBACK
from deploy.local.processes import Child
from deploy.local.readiness import Asked, until_ready
from deploy.local.settings import Options, Ports
from deploy.local.stack import PARTITIONS
from deploy.local.state import Addresses, StackState
from shared import keys
from shared.events.catalogue import Topic
from shared.migrate import SERVICES, migrate, role_of

_STOP_WITHIN: Final = 10.0
_SINK: Final = "traces"
_WEBHOOK_SECRET: Final = "whsec_" + 32 * "YmVuY2g="[:4]


@dataclass(frozen=True, slots=True)
class System:
    """A running system that is ready for cases."""

    servers: Servers
    receiver: Receiver
    intake: tuple[str, int]
    """Host and port of its HTTP interface."""
    api_key: str
    children: dict[str, Child]

    @property
    def pids(self) -> dict[str, int]:
        """Return every process that takes part, the caller aside."""
        return {
            **{name: child.pid for name, child in self.children.items()},
            "database": self.servers.database.pid,
            "broker": self.servers.broker.pid,
            "receiver": self.receiver.process.pid,
        }

    def died(self) -> str | None:
        """Return the name of a part that is not running any more."""
        return next((name for name, child in self.children.items() if not child.running), None)


@asynccontextmanager
async def running(
    servers: Servers, receiver: Receiver, trace_ratio: float
) -> AsyncIterator[System]:
    """Run the four services and the trace sink.

    Raises:
        EvenhandError: a part did not start; the text ends with the last lines of its log.

    """
    ports = Ports().chosen()
    options = Options(folder=servers.folder, broker=servers.kind, trace_ratio=trace_ratio)
    await create_topics(servers.broker.bootstrap, dict.fromkeys(Topic, PARTITIONS))
    await migrate(servers.admin_url)
    state = _state(servers, receiver, ports, await _key(servers))
    environments = environment.of_services(options, ports, state, _STOP_WITHIN)
    logs = {name: servers.folder / "logs" / f"{name}.log" for name in (_SINK, *SERVICES)}
    children = {
        _SINK: processes.start(
            "deploy.local.traces", "--port", str(ports.traces), log=logs[_SINK], patience=3.0
        )
    }
    system = System(
        servers, receiver, (LOOPBACK, ports.intake), state.api_key.get_secret_value(), children
    )
    try:
        for name in SERVICES:
            children[name] = processes.start(
                f"services.{name}",
                environment=environments[name],
                log=logs[name],
                patience=_STOP_WITHIN + 2.0,
            )
        await until_ready(_asked(state, logs), died=system.died)
        yield system
    finally:
        await asyncio.gather(*(child.stop() for child in children.values()))


async def _key(servers: Servers) -> str:
    connection = await asyncpg.connect(servers.admin_url)
    try:
        return await keys.create(connection, "bench", keys.ROLES["intake"])
    finally:
        await connection.close()


def _state(servers: Servers, receiver: Receiver, ports: Ports, key: str) -> StackState:
    urls = {name: f"http://{LOOPBACK}:{getattr(ports, name)}" for name in SERVICES}
    return StackState(
        addresses=Addresses(
            intake_url=urls["intake"],
            services=urls,
            traces_url=f"http://{LOOPBACK}:{ports.traces}",
            inbox_url="",
            smtp_port=receiver.port,
            kafka_bootstrap=servers.broker.bootstrap,
            kafka_idempotence=servers.idempotence,
        ),
        admin_database_url=SecretStr(servers.admin_url),
        database_urls={name: SecretStr(servers.database.dsn(role_of(name))) for name in SERVICES},
        api_key=SecretStr(key),
        webhook_secret=SecretStr(_WEBHOOK_SECRET),
    )


def _asked(state: StackState, logs: dict[str, Path]) -> list[Asked]:
    addresses = state.addresses
    services = [Asked(n, addresses.services[n], logs[n], hops=True) for n in SERVICES]
    return [*services, Asked(_SINK, addresses.traces_url or "", logs[_SINK], hops=False)]
