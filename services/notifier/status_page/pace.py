"""How fast one link may be used: a bucket of tokens for each, filled steadily.

Invariant: takes a bounded room, whatever is asked for.

The limits hold for one process, which is what they protect: its connections and its time. With
several instances a link may do as many times more, at as many times the means. What customers and
the bank's people are protected from is counted by the database, for all instances together and in
the statement that writes: replies in an hour (store), documents of a case (documents), new links in
an hour (renewing), wishes for a person (one for each answer).
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

_MOST: Final = 20_000


class Pace:
    """Allows `burst` uses at once and `a_minute` of them a minute from then on."""

    def __init__(self, burst: int, a_minute: float, clock: Callable[[], float]) -> None:
        self._burst = burst
        self._each = 60.0 / a_minute
        self._clock = clock
        # When a bucket will be full again; one that is full is not kept.
        self._full_at: OrderedDict[Hashable, float] = OrderedDict()

    def allows(self, key: Hashable) -> bool:
        """Say whether this use is within the pace; it counts only then."""
        now = self._clock()
        full_at = max(self._full_at.pop(key, now), now)
        allowed = full_at + self._each - now <= self._burst * self._each
        self._full_at[key] = full_at + self._each if allowed else full_at
        while len(self._full_at) > _MOST:
            self._full_at.popitem(last=False)
        return allowed

    def wait(self, key: Hashable) -> float:
        """Return in how many seconds the next use will be allowed."""
        full_at = self._full_at.get(key, 0.0)
        return max(0.0, full_at - self._clock() - (self._burst - 1) * self._each)
