"""Danger in words that the customer only quotes or reports.

Whoever said it, a person may be in danger: it raises the flag `safety`, so that people look. It is
never the customer's tone or pressure. This also catches a threat that is typed below the forged
head of an earlier mail.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from services.classifier.tagging.features import Words, verbatim
from services.classifier.tagging.figures import APART, CLOSE, meant
from services.classifier.tagging.lists import BODILY, HARM, INTENT, SELF_HARM
from services.classifier.tagging.vocabulary import Vocabulary
from shared.events.tags import Evidence, Flag

_CERTAIN: Final = (SELF_HARM, INTENT)
"""Each is a danger by itself; harm and a body are one together."""


def dangers(texts: Sequence[str], full: Words, known: Vocabulary) -> dict[int, Evidence]:
    """Return the proof of a danger in quoted words, by the number of the message that holds it."""
    rows = full.told.tolist()
    at = np.flatnonzero(np.isin(full.message, full.told) & ~known.is_told(full.word))
    own = set(zip(full.message[at].tolist(), full.begin[at].tolist(), strict=True))
    if not rows:
        return {}
    words = verbatim([texts[n] for n in rows], known)

    def told(concept: str, apart: int) -> dict[int, Evidence]:
        """Return a word of this concept for each message where one is not the customer's own."""
        found = {}
        for n in meant(concept, words, known, apart).tolist():
            message, begin = rows[words.message[n]], int(words.begin[n])
            if (message, begin) not in own:
                found[message] = _proof(concept, begin, int(words.end[n]))
        return found

    hurt, harm = told(BODILY, CLOSE), told(HARM, CLOSE)
    found = {message: proof for message, proof in hurt.items() if message in harm}
    for concept in _CERTAIN:
        found |= told(concept, APART)
    return found


def _proof(concept: str, begin: int, end: int) -> Evidence:
    return Evidence(
        target="flags", value=Flag.SAFETY, source=f"list:{concept}", start=begin, end=end
    )
