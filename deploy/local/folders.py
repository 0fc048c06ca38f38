"""The folder of a stack: who has it, what an earlier run left in it, how long its paths may be."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from deploy.local import identity, lock, state

_LEFTOVER_PATIENCE: Final = 15.0
_LONGEST_SOCKET_PATH: Final = 100
_LARGEST_LOG: Final = 16 * 1024 * 1024


def acquire(folder: Path) -> lock.FolderLock:
    """Take the folder for one stack.

    Raises:
        AlreadyRunningError: a live process has it; the text says who and where it answers.

    """
    try:
        return lock.acquire(folder)
    except lock.AlreadyRunningError as error:
        running = state.read(folder)
        where = f"; it answers at {running.addresses.intake_url}" if running else ""
        raise lock.AlreadyRunningError(f"{error}{where}") from error


async def end_leftovers(folder: Path) -> None:
    """End what a killed run has left, the database last (SIGINT is its clean, fast stop)."""
    left = identity.recall(folder)
    servers = [child for child in left if child.name == "database"]
    others = [child for child in left if child.name != "database"]
    await identity.end(others, signal.SIGTERM, _LEFTOVER_PATIENCE)
    await identity.end(servers, signal.SIGINT, _LEFTOVER_PATIENCE)


def forget(folder: Path) -> None:
    """Remove what runs have made here, and nothing else."""
    for name in ("postgres", "kafka", "mail", "logs"):
        if (folder / name).exists():
            shutil.rmtree(folder / name)
    (folder / state.FILE).unlink(missing_ok=True)


@contextmanager
def short(folder: Path) -> Iterator[Path]:
    """Give a path short enough for the database's socket, the same after every restart of it."""
    socket = folder / "postgres" / "data" / ".s.PGSQL.5432"
    if len(os.fsencode(socket)) <= _LONGEST_SOCKET_PATH:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="evenhand-") as place:
        link = Path(place, "stack")
        link.symlink_to(folder)
        yield link


def make_room_for_logs(folder: Path) -> None:
    """Make the folder of logs; put a large one aside, and drop the one that was aside."""
    (folder / "logs").mkdir(exist_ok=True)
    for log in (folder / "logs").glob("*.log"):
        if log.stat().st_size > _LARGEST_LOG:
            log.replace(log.with_suffix(".log.old"))
