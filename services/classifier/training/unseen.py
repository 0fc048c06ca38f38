"""What the tuned language model says of cases whose writers it has not met.

Some authors of written cases are held back while a model of the same kind learns from all others.
Invariant: an opinion is of one text; where a case was changed since, its opinion is not found.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from services.classifier.training.corpus import Case, CorpusError
from services.classifier.training.fit import Floats

UNSEEN: Final = Path(__file__).parent / "unseen.npz"
_HAND: Final = "W-"
"""Begins the name of a written case."""
_ONE_IN: Final = 3
"""Of so many authors one is held back."""


def is_written(case: Case) -> bool:
    """Tell a case that was written for this project."""
    return case.id.startswith(_HAND)


def is_held_back(case: Case) -> bool:
    """Tell a case whose author the model to be judged does not meet."""
    return is_written(case) and number_of(case) % _ONE_IN == 0


def number_of(case: Case) -> int:
    """Return the number of a written case's author."""
    return int(case.author.rpartition("-")[2])


def key(case: Case) -> str:
    """Return what an opinion of this case is kept under."""
    return f"{case.id} {zlib.crc32(case.text.encode()):08x}"


@dataclass(frozen=True, slots=True)
class Unseen:
    """Opinions of unmet writers."""

    names: tuple[str, ...]
    met: frozenset[str]
    """Authors of written cases that the model has met; it met all other labelled cases, too."""
    opinions: Mapping[str, Floats]
    """Logits by target, one row a name."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what was kept.

        Raises:
            CorpusError: it is missing or damaged.

        """
        try:
            with np.load(path, allow_pickle=False) as stored:
                kept = {name: stored[name] for name in stored.files}
            names, met = kept.pop("names").tolist(), kept.pop("met").tolist()
        except (OSError, ValueError, KeyError) as error:
            raise CorpusError(f"cannot read {path}: {error}") from error
        opinions = {name: found.astype(np.float64) for name, found in kept.items()}
        return cls(tuple(names), frozenset(met), opinions)

    def write(self, path: Path) -> None:
        """Keep them; half the digits are enough."""
        small: dict[str, Any] = {
            target: found.astype(np.float16) for target, found in self.opinions.items()
        }
        met = np.array(sorted(self.met), np.str_)
        np.savez_compressed(path, names=np.array(self.names), met=met, **small)
