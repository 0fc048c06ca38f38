"""What customers get with the word that their answer will be late, noted with that word.

Invariants: a case gets it once, a customer so many times in twelve months, and all of them together
what the day's automatic certificate still holds beyond the half that is kept for answers. What does
not fit is neither given nor told. It is a fixed sum of the policy's, whoever erred and however they
write; it answers nothing, and no storm of timers keeps an answer from being given.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import orjson

from services.decision import day, log
from services.decision.log import Entry
from services.decision.timing.rows import Offer, Offers, Origin, Row, origin_of
from shared.postgres import Connection

_YEAR: Final = timedelta(days=365)
_OF_PEOPLE: Final = tuple(
    f'%"reason":"{reason}"%'
    for reason in ("safety", "violence", "suspicion_needs_a_written_report")
)
"""Reasons why a person has a case of which nothing but the receipt is automatic."""
_ONE_COUNTS: Final = 0x414D454E4453


def nothing(_: Origin) -> None:
    """Offer nothing."""


# Whatever was written since: a later message, or a person, gives the case another reason. Looked
# for as it is written; a quote within what the customer wrote is escaped there.
_WAS_OF_PEOPLE = """
SELECT DISTINCT case_id FROM decision_log
 WHERE case_id = ANY($1) AND kind = 'deliberated' AND body LIKE ANY($2)
"""
_GIVEN = """
SELECT case_id, customer_id, granted_at FROM amends
 WHERE customer_id = ANY($1) OR case_id = ANY($2)
"""
_GIVE = """
INSERT INTO amends (case_id, clock, customer_id, remedy, euros, policy, granted_at)
SELECT a.*, $7 FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::numeric[],
                           $6::text[]) AS a
"""


@dataclass(frozen=True, slots=True)
class _Grant:
    row: Row
    told: dict[str, Any]
    offer: Offer


_NOW = "SELECT clock_now()"


async def hold(tx: Connection) -> None:
    """Hold the day's certificate, as everybody does before the clocks who may spend from it.

    Over midnight two days are held; what a customer was given is counted by one at a time.
    """
    await day.left(tx, Decimal(0), await tx.fetchval(_NOW), lock=True)
    await tx.execute("SELECT pg_advisory_xact_lock($1)", _ONE_COUNTS)


async def give(
    tx: Connection, warned: Sequence[tuple[Row, dict[str, Any]]], offers: Offers, now: datetime
) -> list[Entry]:
    """Give what there is to those who are warned, and put it into what they are told.

    Returns what goes into the log. All that is counted here is held already, and so are the
    clocks; the log comes after.
    """
    if not warned:
        return []
    cases = [row["case_id"] for row, _ in warned]
    of_people = {each["case_id"] for each in await tx.fetch(_WAS_OF_PEOPLE, cases, _OF_PEOPLE)}
    wanted = [
        _Grant(row, told, offer)
        for row, told in warned
        if row["case_id"] not in of_people and (offer := offers(origin_of(row))) is not None
    ]
    if not wanted:
        return []
    customers = sorted({grant.row["customer_id"] for grant in wanted})
    cases = [grant.row["case_id"] for grant in wanted]
    grants = _within(wanted, await tx.fetch(_GIVEN, customers, cases), now)
    if grants:
        grants = await _spend(tx, grants, now)
    if not grants:
        return []
    await tx.execute(
        _GIVE,
        [grant.row["case_id"] for grant in grants],
        [grant.row["clock"] for grant in grants],
        [grant.row["customer_id"] for grant in grants],
        [orjson.dumps(grant.offer.remedy).decode() for grant in grants],
        [grant.offer.euros for grant in grants],
        [grant.offer.policy for grant in grants],
        now,
    )
    for grant in grants:
        grant.told["granted"] = [grant.offer.remedy]
    return [_entry(grant, now) for grant in grants]


async def _spend(tx: Connection, grants: Sequence[_Grant], now: datetime) -> list[_Grant]:
    """Take them out of the day's certificate, and return those that fit; half is for answers."""
    limit = grants[0].offer.per_day
    left = await day.left(tx, limit, now, lock=True) - limit / 2
    held, spent = list[_Grant](), Decimal(0)
    for grant in grants:
        if spent + grant.offer.euros <= left:
            held.append(grant)
            spent += grant.offer.euros
    await day.spend(tx, spent, len(held), limit, now)
    return held


def _within(wanted: Iterable[_Grant], given: Iterable[Row], now: datetime) -> list[_Grant]:
    """Return those that the limits of case and customer leave."""
    cases: set[UUID] = set()
    times: Counter[str] = Counter()
    for each in given:
        cases.add(each["case_id"])
        times[each["customer_id"]] += abs(now - each["granted_at"]) < _YEAR
    found = []
    for grant in wanted:
        case_id, customer = grant.row["case_id"], grant.row["customer_id"]
        if case_id not in cases and times[customer] < grant.offer.times:
            found.append(grant)
            cases.add(case_id)
            times[customer] += 1
    return found


def _entry(grant: _Grant, now: datetime) -> Entry:
    body = {
        "clock": grant.row["clock"],
        "euros": grant.offer.euros,
        "new_date": grant.told["new_due_at"],
        "policy": grant.offer.policy,
        "remedy": grant.offer.remedy,
        "told_date": grant.told["due_at"],
    }
    return Entry(grant.row["case_id"], "delay_made_good", "policy", now, log.canonical(body))
