"""Keeps the texts that this release says, so that what was said can be told later."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

from services.notifier.messages.render import Voice
from services.notifier.records import store
from shared.postgres import Pool, is_transient
from shared.publisher import wait

_log = logging.getLogger(__name__)
_PAUSE: Final = 1.0


@dataclass(frozen=True, slots=True)
class Keeping:
    """Writes the texts down once, however long the database is away at first."""

    pool: Pool
    voice: Voice

    async def run(self, stop: asyncio.Event) -> None:
        """Try until it is done, or until `stop`."""
        while not stop.is_set():
            try:
                async with self.pool.acquire() as connection:
                    await store.keep_texts(connection, self.voice.version, self.voice.body)
            except Exception as error:
                if not is_transient(error):
                    raise
                _log.warning("texts are not kept yet: %s", type(error).__name__)
                await wait(stop, _PAUSE)
            else:
                return
