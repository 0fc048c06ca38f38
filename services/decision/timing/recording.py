"""Writes what timers did: clocks, lapses with their incidents, what is given in return, the log.

No statement here touches `cases`, and none can: the loop never locks a case.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from services.decision import log
from services.decision.clock.model import Kind
from services.decision.log import Entry
from services.decision.timing import amends, claims, store
from services.decision.timing.doings import Doings, Lapsing, Summons
from services.decision.timing.rows import Offers
from services.decision.timing.telling import identity_of
from shared.postgres import Connection

ACTOR: Final = "clock"

_SUMMON = """
UPDATE clocks c SET summoned = s.level, jumps_queue = s.jumps
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::boolean[])
       AS s(case_id, clock, level, jumps)
 WHERE c.case_id = s.case_id AND c.clock = s.clock
"""
_LAPSE = """
UPDATE clocks c SET lapsed_at = l.deadline, lapse_recorded_at = $5, legal_effect = l.effect
  FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::text[])
       AS l(case_id, clock, deadline, effect)
 WHERE c.case_id = l.case_id AND c.clock = l.clock AND c.lapsed_at IS NULL
"""
_INCIDENT = """
INSERT INTO incidents (incident_id, case_id, clock, deadline, legal_effect, opened_at)
SELECT i.*, $6
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::text[]) AS i
ON CONFLICT DO NOTHING
"""


async def write(
    tx: Connection, doings: Doings, now: datetime, offers: Offers = amends.nothing
) -> None:
    """Write what a batch of timers did; the clocks are locked. The end of the log comes last."""
    await claims.drop(tx, doings.dropped)
    await claims.postpone(tx, doings.postponed)
    await _summon(tx, list(doings.summons.values()))
    for before, after in doings.terms:
        await store.extend(tx, before, after)
    await _lapse(tx, doings.lapses, now)
    given = await amends.give(tx, doings.warned, offers, now)
    await log.append(tx, [*(_entry(each, now) for each in doings.lapses), *given])


async def _summon(tx: Connection, summons: Sequence[Summons]) -> None:
    if summons:
        await tx.execute(
            _SUMMON,
            [each.case_id for each in summons],
            [each.clock for each in summons],
            [each.level.value for each in summons],
            [each.jumps for each in summons],
        )


async def _lapse(tx: Connection, lapses: Sequence[Lapsing], now: datetime) -> None:
    if not lapses:
        return
    await tx.execute(
        _LAPSE,
        [each.row["case_id"] for each in lapses],
        [each.row["clock"] for each in lapses],
        [each.effect.deadline for each in lapses],
        [each.effect.lateness.effect.value for each in lapses],
        now,
    )
    # An option that closes breaks nothing, and there is nothing to look into.
    broken = [each for each in lapses if each.clock.kind is not Kind.OPTION]
    await tx.execute(
        _INCIDENT,
        [identity_of(each.row["case_id"], each.row["clock"], "incident") for each in broken],
        [each.row["case_id"] for each in broken],
        [each.row["clock"] for each in broken],
        [each.effect.deadline for each in broken],
        [each.effect.lateness.effect.value for each in broken],
        now,
    )


def _entry(lapsing: Lapsing, now: datetime) -> Entry:
    row, clock, effect = lapsing.row, lapsing.clock, lapsing.effect
    body = {
        "clock": row["clock"],
        "pack": f"{clock.pack}@{clock.pack_version}",
        "deadline": effect.deadline,
        "legal_effect": effect.lateness.effect,
        "legal_text": effect.lateness.text,
        "late_arrival": effect.late_arrival,
    }
    return Entry(row["case_id"], "lapsed", ACTOR, now, log.canonical(body))
