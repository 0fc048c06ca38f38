"""The whole system on this machine: database, broker, sinks and the four services as children.

Invariants: one stack for a folder; what an earlier run left behind is ended before anything
starts; whatever happens while it starts, what was started is stopped again.
"""

import asyncio
import base64
import secrets
import time
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import asyncpg
from pydantic import SecretStr

from deploy.local import broker, environment, folders, kafka, postgres, processes, state
from deploy.local.readiness import Asked, until_ready
from deploy.local.settings import Options, Ports
from deploy.local.state import Addresses, StackState
from deploy.local.supervisor import Part, Running, Supervisor
from shared import keys
from shared.events.catalogue import Topic
from shared.migrate import SERVICES, migrate, role_of

PARTITIONS: Final = 4

_HOST: Final = "127.0.0.1"
_SINKS: Final = ("traces", "mailbox", "bank")
_KEY_ROLES: Final[frozenset[keys.Role]] = frozenset({*keys.ROLES["intake"], "executive"})
_ORDER: Final = (SERVICES, _SINKS, ("broker",), ("database",))

# A service gives up a graceful stop by itself a little before it is killed.
_STOP_WITHIN: Final = 10.0
_SERVICE_PATIENCE: Final = _STOP_WITHIN + 2.0
_SINK_PATIENCE: Final = 3.0


@dataclass(frozen=True, slots=True)
class _Database:
    """The server as a part: its methods block, so they leave the loop free in a thread."""

    server: postgres.Postgres

    @property
    def pid(self) -> int:
        return self.server.pid

    @property
    def running(self) -> bool:
        return self.server.running

    async def stop(self) -> None:
        await asyncio.to_thread(self.server.stop)

    async def kill(self) -> None:
        await asyncio.to_thread(self.server.kill)


