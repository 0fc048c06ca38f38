"""When a notice may reach its customer: not at night, and not too often.

Invariant: nothing is dropped, only kept back; what the law or a promise asks for (review, delay,
final answer) and what an operator sends again is never kept back.

The limit is one process's. It keeps a system that has gone mad from filling a customer's mailbox,
not somebody from doing harm: with four instances that stops at four times as many, and to count
for all of them would cost a row that every receipt of that contact writes to.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from services.notifier.domain import Outgoing
from services.notifier.places import there
from shared.events.catalogue import Notice

_MAY_WAIT: Final = frozenset(
    {
        Notice.RECEIPT,
        Notice.QUESTION,
        Notice.VERIFYING,
        Notice.NEW_LINK,
        Notice.DOCUMENT_REFUSED,
        Notice.CLOSED,
    }
)
_ASKED_FOR: Final = frozenset({Notice.NEW_LINK})
"""Somebody waits for it at this moment."""
_WINDOW: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From when to when nobody is disturbed, on the clocks at the customer's place."""

    begin: time
    end: time

    def left(self, now: datetime, jurisdiction: str | None) -> timedelta | None:
        """Return how long they last still; nothing outside them."""
        local = there(now, (jurisdiction or "").upper())
        # In the hour that the clocks repeat, the end of this turn of it.
        ends = datetime.combine(local.date(), self.end, local.tzinfo).replace(fold=local.fold)
        if self.begin <= self.end:
            is_quiet = self.begin <= local.time() < self.end
        else:
            is_quiet = local.time() >= self.begin or local.time() < self.end
            if local.time() >= self.begin:
                ends += timedelta(days=1)
        # Both instants as such: the clocks may be changed in between.
        return timedelta(seconds=ends.timestamp() - local.timestamp()) if is_quiet else None


class Pace:
    """Keeps notices of one channel back; each process counts for itself, hour by hour."""

    def __init__(
        self, most_per_hour: int, now: Callable[[], datetime], quiet: QuietHours | None = None
    ) -> None:
        self._most = most_per_hour
        self._now = now
        self._quiet = quiet
        self._sent: Counter[str] = Counter()
        self._until = now() + _WINDOW

    def wait(self, notice: Outgoing, contact: str) -> timedelta | None:
        """Return how long a notice has to wait; nothing where it may be sent, which is counted."""
        kind = notice.plan.content.notice
        if kind not in _MAY_WAIT or notice.again_at is not None:
            return None
        now = self._now()
        if self._quiet is not None and kind not in _ASKED_FOR:
            left = self._quiet.left(now, notice.recipient.jurisdiction)
            if left is not None:
                return left
        if now >= self._until:
            self._sent.clear()
            self._until = now + _WINDOW
        if self._sent[contact] >= self._most:
            return self._until - now
        self._sent[contact] += 1
        return None
