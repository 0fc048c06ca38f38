"""Sweeps the silent: who suffered from a known cause and was not answered as its cases were.

Only lists; what is made good is decided by people, case by case.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import asyncpg
import orjson

from services.decision import deliberation
from services.decision.causes.likeness import Likeness, Pattern, likeness, pattern_of, with_cause
from services.decision.causes.listing import Cause
from services.decision.deliberation import answer_of
from services.decision.merits.betters import is_worse
from services.decision.merits.decide import decide
from services.decision.merits.known import Known
from services.decision.policy.model import Policy
from shared.events.catalogue import CaseClassified, Decision
from shared.postgres import Connection

_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class LookAlike:
    """A case that was answered less well than it would have been, had its cause been known.

    `euros` is what that answer costs by the table; nothing without a rate.
    """

    case_id: UUID
    customer_id: str
    received_at: datetime
    likeness: Likeness
    answered: Decision
    would_be: Decision
    euros: Decimal | None


@dataclass(frozen=True, slots=True)
class Silent:
    """A customer whom the bank named as affected and who never complained of it."""

    customer_id: str
    named_by: str
    named_at: datetime


@dataclass(frozen=True, slots=True)
class Swept:
    """Whom redress is owed to or may be due to; `more`: the list of look-alikes was cut off."""

    look_alikes: tuple[LookAlike, ...]
    silent: tuple[Silent, ...]
    more: bool


_OF_THE_CAUSE = """
SELECT l.inputs
  FROM case_causes k
  JOIN cases c USING (case_id)
  JOIN decision_log l ON l.position = c.thought_position
 WHERE k.key = ANY($1) AND l.inputs IS NOT NULL
 ORDER BY k.received_at DESC LIMIT 1000
"""
# A case of another cause may look alike, too: it may have been put down to the wrong one.
_ANSWERED = """
SELECT t.inputs, t.body AS thought, d.body AS decided
  FROM cases c
  JOIN decision_log t ON t.position = c.thought_position
  JOIN decision_log d ON d.position = c.decided_position
 WHERE c.state = 'decided' AND c.received_at >= $2 AND t.inputs IS NOT NULL
   AND t.inputs::json ->> 'category' = ANY($3)
   AND NOT EXISTS (SELECT FROM case_causes k WHERE k.case_id = c.case_id AND k.key = ANY($1))
   AND NOT EXISTS (SELECT FROM affected a WHERE a.key = ANY($1) AND a.redressed_at IS NOT NULL
                      AND a.customer_id = c.customer_id)
 ORDER BY c.received_at, c.case_id
"""
_SILENT = """
SELECT customer_id, min(named_by) AS named_by, min(named_at) AS named_at
  FROM affected
 WHERE key = ANY($1)
   AND customer_id NOT IN (SELECT customer_id FROM case_causes WHERE key = ANY($1))
 GROUP BY customer_id HAVING every(redressed_at IS NULL)
 ORDER BY customer_id
"""


async def sweep(connection: Connection, cause: Cause, policy: Policy, most: int) -> Swept:
    """List earlier look-alike cases that were answered less well, and the silent.

    Reads the answered cases of the cause's categories since half a year before it began.
    """
    names = list(cause.names)
    rows = await connection.fetch(_OF_THE_CAUSE, names)
    pattern = pattern_of([CaseClassified.model_validate_json(row["inputs"]) for row in rows])
    found = [] if pattern is None else await _look_alikes(connection, names, pattern, policy, most)
    complained = {one.customer_id for one in found}
    silent = [Silent(**row) for row in await connection.fetch(_SILENT, names)]
    return Swept(
        tuple(found[:most]),
        tuple(one for one in silent if one.customer_id not in complained),
        more=len(found) > most,
    )


async def _look_alikes(
    connection: Connection, names: Sequence[str], pattern: Pattern, policy: Policy, most: int
) -> list[LookAlike]:
    """Return at most one more than asked for, so that a list which goes on is seen to."""
    found: list[LookAlike] = []
    categories = [str(category) for category in pattern.categories]
    async with connection.transaction(readonly=True):
        async for row in connection.cursor(
            _ANSWERED, names, pattern.since, categories, prefetch=_AT_ONCE
        ):
            one = _look_alike(row, pattern, policy)
            if one is not None:
                found.append(one)
            if len(found) > most:
                break
    return found


def _look_alike(row: asyncpg.Record, pattern: Pattern, policy: Policy) -> LookAlike | None:
    case = CaseClassified.model_validate_json(row["inputs"])
    like = likeness(case, pattern)
    if like is None:
        return None
    known = deliberation.read(row["thought"]).known
    would = answered_less_well(case, known, _standing(row["decided"]), pattern, policy)
    if would is None:
        return None
    standing, better, euros = would
    return LookAlike(
        case.case_id, case.customer_id, case.received_at, like, standing, better, euros
    )


def answered_less_well(
    case: CaseClassified, known: Known, standing: Decision, pattern: Pattern, policy: Policy
) -> tuple[Decision, Decision, Decimal | None] | None:
    """Return the answer that stands and the better one, with its cost; nothing if it is none."""
    answer = answer_of(decide(with_cause(case, pattern), known, policy))
    if answer is None or not is_worse(standing, answer.decision, policy):
        return None
    return standing, answer.decision, answer.cost


def _standing(body: str) -> Decision:
    """Return the decision in an entry of the log, by the policy or by a person."""
    told = orjson.loads(body)
    if "said" in told:
        answer = told["said"].get("answer") or told["said"]["proposal"]
        return Decision.model_validate(answer["decision"])
    return Decision.model_validate(told["decision"])
