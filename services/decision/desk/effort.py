"""How long a case of a queue takes a person, learnt from how long the last ones took.

Invariant: what is learnt reads a bounded end of the log, and a few slow cases change nothing.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from shared.events.catalogue import Queue
from shared.postgres import Connection

ASSUMED: Final = {
    Queue.SAFETY: 30,
    Queue.SPECIALIST: 45,
    Queue.FRAUD: 45,
    Queue.LEGAL: 60,
    Queue.STAFF_CONDUCT: 30,
    Queue.REVIEW: 15,
}
"""Minutes for a case of a queue of which too few were seen; the last also where it has no queue."""

_FEWEST: Final = 8
_ENTRIES: Final = 20_000
"""Of so many entries at the end of the log, those of people are looked at."""
_LONGEST: Final = timedelta(hours=8)
"""Who has a case for longer has not been at it all the time."""
_LEARN_EVERY: Final = 600.0
_MACHINES: Final = ("policy", "bank", "clock", "operator")
_ON_THE_WAY: Final = (
    "answer_expected",
    "cause_confirmed",
    "clock_paused",
    "clock_resumed",
    "deliberated",
    "extended",
    "letter_prepared",
    "letter_sent",
    "tags_corrected",
    "text_shown",
)
"""What people do to a case while they have it."""
_UNDONE: Final = ("released", "handed_over")
"""What they do to a case that they do not work on, or not to its end."""

# From taking a case to when this person was done with it.
_TAKEN = """
SELECT c.queue, count(*) AS cases,
       extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY l.at - l.taken_at)) / 60
           AS minutes
  FROM (SELECT case_id, at, kind, lag(kind) OVER w AS before, lag(at) OVER w AS taken_at
          FROM decision_log
         WHERE position > (SELECT position FROM decision_log_head) - $1
           AND case_id IS NOT NULL AND actor <> ALL($2) AND kind <> ALL($4)
        WINDOW w AS (PARTITION BY case_id, actor ORDER BY position)) l
  JOIN cases c USING (case_id)
 WHERE l.before = 'taken' AND l.kind <> ALL($5) AND l.at - l.taken_at < $3
   AND c.queue IS NOT NULL
 GROUP BY c.queue
"""


@dataclass(slots=True)
class Effort:
    """What was learnt; asked for again after some minutes."""

    time: Callable[[], float] = time.monotonic
    minutes: Mapping[Queue, int] = field(default_factory=lambda: ASSUMED)
    learnt_at: float = float("-inf")

    async def of(self, connection: Connection) -> Mapping[Queue, int]:
        """Return minutes by queue, in one order; every queue is in it."""
        if self.time() - self.learnt_at >= _LEARN_EVERY:
            self.minutes = await learn(connection)
            self.learnt_at = self.time()
        return self.minutes


async def learn(connection: Connection) -> dict[Queue, int]:
    """Return the median of the last cases of each queue; what is assumed where they are few."""
    rows = await connection.fetch(_TAKEN, _ENTRIES, _MACHINES, _LONGEST, _ON_THE_WAY, _UNDONE)
    learnt = {
        Queue(row["queue"]): max(1, round(row["minutes"]))
        for row in rows
        if row["cases"] >= _FEWEST
    }
    return {queue: learnt.get(queue, assumed) for queue, assumed in ASSUMED.items()}
