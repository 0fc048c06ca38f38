"""What each tier says of the units of a batch, and what is chosen of it for each message.

Where the deep tier turns what the fast one would have chosen, the choice tells so.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from services.classifier.tagging.evidence import Chosen, Column
from services.classifier.tagging.flags import FLAGS, Bools, Flagging
from services.classifier.tagging.hashing import Ints
from services.classifier.tagging.parts import Units
from services.classifier.tagging.scores import chances
from services.classifier.tagging.threats import SURE, with_harm
from services.classifier.tagging.weights import columns

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Said:
    """What a tier says of all units: logits of tone and pressure, and flags."""

    z: dict[str, Floats]
    flags: Flagging

    def with_harm(self, jokes: Ints, threats: Ints) -> "Said":
        """Return the same where a joke is no violence, and a threat in so many words is."""
        pressure = with_harm(self.z["pressure"], jokes, threats)
        flags = self.flags.sober(jokes).in_danger(threats, SURE)
        return Said(self.z | {"pressure": pressure}, flags)


@dataclass(frozen=True, slots=True)
class Heard:
    """What the fast tier says of manner, and what both say together: the same where it is alone."""

    units: Units
    table: Column
    """What each word of the units adds to what the fast tier says."""
    fast: Said
    both: Said

    def choice(self, target: Literal["tone", "pressure"]) -> tuple[Ints, Floats, Chosen]:
        """Return of each message the number of its value, how sure it is, and who chose it."""
        harsh = target == "tone"
        alone, _ = self.units.settled(self.fast.z[target], remarks=harsh)
        z, deciding = self.units.settled(self.both.z[target], remarks=harsh)
        likely = chances(z)
        have_any = self.units.words.have_any[deciding]
        chosen = np.where(have_any, likely.argmax(axis=1), 0)
        column = columns(target).start + chosen
        by = Chosen(deciding, column, have_any & (alone.argmax(axis=1) != chosen))
        return chosen, likely[np.arange(len(chosen)), chosen], by

    def flags(self) -> tuple[Bools, Floats, tuple[Chosen, ...]]:
        """Return of each message which flags are raised, how sure each is, and who chose it."""
        alone, _ = self.units.settled_flags(self.fast.flags)
        said, deciding = self.units.settled_flags(self.both.flags)
        raised = said.raised & self.units.words.have_any[: self.units.messages, None]
        turned = raised & ~alone.raised
        first = columns("flags").start
        by = tuple(
            Chosen(deciding[:, n], np.full(len(raised), first + n), turned[:, n])
            for n in range(len(FLAGS))
        )
        return raised, said.chances, by
