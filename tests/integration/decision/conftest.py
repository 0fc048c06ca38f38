"""A decision service of each test's own, and a command line beside it."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import uvicorn
from typer.testing import CliRunner, Result

from evenhand.__main__ import build
from services.decision import explaining
from services.decision.causes import routes as causes
from shared.keys import ApiKeys, Role
from shared.postgres import Pool, connect
from tests.integration.decision_parts import POLICY, Migrated, key_of, served
from tests.integration.decision_service import Service

Run = Callable[..., Awaitable[Result]]


@pytest.fixture
async def pool(database: Migrated) -> AsyncIterator[Pool]:
    opened = await connect(database.url("decision"), schema="decision", connections=8)
    yield opened
    await opened.close()


@pytest.fixture
def service(pool: Pool) -> Service:
    return Service(pool)


@pytest.fixture
async def desk(database: Migrated, pool: Pool) -> AsyncIterator[str]:
    """Serve explanations and causes; returns the address."""
    proofs = [ApiKeys(pool)]
    routers = [explaining.routes(pool, proofs), causes.routes(pool, proofs, lambda: POLICY)]
    _, observed = served(database, routers)
    config = uvicorn.Config(observed, log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listening:
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        await serving


@pytest.fixture
def run(database: Migrated, desk: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command of `evenhand` on this database and desk, with a key that holds one role."""
    monkeypatch.setenv("EVENHAND_HOME", str(tmp_path / "nothing"))
    monkeypatch.setenv("EVENHAND_ADMIN_DATABASE_URL", database.admin)
    monkeypatch.setenv("EVENHAND_DECISION_URL", desk)
    made: dict[str, str] = {}

    async def call(*words: str, role: Role = "auditor") -> Result:
        if role not in made:
            made[role] = await key_of(database.admin, f"the {role}", role)
        monkeypatch.setenv("EVENHAND_API_KEY", made[role])
        app = build(["case", "desk", "log", "policy"])
        return await asyncio.to_thread(CliRunner().invoke, app, list(words))

    return call
