"""What became of an attempt to tell a customer, and what follows from it. Pure.

Invariant: only what was tried in vain counts as an attempt; after the last one it has failed.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, TypeAlias, assert_never


@dataclass(frozen=True, slots=True)
class Sent:
    """The receiver has taken it over."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The receiver will never take it; `why` holds no personal data."""

    why: str


@dataclass(frozen=True, slots=True)
class Deferred:
    """It was tried in vain and may succeed later."""

    why: str


@dataclass(frozen=True, slots=True)
class Untried:
    """It was not tried at all: the way out is closed for everybody."""


Attempt: TypeAlias = Sent | Refused | Deferred | Untried


@dataclass(frozen=True, slots=True)
class Settled:
    """Nothing more will be done; the customer was told, or could not be."""

    outcome: Literal["sent", "failed"]
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """It waits for another attempt."""

    after: timedelta


@dataclass(frozen=True, slots=True)
class Back:
    """It goes back to its place in the queue, and the attempt does not count."""


Verdict: TypeAlias = Settled | Again | Back

PAUSES: Final = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=15),
)
"""Waits between the attempts; the eighth attempt, a day after the first, is the last."""


def after(attempt: Attempt, earlier_attempts: int) -> Verdict:
    """Decide what follows from an attempt, given how many were made before it."""
    match attempt:
        case Sent():
            return Settled("sent")
        case Refused(why):
            return Settled("failed", why)
        case Deferred(why):
            if earlier_attempts >= len(PAUSES):
                return Settled("failed", why)
            return Again(PAUSES[earlier_attempts])
        case Untried():
            return Back()
        case _:
            assert_never(attempt)
