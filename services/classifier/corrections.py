"""What people said that tags should have been: kept for the next training, and forgotten in time.

Invariant: a correction is stored once, changes no tag of its case, and is read by nobody but the
one who exports it; its text is personal data and leaves with the case, the customer or its age.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from prometheus_client import Counter

from shared.events.catalogue import ClassificationCorrected
from shared.hop import Received
from shared.outbox import Saying
from shared.postgres import Connection, Pool, is_transient
from shared.publisher import wait
from shared.run import Loop

_log = logging.getLogger(__name__)

CORRECTED: Final = Counter(
    "evenhand_tags_corrected",
    "Tags that a person named, by whether they were wrong",
    ["target", "wrong"],
)

_EVERY: Final = 3600.0
_PAUSE: Final = 0.2
_AT_ONCE: Final = 1000

_KEEP = """
INSERT INTO corrections (event_id, case_id, customer_id, corrected_at, body)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::text[])
ON CONFLICT (event_id) DO NOTHING
"""


async def keep(tx: Connection, batch: Sequence[Received]) -> Sequence[Saying]:
    """Store a batch of corrections: a hop's handler that says nothing."""
    made = [(r.envelope.id, r.event) for r in batch if isinstance(r.event, ClassificationCorrected)]
    await tx.execute(
        _KEEP,
        [identity for identity, _ in made],
        [event.case_id for _, event in made],
        [event.customer_id for _, event in made],
        [event.corrected_at for _, event in made],
        [event.model_dump_json() for _, event in made],
    )
    for _, event in made:
        _count(event)
    return ()


def _count(event: ClassificationCorrected) -> None:
    before, after = event.before, event.corrected
    wrong = {
        "tone": before.tone is not after.tone,
        "pressure": before.pressure is not after.pressure,
        "fault": before.fault is not after.fault,
        "flags": set(before.flags) != set(after.flags),
    }
    for target in event.named:
        CORRECTED.labels(target, str(wrong[target]).lower()).inc()


_STORED = "SELECT body FROM corrections ORDER BY corrected_at, event_id"


async def stored(connection: Connection) -> list[ClassificationCorrected]:
    """Return what is kept, oldest first."""
    rows = await connection.fetch(_STORED)
    return [ClassificationCorrected.model_validate_json(row["body"]) for row in rows]


_OF_CASE = "DELETE FROM corrections WHERE case_id = $1"
_OF_CUSTOMER = "DELETE FROM corrections WHERE customer_id = $1"
_OLD = """
DELETE FROM corrections WHERE event_id IN (
    SELECT event_id FROM corrections WHERE corrected_at < now() - $1::interval
     ORDER BY corrected_at LIMIT $2
)
"""


async def erase_case(tx: Connection, case_id: UUID) -> int:
    """Erase what is kept of a case; returns how many corrections there were."""
    return _rows(await tx.execute(_OF_CASE, case_id))


async def erase_customer(tx: Connection, customer_id: str) -> int:
    """Erase what is kept of a customer; returns how many corrections there were."""
    return _rows(await tx.execute(_OF_CUSTOMER, customer_id))


async def forget(connection: Connection, keep_for: timedelta) -> bool:
    """Erase some of what is older than that; says whether there may be more."""
    return _rows(await connection.execute(_OLD, keep_for, _AT_ONCE)) == _AT_ONCE


def _rows(status: str) -> int:
    return int(status.rsplit(maxsplit=1)[-1])


def forgetting(pool: Pool, keep_for: timedelta) -> Loop:
    """Return the loop that erases what is too old."""

    async def run(stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                async with pool.acquire() as connection:
                    more = await forget(connection, keep_for)
            except Exception as error:
                if not is_transient(error):
                    raise
                _log.warning("corrections are forgotten later: %s", type(error).__name__)
                more = False
            await wait(stop, _PAUSE if more else _EVERY)

    return run
