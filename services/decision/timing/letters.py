"""What a holding letter tells the customer. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.decision.clock.model import LetterPart


def letter_of(letter: Mapping[LetterPart, str], until: datetime) -> dict[str, Any]:
    """Return the new date, the reason as a code, and the parts in words for the customer."""
    return {
        "new_due_at": until,
        "letter": {part.value: text for part, text in letter.items()},
        "reason": "facts_to_establish" if LetterPart.FACTS_TO_ESTABLISH in letter else "other",
    }
