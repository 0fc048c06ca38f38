"""What is heard of a notice after it was sent: delivered, or come back.

Invariant: the first word counts; the same one again changes nothing. What came back goes by the
next way to its customer, in the same transaction.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from hmac import compare_digest, new
from typing import Final
from uuid import UUID

from services.notifier import claims
from services.notifier.attempts import Refused
from services.notifier.channels.smtp import blames_address
from services.notifier.domain import Channel
from services.notifier.settling import Closed, Done, settle, turn_to_the_next_way
from shared.postgres import Connection

_PURPOSE: Final = b"sms report "


class Word(StrEnum):
    """What a receiving side says of a notice."""

    TAKEN = "taken"
    DELIVERED = "delivered"
    FAILED = "failed"


KANNEL: Final = {
    1: Word.DELIVERED,
    2: Word.FAILED,
    8: Word.TAKEN,
    16: Word.FAILED,
}
"""Kannel's delivery reports (user guide, table of `dlr-mask`); 4 is `queued` and says nothing."""


@dataclass(frozen=True, slots=True)
class ReportAddress:
    """Where a gateway reports to: an address per notice, signed, so that nobody makes one up."""

    base_url: str
    secrets: Sequence[str]

    def of(self, notice_id: UUID) -> str:
        """Return the address; Kannel puts the kind of report in the place of `%d`."""
        key = _signature(self.secrets[0], notice_id)
        return f"{self.base_url.rstrip('/')}/v1/sms/{notice_id}?status=%d&key={key}"

    def is_ours(self, notice_id: UUID, key: str) -> bool:
        """Say whether an address was made by us."""
        signed = [_signature(secret, notice_id) for secret in self.secrets]
        return any(compare_digest(one.encode(), key.encode()) for one in signed)


def _signature(secret: str, notice_id: UUID) -> str:
    return new(secret.encode(), _PURPOSE + notice_id.bytes, sha256).hexdigest()[:32]


_ARRIVED = """
UPDATE notices
   SET taken_at = coalesce(taken_at, now()),
       delivered_at = CASE WHEN $2 THEN coalesce(delivered_at, now()) ELSE delivered_at END
 WHERE id = $1
"""


async def arrived(tx: Connection, notice_id: UUID, *, delivered: bool) -> None:
    """Note that the operator has a message, or its customer.

    One that was not settled (a crash, a time-out) is not sent again: its next attempt finds this.
    """
    await tx.execute(_ARRIVED, notice_id, delivered)


_BOUNCED = """
WITH bounced AS (
    UPDATE notices SET bounced_at = now(), detail = $2
     WHERE id = $1 AND outcome = 'sent' AND bounced_at IS NULL
 RETURNING id
)
INSERT INTO failures (notice_id) SELECT id FROM bounced ON CONFLICT DO NOTHING RETURNING notice_id
"""


async def came_back(
    tx: Connection, notice_id: UUID, channel: Channel, why: str, offered: Collection[Channel]
) -> list[Closed] | None:
    """Note that a notice did not reach its customer; nothing where the channel has no such notice.

    `why` is an enhanced status code, or begins with one; the contact is blamed where it says so.
    """
    taken = await claims.take(tx, notice_id, channel)
    if taken is None:
        return None
    outgoing, queued = taken
    blamed = channel is Channel.SMS or blames_address(why.partition(" ")[0])
    if queued:
        outcome = await settle(tx, [Done(outgoing, Refused(why, contact=blamed))], offered)
        return outcome.closed
    if await tx.fetch(_BOUNCED, notice_id, why):
        await turn_to_the_next_way(tx, [(outgoing, blamed)], offered)
    return []
