"""Real parts for the integration tests: one PostgreSQL, one broker, a fresh database per test."""

import itertools
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from deploy.local import broker as brokers
from deploy.local import postgres as postgreses
from deploy.local.broker import Broker
from deploy.local.mailbox import running as mailbox
from deploy.local.mailbox.running import MailCatcher
from deploy.local.ports import free_port
from deploy.local.postgres import Postgres
from shared.events.catalogue import Topic
from shared.migrate import migrate, role_of

_TEMPLATE = "evenhand"
_NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Database:
    """A migrated database of one test."""

    server: Postgres
    name: str

    @property
    def admin(self) -> str:
        """Address for its owner."""
        return self.server.dsn("evenhand_admin", self.name)

    def url(self, service: str) -> str:
        """Address for a service, as its own role."""
        return self.server.dsn(role_of(service), self.name)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    folder = tmp_path_factory.mktemp("postgres")
    server = postgreses.start(folder / "data", log=folder / "postgres.log", durable=False)
    yield server
    server.stop()


@pytest.fixture(scope="session")
async def template(postgres: Postgres) -> str:
    await migrate(postgres.dsn("evenhand_admin", _TEMPLATE))
    return _TEMPLATE


@pytest.fixture
async def database(postgres: Postgres, template: str) -> AsyncIterator[Database]:
    name = f"test_{next(_NUMBERS)}"
    connection = await asyncpg.connect(postgres.dsn("evenhand_admin", "postgres"))
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield Database(postgres, name)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture(scope="session")
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Broker]:
    log: Path = tmp_path_factory.mktemp("broker") / "broker.log"
    running = await brokers.start(free_port(), log)
    await brokers.create_topics(running.bootstrap, dict.fromkeys(Topic, 2))
    yield running
    await running.stop()


@pytest.fixture
async def catcher() -> AsyncIterator[MailCatcher]:
    mail = await mailbox.start()
    yield mail
    await mail.stop()
