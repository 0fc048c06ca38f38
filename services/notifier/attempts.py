"""What became of an attempt to tell a customer, and what follows from it. Pure.

Invariant: only what was tried in vain counts as an attempt; after the last one it has failed.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, TypeAlias, assert_never


@dataclass(frozen=True, slots=True)
class Said:
    """Proof of what was said: `sha256` is that of the plain text, `texts` the texts' version."""

    subject: str | None
    sha256: bytes
    texts: str


@dataclass(frozen=True, slots=True)
class Sent:
    """The receiver has taken it over."""

    said: Said | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The receiver will never take it; `why` holds no personal data.

    `contact`: the contact itself is at fault, and will not do for anything else either.
    """

    why: str
    contact: bool = False


@dataclass(frozen=True, slots=True)
class Deferred:
    """It was tried in vain and may succeed later."""

    why: str


@dataclass(frozen=True, slots=True)
class Untried:
    """It was not tried at all: the way out is closed for everybody."""


@dataclass(frozen=True, slots=True)
class Early:
    """It was not tried: it may not reach its customer before this time has passed."""

    after: timedelta


@dataclass(frozen=True, slots=True)
class Overtaken:
    """It was not tried: its customer was told more meanwhile."""


Attempt: TypeAlias = Sent | Refused | Deferred | Untried | Early | Overtaken


@dataclass(frozen=True, slots=True)
class Settled:
    """Nothing more will be done; the customer was told, or could not be."""

    outcome: Literal["sent", "failed"]
    detail: str | None = None
    said: Said | None = None
    contact: bool = False


@dataclass(frozen=True, slots=True)
class Again:
    """It waits for another attempt."""

    after: timedelta
    why: str


@dataclass(frozen=True, slots=True)
class Later:
    """It waits, and the attempt does not count."""

    after: timedelta


@dataclass(frozen=True, slots=True)
class Back:
    """It goes back to its place in the queue, and the attempt does not count."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """It is not sent at all, and nobody is told so."""


Verdict: TypeAlias = Settled | Again | Later | Back | Dropped

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
        case Sent(said):
            return Settled("sent", said=said)
        case Refused(why, contact):
            return Settled("failed", why, contact=contact)
        case Deferred(why):
            last = earlier_attempts >= len(PAUSES)
            return Settled("failed", why) if last else Again(PAUSES[earlier_attempts], why)
        case Untried():
            return Back()
        case Early(wait):
            return Later(wait)
        case Overtaken():
            return Dropped()
        case _:
            assert_never(attempt)
