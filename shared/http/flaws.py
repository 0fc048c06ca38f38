"""What is wrong with an input, as values: which field, and what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass

_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong; never repeats what the customer wrote."""

    field: str
    detail: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The body is not JSON as it should be (HTTP 400)."""

    flaw: Flaw


@dataclass(frozen=True, slots=True)
class Invalid:
    """The body is JSON, but not what was asked for (HTTP 422)."""

    flaws: tuple[Flaw, ...]


def path_of(parts: Sequence[str | int]) -> str:
    """Name a field the way integrators write it: `facts.due_at`; `body` for the whole."""
    name = ".".join(str(part) for part in parts)
    printable = "".join(letter if letter.isprintable() else "?" for letter in name[:_LONGEST_NAME])
    return printable or "body"
