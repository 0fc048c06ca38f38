"""How fast the tagger is: processor time per message of 300 characters, in batches of 500."""

import time
from collections.abc import Sequence
from itertools import cycle, islice
from typing import Final

from services.classifier.tagging import Message, Tagger
from services.classifier.training.corpus import Case

BATCH: Final = 500
CHARACTERS: Final = 300
ROUNDS: Final = 5


def speed(tagger: Tagger, cases: Sequence[Case]) -> str:
    """Return milliseconds per message: the first batch, and the best of later rounds."""
    batch = [_message(case) for case in islice(cycle(cases), BATCH)]
    taken = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        tagger.tag(batch)
        taken.append((time.process_time() - begun) * 1000 / BATCH)
    return (
        f"{taken[0]:.3f} ms a message when every word is new, "
        f"{min(taken[1:]):.3f} to {max(taken[1:]):.3f} ms when the words have been met"
    )


def _message(case: Case) -> Message:
    copies = -(-CHARACTERS // max(len(case.text), 1))
    text = " ".join([case.text] * copies)[:CHARACTERS]
    return Message(text, case.facts or {}, case.category, case.claim is not None)
