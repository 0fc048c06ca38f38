"""Lets new cases go first: while they come in, timers take a small share of the time."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from shared.hop import Handler, Received
from shared.outbox import Saying
from shared.postgres import Connection

_SHARE: Final = 0.125
"""The part of the time that timers have while new cases are being decided."""
_RECENT: Final = 0.5
_LONGEST: Final = 2.0


@dataclass(slots=True)
class Pace:
    """Sees the batches of the hop go by, and says how long timers are to wait for it."""

    time: Callable[[], float] = time.monotonic
    busy_at: float = field(default=float("-inf"))

    def around(self, handle: Handler) -> Handler:
        """Return a handler that does the same and is seen."""

        async def handled(tx: Connection, batch: Sequence[Received], /) -> Sequence[Saying]:
            self.busy_at = self.time()
            try:
                return await handle(tx, batch)
            finally:
                self.busy_at = self.time()

        return handled

    def is_quiet(self) -> bool:
        """Say whether no new case was being decided lately."""
        return self.time() - self.busy_at > _RECENT

    def pause(self, took: float) -> float:
        """Return how long to wait after a batch of timers that took so many seconds."""
        if self.is_quiet():
            return 0.0
        return min(took * (1 / _SHARE - 1), _LONGEST)
