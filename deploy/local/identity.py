"""Which process is meant: a pid together with the instant of its start.

A pid alone may belong to somebody else by the time it is read back. Invariant: a process whose
start is not the one written down is never signalled.
"""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

_FILE: Final = "children.json"
_POLL = 0.05


@dataclass(frozen=True, slots=True)
class Identity:
    """A process for certain; `started` is opaque and only ever compared."""

    name: str
    pid: int
    started: str


_LIST: Final = TypeAdapter(list[Identity])


def identify(name: str, pid: int) -> Identity | None:
    """Return the identity of a live process; nothing where there is none."""
    started = _started(pid)
    return None if started is None else Identity(name, pid, started)


def remember(folder: Path, identities: Sequence[Identity]) -> None:
    """Write down the children, for the next run in case this one is killed."""
    fresh = folder / f"{_FILE}.new"
    fresh.write_bytes(_LIST.dump_json(list(identities)))
    fresh.replace(folder / _FILE)


def recall(folder: Path) -> list[Identity]:
    """Return the children that were written down last."""
    try:
        return _LIST.validate_json((folder / _FILE).read_bytes())
    except (OSError, ValidationError):
        return []


def alive(identity: Identity) -> bool:
    return _started(identity.pid) == identity.started


async def end(identities: Sequence[Identity], sign: signal.Signals, within: float) -> list[str]:
    """Signal processes that an earlier run left behind; SIGKILL after `within` seconds.

    Returns the names of those that were still there.
    """
    present = [identity for identity in identities if alive(identity)]
    for identity in present:
        _signal(identity, sign)
    if not await _gone(present, within):
        for identity in present:
            _signal(identity, signal.SIGKILL)
        await _gone(present, within)
    return [identity.name for identity in present]


async def _gone(identities: Sequence[Identity], within: float) -> bool:
    give_up = time.monotonic() + within
    while any(alive(identity) for identity in identities):
        if time.monotonic() > give_up:
            return False
        await asyncio.sleep(_POLL)
    return True


def _signal(identity: Identity, sign: signal.Signals) -> None:
    if alive(identity):
        try:
            os.kill(identity.pid, sign)
        except ProcessLookupError:
            return


def _started(pid: int) -> str | None:
    if Path("/proc/self/stat").exists():
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        # The name stands in brackets and may hold anything; state is the first field after it.
        fields = stat.rpartition(")")[2].split()
        return None if fields[0] == "Z" else fields[19]
    shown = subprocess.run(  # noqa: S603 - fixed words and a number
        ["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, check=False, text=True
    )
    return shown.stdout.strip() or None
