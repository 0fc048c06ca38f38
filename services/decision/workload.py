"""What the queues of the desk hold and what people did lately: what a forecast starts from.

Reads only. A person who worked in two queues within an hour counts for half of it in each.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import asyncpg

from shared.postgres import Connection

_LONGEST: Final = timedelta(hours=8)
"""What took longer was laid aside meanwhile."""
_MACHINES: Final = ("policy", "bank", "clock")


@dataclass(frozen=True, slots=True)
class OpenMatter:
    """A case that waits for a person; `due` is the last instant for its answer, if it has one."""

    since: datetime
    due: datetime | None


@dataclass(frozen=True, slots=True)
class QueueLoad:
    """One queue: what is open, and the means of what came and was done since the beginning.

    None where nothing was seen. `to_decide` holds what new cases had from coming to people to their
    last day (of ten equal parts the middles), `people` the people by the hour that begins then.
    """

    name: str
    open: tuple[OpenMatter, ...]
    arrived: int
    to_decide: tuple[timedelta, ...]
    handling: timedelta | None
    verified_share: float | None
    people: dict[datetime, float]


@dataclass(frozen=True, slots=True)
class Workload:
    """All queues with anything open or lately done, as of `at`; looked back to `since`."""

    at: datetime
    since: datetime
    queues: tuple[QueueLoad, ...]


# Of less than a day little can be said, so no shorter time is ever assumed.
_TIMES = """
SELECT now() AS at, least(now() - interval '1 day',
           greatest(now() - $1::interval, coalesce(min(referred_at), now()))) AS since
  FROM cases
"""
# Of the clocks of a case those that bind: what the law, a promise or, without a law, we ourselves
# set for the answer; neither the aim beside a law nor a simpler way that only closes.
_OPEN = """
SELECT c.queue, coalesce(c.referred_at, c.received_at) AS since,
       coalesce((SELECT min(k.deadline) FROM clocks k
                  WHERE k.case_id = c.case_id AND k.cancelled_at IS NULL AND k.lapsed_at IS NULL
                    AND k.extended_to IS NULL AND k.withdrawn_at IS NULL
                    AND (k.kind IN ('statutory', 'promise') OR k.role = 'answer')),
                c.answer_due_at) AS due
  FROM cases c WHERE c.waiting AND c.queue IS NOT NULL ORDER BY due, c.case_id
"""
_ARRIVED = """
SELECT c.queue, count(*) AS cases,
       percentile_disc(ARRAY[0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95])
           WITHIN GROUP (ORDER BY coalesce(
               (SELECT min(k.deadline) FROM clocks k
                 WHERE k.case_id = c.case_id AND NOT k.late_arrival
                   AND (k.kind IN ('statutory', 'promise') OR k.role = 'answer')),
               c.answer_due_at) - c.referred_at) AS to_decide,
       avg(EXISTS (SELECT FROM verifications v WHERE v.case_id = c.case_id)::integer)::float8
           AS verified
  FROM cases c WHERE c.queue IS NOT NULL AND c.referred_at >= $1 GROUP BY c.queue
"""
# From taking a case to the next thing that this person did to it and wrote down.
_HANDLED = """
SELECT c.queue, avg(l.at - l.taken_at) AS taken
  FROM (SELECT case_id, at, lag(kind) OVER w AS before, lag(at) OVER w AS taken_at
          FROM decision_log
         WHERE at >= $1 AND case_id IS NOT NULL AND actor <> ALL($2) AND kind <> 'text_shown'
        WINDOW w AS (PARTITION BY case_id, actor ORDER BY position)) l
  JOIN cases c USING (case_id)
 WHERE l.before = 'taken' AND l.at - l.taken_at < $3 AND c.queue IS NOT NULL GROUP BY c.queue
"""
_AT_WORK = """
SELECT DISTINCT l.actor, date_trunc('hour', l.at) AS hour, c.queue
  FROM decision_log l JOIN cases c USING (case_id)
 WHERE l.at >= $1 AND l.actor <> ALL($2) AND c.queue IS NOT NULL
"""


async def workload(connection: Connection, back: timedelta) -> Workload:
    """Read the workload; `back` is how far the rates look back at most."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        times = await connection.fetchrow(_TIMES, back)
        assert times is not None  # noqa: S101 - an aggregate always has a row
        at, since = times["at"], times["since"]
        waiting: defaultdict[str, list[OpenMatter]] = defaultdict(list)
        for row in await connection.fetch(_OPEN):
            waiting[row["queue"]].append(OpenMatter(row["since"], row["due"]))
        arrived = {row["queue"]: row for row in await connection.fetch(_ARRIVED, since)}
        handled = {
            row["queue"]: row["taken"]
            for row in await connection.fetch(_HANDLED, since, _MACHINES, _LONGEST)
        }
        people = _people(await connection.fetch(_AT_WORK, since, _MACHINES))
    names = sorted({*waiting, *arrived, *handled, *people})
    return Workload(
        at,
        since,
        tuple(
            QueueLoad(
                name,
                tuple(waiting[name]),
                arrived[name]["cases"] if name in arrived else 0,
                _all(arrived[name]["to_decide"]) if name in arrived else (),
                handled.get(name),
                arrived[name]["verified"] if name in arrived else None,
                dict(people[name]),
            )
            for name in names
        ),
    )


def _all(times: list[timedelta | None]) -> tuple[timedelta, ...]:
    return tuple(time for time in times if time is not None)


def _people(rows: Iterable[asyncpg.Record]) -> defaultdict[str, defaultdict[datetime, float]]:
    """Return who was at work where, as people by queue and hour."""
    busy: defaultdict[tuple[str, datetime], list[str]] = defaultdict(list)
    for row in rows:
        busy[row["actor"], row["hour"]].append(row["queue"])
    people: defaultdict[str, defaultdict[datetime, float]] = defaultdict(lambda: defaultdict(float))
    for (_, hour), queues in busy.items():
        for queue in queues:
            people[queue][hour] += 1 / len(queues)
    return people
