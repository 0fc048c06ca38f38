"""One stack per folder: a lock that the kernel drops when its holder dies, however it dies."""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from shared.errors import EvenhandError


class AlreadyRunningError(EvenhandError):
    """Another process runs the stack of this folder."""


@dataclass(frozen=True, slots=True)
class FolderLock:
    """A held lock; children do not inherit it."""

    descriptor: int

    def release(self) -> None:
        os.close(self.descriptor)


def acquire(folder: Path) -> FolderLock:
    """Take the folder's lock at once.

    Raises:
        AlreadyRunningError: somebody holds it; the text names the process.

    """
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.read(descriptor, 20).decode(errors="replace").strip()
        os.close(descriptor)
        raise AlreadyRunningError(
            f"the stack of {folder} is already running"
            + (f" (process {holder})" if holder else "")
            + "; stop it with Ctrl-C where it was started, or choose another folder"
        ) from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return FolderLock(descriptor)
