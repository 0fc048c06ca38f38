"""Keeps the parts of a stack alive until it is stopped.

Invariant: a part that dies is started again in the same place, after a growing pause; a stop ends
every part, in the order it is given, and starts none.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from deploy.local import identity

_log = logging.getLogger(__name__)

_POLL: Final = 0.1
_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 10.0
_LIVED_WELL: Final = 30.0
"""Seconds after which a death no longer counts as one of a series."""


class Running(Protocol):
    """A started process; its methods may be called again without harm."""

    @property
    def pid(self) -> int: ...

    @property
    def running(self) -> bool: ...

    async def stop(self) -> None: ...

    async def kill(self) -> None: ...


async def _nothing() -> None:
    return


@dataclass(frozen=True, slots=True)
class Part:
    """How one part is started; `after` makes a new process usable, each time."""

    name: str
    start: Callable[[], Awaitable[Running]]
    after: Callable[[], Awaitable[None]] = field(default=_nothing)


@dataclass(slots=True)
class _Life:
    part: Part
    process: Running
    since: float
    deaths_in_a_row: int = 0
    reviving: "asyncio.Task[None] | None" = None


class Supervisor:
    """The parts of one stack."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lives: dict[str, _Life] = {}
        self._watching: asyncio.Task[None] | None = None
        self.restarts: Counter[str] = Counter()

    async def start(self, part: Part) -> None:
        """Start a part; from here on a stop ends it, too."""
        await self._begin(part)
        await part.after()

    async def _begin(self, part: Part) -> None:
        process = await part.start()
        life = self._lives.get(part.name)
        if life is None:
            self._lives[part.name] = _Life(part, process, time.monotonic())
        else:
            life.process, life.since = process, time.monotonic()
        self._remember()

    def _remember(self) -> None:
        found = (identity.identify(n, life.process.pid) for n, life in self._lives.items())
        identity.remember(self._folder, [one for one in found if one is not None])

    def died(self, names: Iterable[str]) -> str | None:
        """Return the first of these parts that is not running."""
        return next((name for name in names if not self._lives[name].process.running), None)

    async def kill(self, name: str) -> None:
        """End a part as a crash would; it is started again."""
        await self._lives[name].process.kill()

    def watch(self) -> None:
        """Start again what dies from now on."""
        self._watching = asyncio.create_task(self._watch(), name="supervisor")

    async def _watch(self) -> None:
        while True:
            for life in self._lives.values():
                if life.reviving is not None and life.reviving.done():
                    life.reviving = None
                if life.reviving is None and not life.process.running:
                    life.reviving = asyncio.create_task(self._revive(life))
            await asyncio.sleep(_POLL)

    async def _revive(self, life: _Life) -> None:
        name = life.part.name
        lived_well = time.monotonic() - life.since > _LIVED_WELL
        life.deaths_in_a_row = 1 if lived_well else life.deaths_in_a_row + 1
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** (life.deaths_in_a_row - 1))
        _log.warning("%s has died and is started again in %.1f s", name, pause)
        await asyncio.sleep(pause)
        try:
            await self._begin(life.part)
            await life.part.after()
        except Exception as error:  # noqa: BLE001 - whatever it was, the next try may succeed
            _log.warning("%s did not start again: %s", name, error)
            await life.process.kill()
            return
        self.restarts[name] += 1

    async def stop(self, order: Sequence[Sequence[str]]) -> None:
        """End the parts, each group at once, one group after the other."""
        tasks = [life.reviving for life in self._lives.values() if life.reviving is not None]
        if self._watching is not None:
            tasks.append(self._watching)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for names in order:
            lives = [self._lives.pop(name) for name in names if name in self._lives]
            await asyncio.gather(*(life.process.stop() for life in lives))
            self._remember()
