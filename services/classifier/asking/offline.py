"""Asks the language model outside the service: to measure what its answers are worth.

The budget and its limits are those of the service; here nobody else's customer is known, so only
what has a form is covered.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from services.classifier.asking.adviser import Adviser, Doubtful
from services.classifier.asking.budget import Budget
from services.classifier.asking.settings import AskingSettings
from services.classifier.tagging import Message, Tagger
from shared.errors import Rejected
from shared.events.tags import Tags

_BLOCK: Final = 16
"""So few messages are asked about together that the time for a batch is enough for all."""


class AdvisedTagger:
    """A tagger that asks where it doubts. Not for use inside an event loop."""

    def __init__(self, tagger: Tagger, settings: AskingSettings) -> None:
        if settings.url is None:
            raise Rejected("nobody to ask: set EVENHAND_CLASSIFIER_LLM_URL and _MODEL")
        self._tagger = tagger
        self._settings = settings
        self._budget = Budget(settings.per_minute, settings.tokens_per_day, time.monotonic)

    def tag(self, messages: Sequence[Message]) -> list[Tags]:
        """Return the tags of each message, in order, as the service would say them."""
        tags = self._tagger.tag(messages)
        doubtful = [Doubtful(*each) for each in zip(messages, tags, strict=True)]
        blocks = (doubtful[n : n + _BLOCK] for n in range(0, len(doubtful), _BLOCK))
        return [told for block in blocks for told in asyncio.run(self._advised(block))]

    async def _advised(self, batch: Sequence[Doubtful]) -> list[Tags]:
        adviser = Adviser(self._settings, self._tagger, self._budget)
        try:
            return await adviser.advise(batch)
        finally:
            await adviser.close()
