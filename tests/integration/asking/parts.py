"""A message, tags that doubt it, and an adviser to ask about them."""

from collections.abc import Callable
from functools import cache
from typing import Any

from services.classifier import tagging
from services.classifier.asking.adviser import Adviser, Doubtful
from services.classifier.asking.budget import Budget
from services.classifier.asking.settings import AskingSettings
from services.classifier.tagging import Message, Tagger
from shared.events.tags import Fault, FaultTag, Pressure, PressureTag, Tags, Tone, ToneTag
from tests.integration.llm_server import (
    ChatServer,
)

TEXT = "You clowns charged 12 EUR twice, I wrote to you on Monday. Fix it or I go to the papers."


GOOD: dict[str, dict[str, Any]] = {
    "manner": {
        "tone": "rude",
        "tone_words": "You clowns",
        "pressure": "leverage",
        "pressure_words": "or I go to the papers",
    },
    "fault": {"fault": "company", "fault_words": "charged 12 eur twice"},
}


FAR_OFF = "Fri, 01 Jan 2021 00:00:00 +99999999999999999999"
"""A date that no clock can reach."""
UNSURE = Tags(
    tone=ToneTag(value=Tone.COURTEOUS, confidence=0.4),
    pressure=PressureTag(value=Pressure.NONE, confidence=0.4),
    fault=FaultTag(value=Fault.UNCLEAR, confidence=0.4),
    language="en",
    model="local",
)


SURE = UNSURE.model_copy(
    update={
        "tone": ToneTag(value=Tone.UPSET, confidence=0.9),
        "pressure": PressureTag(value=Pressure.NONE, confidence=0.9),
        "fault": FaultTag(value=Fault.CUSTOMER, confidence=0.9),
    }
)


@cache
def tagger() -> Tagger:
    return tagging.load()


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


class Asking:
    """An adviser at the test's server."""

    def __init__(self, chat: ChatServer, **settings: object) -> None:
        self.clock = Clock()
        given = {"url": chat.url, "model": "bank/gpt:1", "key": "secret-key", **settings}
        asking = AskingSettings.model_validate(given)
        budget = Budget(asking.per_minute, asking.tokens_per_day, self.clock)
        self.adviser = Adviser(asking, tagger(), budget)

    async def ask(self, text: str = TEXT, tags: Tags = UNSURE, *known: str, **more: Any) -> Tags:  # noqa: ANN401 - parts of a message
        (found,) = await self.adviser.advise([Doubtful(Message(text, **more), tags, known)])
        return found


Make = Callable[..., Asking]
"""Makes an adviser of these settings at the test's server."""
