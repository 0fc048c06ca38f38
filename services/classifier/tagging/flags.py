"""How sure each flag is, and from which chance on it is raised.

Invariant: what is computed of a spoken flag comes from words alone, and so does whether it is in
doubt: being late or in dispute makes nobody vulnerable.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from services.classifier.tagging.weights import Description
from shared.events.tags import Flag

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FLAGS: Final = tuple(Flag)
SPOKEN: Final = frozenset({Flag.SAFETY, Flag.VULNERABLE})
"""Flags that the words alone must show."""
SPOKEN_COLUMNS: Final = [FLAGS.index(flag) for flag in FLAGS if flag in SPOKEN]
_SAFETY: Final = FLAGS.index(Flag.SAFETY)
LIKELY: Final = 0.5
_CERTAIN: Final = 40.0
"""A flag's logit beyond which nothing is surer; a very long text can reach any size."""
SURE: Final = 0.9
"""A spoken flag is in doubt where its chance and the contrary are both less than this."""


@dataclass(frozen=True, slots=True)
class Flagging:
    """What is said of the flags of some messages: one row a message, one column a flag."""

    logits: Floats
    """Of honest chances."""
    least: Floats
    """The chance from which the flag is raised."""

    @classmethod
    def of(cls, linear: Floats, about: Description) -> Self:
        """Make honest what the fast tier's heads say."""
        strength = np.array(about.flag_slope) * linear + np.array(about.flag_offset)
        return cls(strength, np.broadcast_to(about.flag_threshold, strength.shape))

    @property
    def chances(self) -> Floats:
        """How likely each flag is."""
        found: Floats = 1 / (1 + np.exp(-np.clip(self.logits, -_CERTAIN, _CERTAIN)))
        return found

    @property
    def raised(self) -> Bools:
        """Which flags are raised."""
        found: Bools = self.chances >= self.least
        return found

    @property
    def in_doubt(self) -> Bools:
        """Say of each message whether a spoken flag is in doubt."""
        chances = self.chances[:, SPOKEN_COLUMNS]
        doubt: Bools = np.maximum(chances, 1 - chances).min(axis=1) < SURE
        return doubt

    def sober(self, jokes: NDArray[np.int64]) -> "Flagging":
        """Return the same, but no guess at a danger where all violence is a figure of speech."""
        least = self.least.copy()
        least[jokes, _SAFETY] = np.maximum(least[jokes, _SAFETY], LIKELY)
        return Flagging(self.logits, least)

    def in_danger(self, rows: NDArray[np.int64], sure: float) -> "Flagging":
        """Return the same, but at least so sure of a danger in these rows."""
        logits = self.logits.copy()
        logits[rows, _SAFETY] = np.maximum(logits[rows, _SAFETY], np.log(sure / (1 - sure)))
        return Flagging(logits, self.least)

    def revised(self, rows: NDArray[np.int64], logits: Floats, least: Floats) -> "Flagging":
        """Return the same with these rows said anew; `least` has one number a flag."""
        said, raising = self.logits.copy(), self.least.copy()
        said[rows], raising[rows] = logits, least
        return Flagging(said, raising)
