"""The automatic certificate of a day: what the policy may grant in total, however many decide.

Invariant: the sum that stands for a day never exceeds the limit. What is left is read without a
lock; where it was spent meanwhile, the row is locked and the batch is decided once more.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final

from shared.postgres import Connection

_HOLDER: Final = "policy"

_SPENT = "SELECT euros FROM certificate_use WHERE holder = $1 AND period = $2"
_LOCKED = """
INSERT INTO certificate_use AS u (holder, period, euros, times) VALUES ($1, $2, 0, 0)
ON CONFLICT (holder, period) DO UPDATE SET times = u.times
RETURNING euros
"""
_SPEND = """
INSERT INTO certificate_use AS u (holder, period, euros, times) VALUES ($1, $2, $3, $4)
ON CONFLICT (holder, period) DO UPDATE
   SET euros = u.euros + excluded.euros, times = u.times + excluded.times
 WHERE u.euros + excluded.euros <= $5
RETURNING euros
"""


def period_of(now: datetime) -> str:
    """Return the day of the certificate, in UTC."""
    return now.date().isoformat()


async def left(tx: Connection, limit: Decimal, now: datetime, *, lock: bool = False) -> Decimal:
    """Return what may still be granted today (EUR); with `lock` nobody else spends meanwhile."""
    spent = await tx.fetchval(_LOCKED if lock else _SPENT, _HOLDER, period_of(now))
    return max(limit - (spent or Decimal(0)), Decimal(0))


async def spend(tx: Connection, euros: Decimal, times: int, limit: Decimal, now: datetime) -> bool:
    """Note what was granted; says false, and notes nothing, where it does not fit any more."""
    if not times:
        return True
    noted = await tx.fetchval(_SPEND, _HOLDER, period_of(now), euros, times, limit)
    return noted is not None
