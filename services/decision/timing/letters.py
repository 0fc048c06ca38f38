"""What a holding letter tells the customer, and whether it went out. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.decision.clock.days import end_of
from services.decision.clock.ladder import Action
from services.decision.clock.model import LetterPart
from services.decision.clock.plan import Clock
from services.decision.clock.state import Draft


def letter_of(letter: Mapping[LetterPart, str], until: datetime) -> dict[str, Any]:
    """Return the new date, the reason as a code, and the parts in words for the customer."""
    return {
        "new_due_at": until,
        "letter": {part.value: text for part, text in letter.items()},
        "reason": "facts_to_establish" if LetterPart.FACTS_TO_ESTABLISH in letter else "other",
    }


def rung_of(clock: Clock) -> str | None:
    """Return the rung at which a clock sends its letter."""
    named = (planned.rung for planned in clock.rungs)
    return next((rung.name for rung in named if rung.action is Action.HOLDING_LETTER), None)


def was_sent(draft: str | None, fired_at: datetime, clock: Clock) -> bool:
    """Say whether the rung that fired sent the letter: it does where one is ready and holds."""
    if draft is None:
        return False
    new_date = Draft.model_validate_json(draft).new_date
    return end_of(new_date, ZoneInfo(clock.zone), clock.closes) > fired_at
