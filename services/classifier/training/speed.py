"""How fast a tier is: messages per second of processor time, in batches, short and long ones."""

import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from typing import Final

from services.classifier.tagging import Message, Tagger
from services.classifier.training.corpus import Case

BATCH: Final = 500
SHORT: Final = 120
LONG: Final = 600
"""Lengths of a message that are measured, in characters."""
ROUNDS: Final = 3


def speed(load: Callable[[], Tagger], cases: Sequence[Case]) -> str:
    """Say how many messages a second a tagger answers, of each length."""
    told = []
    for characters in (SHORT, LONG):
        new, met = pace(load(), cases, characters)
        told.append(
            f"{characters} characters: {new:,.0f} a second when every word is new, "
            f"{met:,.0f} when the words have been met"
        )
    return " · ".join(told)


def pace(tagger: Tagger, cases: Sequence[Case], characters: int) -> tuple[float, float]:
    """Return messages per second of this length: of the first batch, and of the best later one.

    Words are new to a tagger that has tagged nothing yet.
    """
    batch = [_message(case, characters) for case in islice(cycle(cases), BATCH)]
    taken = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        tagger.tag(batch)
        taken.append(time.process_time() - begun)
    return BATCH / taken[0], BATCH / min(taken[1:])


def _message(case: Case, characters: int) -> Message:
    copies = -(-characters // (len(case.text) + 1))
    text = " ".join([case.text] * copies)[:characters]
    return Message(text, case.facts or {}, case.category, case.claim is not None)
