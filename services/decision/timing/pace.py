"""Lets new cases go first: while they have to wait, timers take a small share of the time."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from shared import clock
from shared.hop import Handler, Received
from shared.outbox import Saying
from shared.postgres import Connection

_SHARE: Final = 0.2
"""The part of the time that timers have while new cases wait."""
_WAITED: Final = timedelta(seconds=2)
"""Cases come to be decided in less, unless this service or one before it cannot keep up."""
_RECENT: Final = 0.5
_LONGEST: Final = 2.0


@dataclass(slots=True)
class Pace:
    """Sees the batches of the hop go by, and says how long timers are to wait for it."""

    now: Callable[[], datetime] = clock.now
    time: Callable[[], float] = time.monotonic
    _behind: int = 0
    _behind_at: float = field(default=float("-inf"))

    def around(self, handle: Handler) -> Handler:
        """Return a handler that does the same and is seen."""

        async def handled(tx: Connection, batch: Sequence[Received], /) -> Sequence[Saying]:
            # The newest: one old case that is sent again says nothing of the others.
            if self.now() - max(each.envelope.time for each in batch) <= _WAITED:
                return await handle(tx, batch)
            self._behind += 1
            try:
                return await handle(tx, batch)
            finally:
                self._behind -= 1
                self._behind_at = self.time()

        return handled

    def is_behind(self) -> bool:
        """Say whether cases are decided that had to wait for long, or were a moment ago."""
        return self._behind > 0 or self.time() - self._behind_at <= _RECENT

    def pause(self, took: float) -> float:
        """Return how long to wait after a batch of timers that took so many seconds."""
        if not self.is_behind():
            return 0.0
        return min(took * (1 / _SHARE - 1), _LONGEST)
