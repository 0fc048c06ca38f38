"""A child process of the stack: own session, own log, a stop with a time limit."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from deploy.local.leash import leash

ROOT: Final = Path(__file__).resolve().parents[2]
"""The folder that holds the packages; children start there."""

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_SHOWN_LINES = 12
_SHOWN_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class Child:
    """A started module of ours. Its methods may be called again without harm."""

    process: subprocess.Popen[bytes]
    patience: float
    """Seconds after which a stop is enforced."""

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    async def stop(self) -> None:
        """Ask for the end, and enforce it when that takes too long."""
        self.process.terminate()
        try:
            await asyncio.to_thread(self.process.wait, self.patience)
        except subprocess.TimeoutExpired:
            await self.kill()

    async def kill(self) -> None:
        self.process.kill()
        await asyncio.to_thread(self.process.wait)


def start(
    module: str, *words: str, log: Path, patience: float, environment: Mapping[str, str] = _NOTHING
) -> Child:
    """Run a module with this interpreter; what it prints is appended to its log.

    Nothing of our environment is inherited: a variable of the person's shell must not lead a
    service astray. Ctrl-C on the terminal does not reach it.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", module, *words],
            cwd=ROOT,
            env={"PATH": os.defpath, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=leash(signal.SIGTERM),  # noqa: PLW1509 - one system call, loaded before
        )
    return Child(process, patience)


def tail(log: Path) -> str:
    """Return the last lines of a log, for a message that tells why something did not start."""
    if not log.exists():
        return "(no log)"
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _SHOWN_BYTES))
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join(lines[-_SHOWN_LINES:]) or "(empty log)"
