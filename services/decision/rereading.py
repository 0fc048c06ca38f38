"""Reads back what was decided: samples for a backtest, and what a candidate beside would have said.

Reads only; memory grows with what is asked for, never with what is stored.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from services.decision import deliberation
from services.decision.simulating import Grant, Past, Sample
from shared.events.catalogue import CaseClassified
from shared.postgres import Connection

_NEWEST: Final = """
SELECT l.inputs, l.body
  FROM cases c
  JOIN decision_log l ON l.position = c.thought_position
 WHERE l.inputs IS NOT NULL AND l.kind = 'deliberated'
 ORDER BY l.position DESC LIMIT $1
"""
_GOODWILL: Final = """
SELECT customer_id, received_at, goodwill_eur FROM cases
 WHERE customer_id = ANY($1) AND goodwill_eur IS NOT NULL AND case_id <> ALL($2)
"""
_UNSHOWN: Final = """
SELECT customer_id, asked_at FROM verifications
 WHERE customer_id = ANY($1) AND NOT checkable AND purpose = 'background' AND case_id <> ALL($2)
"""


async def stored(connection: Connection, most: int) -> tuple[list[Sample], Past]:
    """Return the newest cases as they were last looked at, and what their customers had besides."""
    rows = await connection.fetch(_NEWEST, most)
    samples = [
        Sample(
            CaseClassified.model_validate_json(row["inputs"]), deliberation.read(row["body"]).known
        )
        for row in rows
    ]
    customers = list({sample.case.customer_id for sample in samples})
    mine = [sample.case.case_id for sample in samples]
    goodwill: defaultdict[str, list[Grant]] = defaultdict(list)
    for row in await connection.fetch(_GOODWILL, customers, mine):
        goodwill[row["customer_id"]].append(Grant(row["received_at"], row["goodwill_eur"]))
    unshown: defaultdict[str, list[datetime]] = defaultdict(list)
    for row in await connection.fetch(_UNSHOWN, customers, mine):
        unshown[row["customer_id"]].append(row["asked_at"])
    return samples, Past(goodwill, unshown)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A policy that ran beside the active one: how many cases it saw and would have changed."""

    hash: str
    cases: int
    differs: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Beside:
    """One case that a candidate would have treated otherwise; bodies as in the log."""

    case_id: UUID
    customer_id: str
    at: datetime
    active: dict[str, Any]
    candidate: dict[str, Any]


_CANDIDATES: Final = """
SELECT candidate AS hash, count(*) AS cases, count(*) FILTER (WHERE differs) AS differs,
       min(at) AS first_at, max(at) AS last_at
  FROM shadow GROUP BY candidate ORDER BY max(at) DESC
"""
_BESIDE: Final = """
SELECT s.case_id, c.customer_id, s.at, l.body AS active, s.outcome AS candidate
  FROM shadow s
  JOIN decision_log l ON l.position = s.position
  JOIN cases c ON c.case_id = s.case_id
 WHERE s.candidate = $1 AND s.differs
 ORDER BY s.position DESC LIMIT $2
"""


async def candidates(connection: Connection) -> Sequence[Candidate]:
    """Return the candidates that ran beside, the last one first."""
    return [Candidate(**row) for row in await connection.fetch(_CANDIDATES)]


async def beside(connection: Connection, candidate: str, most: int) -> Sequence[Beside]:
    """Return the newest cases that a candidate would have treated otherwise."""
    return [
        Beside(
            row["case_id"],
            row["customer_id"],
            row["at"],
            orjson.loads(row["active"]),
            orjson.loads(row["candidate"]),
        )
        for row in await connection.fetch(_BESIDE, candidate, most)
    ]