class Stack:
    """A running system; made by `start`."""

    def __init__(self, options: Options, folder: Path, ports: Ports, held: ExitStack) -> None:
        self.options = options
        self.folder = folder
        self.seconds: dict[str, float] = {}
        """How long each step of the start took."""
        self._ports = ports
        self._held = held
        self._postgres = held.enter_context(folders.short(folder)) / "postgres"
        self._supervisor = Supervisor(folder)
        self._server: postgres.Postgres | None = None
        self._state: StackState | None = None

    @classmethod
    async def start(cls, options: Options) -> Self:
        """Start everything and return when it is ready for cases.

        Raises:
            lock.AlreadyRunningError: a live process runs the stack of this folder.
            PortTakenError: a port that was asked for is taken.
            EvenhandError: a part did not start; the text ends with the last lines of its log.

        """
        folder = options.folder.absolute()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with ExitStack() as held:
            held.callback(folders.acquire(folder).release)
            await folders.end_leftovers(folder)
            if options.fresh:
                folders.forget(folder)
            ports = options.ports.chosen()
            stack = cls(options, folder, ports, held.pop_all())
        try:
            await stack._start()
        except BaseException:
            await stack.stop()
            raise
        return stack

    @property
    def state(self) -> StackState:
        """Addresses and secrets, as they stand in `stack.json`."""
        if self._state is None:
            raise RuntimeError("the stack has not started")
        return self._state

    @property
    def addresses(self) -> Addresses:
        return self.state.addresses

    @property
    def restarts(self) -> Mapping[str, int]:
        """How often each part was started again after it had died."""
        return self._supervisor.restarts

    async def kill(self, name: str) -> None:
        """SIGKILL one part (a service, `broker`, `database`, `traces`, `mailbox`)."""
        await self._supervisor.kill(name)

    async def until_ready(self, names: Sequence[str] = SERVICES) -> None:
        """Wait until services are ready and have joined their consumer groups.

        Raises:
            NotReadyError: one is not after a minute; the text ends with its log.

        """
        await until_ready([self._asked(name) for name in names], died=lambda: None)

    async def stop(self) -> None:
        """Stop everything in order; services finish what they have in hand."""
        await self._supervisor.stop(_ORDER)
        self._held.close()

    async def _start(self) -> None:
        began = time.monotonic()
        folders.make_room_for_logs(self.folder)
        previous = state.read(self.folder)
        # All are waited for, so that none goes on starting while the others are stopped.
        results = await asyncio.gather(
            self._timed("sinks", self._start_sinks()),
            self._timed("broker", self._supervisor.start(self._broker())),
            self._timed("database", self._supervisor.start(self._database())),
            return_exceptions=True,
        )
        for error in results:
            if error is not None:
                raise error
        key = await self._key(previous)
        self._state = self._describe(key, previous)
        state.write(self.folder, self._state)
        await self._timed("services", self._start_services())
        self._supervisor.watch()
        self.seconds["all"] = time.monotonic() - began

    async def _timed(self, step: str, work: Awaitable[None]) -> None:
        began = time.monotonic()
        await work
        self.seconds[step] = time.monotonic() - began

    def _log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"

    def _module(self, name: str, words: Sequence[str], patience: float) -> Part:
        """Return a part that runs one of our modules."""
        module = f"services.{name}" if name in SERVICES else f"deploy.local.{name}"

        async def start() -> Running:
            return processes.start(
                module,
                *words,
                environment=self._environment(name),
                log=self._log(name),
                patience=patience,
            )

        return Part(name, start)

    def _environment(self, name: str) -> Mapping[str, str]:
        if name not in SERVICES:
            return {}
        return environment.of_services(self.options, self._ports, self.state, _STOP_WITHIN)[name]

    async def _start_sinks(self) -> None:
        ports = self._ports
        mail = ("--smtp-port", str(ports.smtp), "--http-port", str(ports.inbox))
        await self._supervisor.start(
            self._module("mailbox", [*mail, "--folder", str(self.folder / "mail")], _SINK_PATIENCE)
        )
        await self._supervisor.start(
            self._module("bank", ["--port", str(ports.bank)], _SINK_PATIENCE)
        )
        if self.options.traces:
            await self._supervisor.start(
                self._module("traces", ["--port", str(ports.traces)], _SINK_PATIENCE)
            )

    def _broker(self) -> Part:
        bootstrap = f"{_HOST}:{self._ports.broker}"

        async def start() -> Running:
            if self.options.broker == "apache":
                if reason := await asyncio.to_thread(kafka.available):
                    raise broker.BrokerError(f"Apache Kafka cannot run here: {reason}")
                return await kafka.start(
                    self.folder / "kafka",
                    self._ports.broker,
                    self._ports.controller,
                    self._log("broker"),
                )
            return await broker.start(self._ports.broker, self._log("broker"))

        async def after() -> None:
            await broker.create_topics(bootstrap, dict.fromkeys(Topic, PARTITIONS))

        return Part("broker", start, after)

    def _database(self) -> Part:
        async def start() -> Running:
            # In this thread: only then does the server end with us when we are killed.
            self._server = postgres.start(
                self._postgres, log=self._log("database"), durable=self.options.durable
            )
            return _Database(self._server)

        async def after() -> None:
            await migrate(self._dsn(postgres.ADMIN))

        return Part("database", start, after)

    def _dsn(self, role: str) -> str:
        if self._server is None:
            raise RuntimeError("the database has not started")
        return self._server.dsn(role)

    async def _key(self, previous: StackState | None) -> SecretStr:
        """Go on with the key of before where the database knows it with these roles."""
        connection = await asyncpg.connect(self._dsn(postgres.ADMIN))
        try:
            good = {
                key.id
                for key in await keys.listed(connection)
                if key.revoked_at is None and _KEY_ROLES.issubset(key.roles)
            }
            if previous and keys.id_of(previous.api_key.get_secret_value()) in good:
                return previous.api_key
            return SecretStr(await keys.create(connection, "local", _KEY_ROLES))
        finally:
            await connection.close()

    def _describe(self, key: SecretStr, previous: StackState | None) -> StackState:
        ports = self._ports
        urls = {name: f"http://{_HOST}:{getattr(ports, name)}" for name in SERVICES}
        return StackState(
            addresses=Addresses(
                intake_url=urls["intake"],
                services=urls,
                traces_url=f"http://{_HOST}:{ports.traces}" if self.options.traces else None,
                inbox_url=f"http://{_HOST}:{ports.inbox}",
                smtp_port=ports.smtp,
                kafka_bootstrap=f"{_HOST}:{ports.broker}",
                kafka_idempotence=self.options.broker == "apache",
                bank_url=f"http://{_HOST}:{ports.bank}",
            ),
            admin_database_url=SecretStr(self._dsn(postgres.ADMIN)),
            database_urls={name: SecretStr(self._dsn(role_of(name))) for name in SERVICES},
            api_key=key,
            webhook_secret=previous.webhook_secret if previous else _webhook_secret(),
            status_secret=previous.status_secret if previous else _random_secret(),
        )

    async def _start_services(self) -> None:
        for name in SERVICES:
            await self._supervisor.start(self._module(name, [], _SERVICE_PATIENCE))
        await until_ready(
            [self._asked(name) for name in (*SERVICES, *self._sinks())],
            died=lambda: self._supervisor.died((*SERVICES, *self._sinks())),
        )

    def _sinks(self) -> tuple[str, ...]:
        return _SINKS if self.options.traces else ("mailbox", "bank")

    def _asked(self, name: str) -> Asked:
        addresses = self.addresses
        urls = {
            "traces": addresses.traces_url,
            "mailbox": addresses.inbox_url,
            "bank": addresses.bank_url,
            **addresses.services,
        }
        return Asked(name, urls[name] or "", self._log(name), hops=name in SERVICES)


def _random_secret() -> SecretStr:
    return SecretStr(secrets.token_hex(32))


def _webhook_secret() -> SecretStr:
    return SecretStr("whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())
