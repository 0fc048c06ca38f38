"""How often the model may be asked, and when it is better left alone. No clock of its own.

Invariants: never more questions in any minute than allowed; a day's tokens are reserved before a
question and settled after it; after some failures on end nobody asks until a pause is over, and
then one question tries it. What was asked before a pause began makes it no longer.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

_MINUTE: Final = 60.0
_DAY: Final = 86_400.0
_FAILURES: Final = 5
"""So many failures on end start a pause."""
_FIRST_PAUSE: Final = 15.0
_LONGEST_PAUSE: Final = 600.0


@dataclass(frozen=True, slots=True)
class Permit:
    """A question that may be asked, with the tokens that are reserved for it."""

    tokens: int


class Budget:
    """Keeps count for one process; `now` tells seconds that only ever grow."""

    def __init__(self, per_minute: int, tokens_per_day: int, now: Callable[[], float]) -> None:
        self._per_minute = per_minute
        self._tokens_per_day = tokens_per_day
        self._now = now
        self._asked: deque[float] = deque()
        self._spent = 0
        self._day_began = now()
        self._failures = 0
        self._pauses = 0
        self._paused_until = 0.0
        self._probing = False

    def permit(self, tokens: int) -> Permit | Literal["over_budget", "paused"]:
        """Ask for leave to ask a question that may cost so many tokens."""
        now = self._now()
        if now < self._paused_until or self._probing:
            return "paused"
        if now - self._day_began >= _DAY:
            self._day_began, self._spent = now, 0
        while self._asked and now - self._asked[0] >= _MINUTE:
            self._asked.popleft()
        if len(self._asked) >= self._per_minute or self._spent + tokens > self._tokens_per_day:
            return "over_budget"
        self._asked.append(now)
        self._spent += tokens
        self._probing = self._pauses > 0
        return Permit(tokens)

    def answered(self, permit: Permit, tokens: int | None) -> None:
        """Settle a question that was answered; without a count, what was reserved is spent."""
        if tokens is not None:
            self._spent += tokens - permit.tokens
        self._failures = self._pauses = 0
        self._probing = False

    def cut_off(self) -> None:
        """Settle a question that was not waited for: it tells nothing of the endpoint."""
        self._probing = False

    def failed(self, wait: float | None = None) -> None:
        """Settle a question that failed.

        `wait` is how many seconds the endpoint asked to be left alone; 0, it did not say for how
        long; none, it did not ask.
        """
        now = self._now()
        if now < self._paused_until:
            self._paused_until = max(self._paused_until, now + min(_LONGEST_PAUSE, wait or 0.0))
            return
        self._failures += 1
        if wait is None and self._failures < _FAILURES and not self._probing:
            return
        pause = min(_LONGEST_PAUSE, wait or _FIRST_PAUSE * 2.0**self._pauses)
        self._paused_until = now + pause
        self._failures, self._probing = 0, False
        self._pauses = min(self._pauses + 1, 10)
