"""The order in which people take up cases, explained place by place.

Safety stands ahead of everything. Else a case goes by when it must be begun at the latest: its
decide-by (or the end of its patience, when that comes first) less its effort, sooner for the
vulnerable and for what a ladder has pushed ahead. This key is fixed, so whoever arrives later than
it can never pass: nobody starves.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

PATIENCE: Final = timedelta(days=5)
"""Nobody waits longer than this behind cases that came later, however far the deadline is."""
FOR_THE_VULNERABLE: Final = timedelta(days=1)
FOR_A_JUMP: Final = timedelta(days=1)
_WORDS: Final = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
)  # fmt: skip
_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A case that waits for people."""

    case_id: UUID
    decide_by: datetime
    waiting_since: datetime
    effort: timedelta
    safety: bool = False
    vulnerable: bool = False
    jumps_queue: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the queue, counted from one, and why it is this one."""

    case: Waiting
    position: int
    why: str


def order(cases: Iterable[Waiting], now: datetime) -> tuple[Place, ...]:
    """Return the cases in the order in which to take them up, each with its reason."""
    ranked = sorted(cases, key=_key)
    return tuple(
        Place(case, position, explained(case, position, now))
        for position, case in enumerate(ranked, start=1)
    )


def explained(case: Waiting, position: int, now: datetime) -> str:
    """Say why a case has its place."""
    return f"{_ordinal(position)} in the queue because {_reason(case, now)}"


def begin_by(case: Waiting) -> datetime:
    """Return by when a case is to be begun; it does not depend on the present time."""
    aim = min(case.decide_by, case.waiting_since + PATIENCE) - case.effort
    if case.vulnerable:
        aim -= FOR_THE_VULNERABLE
    if case.jumps_queue:
        aim -= FOR_A_JUMP
    return aim


def _key(case: Waiting) -> tuple[bool, datetime, timedelta, UUID]:
    """Order by safety, then by when to begin, then the quicker work first."""
    return not case.safety, begin_by(case), case.effort, case.case_id


def _reason(case: Waiting, now: datetime) -> str:
    parts: list[str] = []
    if case.safety:
        parts.append("somebody's safety comes ahead of everything")
    if case.waiting_since + PATIENCE < case.decide_by:
        parts.append(f"it has waited {_span(now - case.waiting_since)} and nobody is left waiting")
    else:
        parts.append(_deadline(case.decide_by - now))
    if case.vulnerable:
        parts.append("the customer is vulnerable")
    if case.jumps_queue:
        parts.append("its ladder has pushed it ahead")
    parts.append(f"it takes about {_span(case.effort)}")
    return ", ".join(parts)


def _deadline(left: timedelta) -> str:
    if left <= timedelta(0):
        return f"it should have been decided {_span(-left)} ago"
    return f"it must be decided within {_span(left)}"


def _ordinal(position: int) -> str:
    if position <= len(_WORDS):
        return _WORDS[position - 1]
    teens, tens = 100, 10
    if position % teens in {11, 12, 13}:
        return f"{position}th"
    return f"{position}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(position % tens, 'th') }"


def _span(length: timedelta) -> str:
    """Say a length of time in the unit that fits it."""
    length = max(length, timedelta(0))
    for unit, name in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if count := length // unit:
            return f"{count} {name}" if count == 1 else f"{count} {name}s"
    return "less than a minute"
