"""Questions to the bank's systems and the ledger of what was granted on trust, as they are stored.

An answer is written under the lock on its customer; the lease of a row that is sent is nobody
else's concern. The database's clock says what is due.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from services.decision.dossier import Answered, Check
from shared.events.catalogue import VerificationCompleted
from shared.postgres import Connection

_COLUMNS = """v.verification_id, v.case_id, v.customer_id, v.purpose, v.checkable, v.asked_at,
       v.answer_by, v.request, v.cause_id, v.traceparent, v.answer,
       v.overdue_at IS NOT NULL AS overdue"""

# An answer names its question; a bank that cannot repeat ids answers the case's last open one.
_ASKED: Final = f"""
SELECT e.n, v.*
  FROM unnest($1::integer[], $2::uuid[], $3::uuid[]) AS e(n, verification_id, case_id)
 CROSS JOIN LATERAL (
    SELECT {_COLUMNS} FROM verifications v
     WHERE v.case_id = e.case_id
       AND (e.verification_id IS NULL OR v.verification_id = e.verification_id)
     ORDER BY v.answer IS NOT NULL, v.asked_at DESC LIMIT 1) AS v
"""  # noqa: S608 - both parts are constants of this module


async def asked(tx: Connection, events: Sequence[VerificationCompleted]) -> list[Check | None]:
    """Return the question that each of these answers belongs to."""
    found: list[Check | None] = [None] * len(events)
    if not events:
        return found
    rows = await tx.fetch(
        _ASKED,
        list(range(len(events))),
        [event.verification_id for event in events],
        [event.case_id for event in events],
    )
    for row in rows:
        found[row["n"]] = check_of(row)
    return found


def check_of(row: asyncpg.Record) -> Check:
    """Return a stored question."""
    return Check(**{name: value for name, value in row.items() if name != "n"})


_ASK = """
INSERT INTO verifications (verification_id, case_id, customer_id, purpose, checkable, request,
                           asked_at, answer_by, cause_id, traceparent, next_attempt_at)
SELECT q.*, CASE WHEN $11 THEN now() END
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::boolean[], $6::text[],
              $7::timestamptz[], $8::timestamptz[], $9::uuid[], $10::text[]) AS q
"""
_GRANT = """
INSERT INTO ledger (verification_id, case_id, customer_id, euros, remedies, state, granted_at)
SELECT g.*, 'provisional', $6
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::numeric[], $5::text[]) AS g
"""


async def ask(tx: Connection, checks: Sequence[Check], *, by_http: bool) -> None:
    """Store questions, and those that were granted already in the ledger."""
    if not checks:
        return
    await tx.execute(
        _ASK,
        [check.verification_id for check in checks],
        [check.case_id for check in checks],
        [check.customer_id for check in checks],
        [check.purpose for check in checks],
        [check.checkable for check in checks],
        [check.request for check in checks],
        [check.asked_at for check in checks],
        [check.answer_by for check in checks],
        [check.cause_id for check in checks],
        [check.traceparent for check in checks],
        by_http,
    )
    granted = [check for check in checks if check.purpose == "background"]
    if granted:
        await tx.execute(
            _GRANT,
            [check.verification_id for check in granted],
            [check.case_id for check in granted],
            [check.customer_id for check in granted],
            [check.euros for check in granted],
            [check.remedies for check in granted],
            granted[0].asked_at,
        )


_ANSWER = """
UPDATE verifications v
   SET answer = a.answer, evidence = a.evidence, answered_at = a.at, next_attempt_at = NULL
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[])
       AS a(verification_id, answer, evidence, at)
 WHERE v.verification_id = a.verification_id AND v.answer IS NULL
"""
# What two people took back stays so.
_SETTLE = """
UPDATE ledger l SET state = s.state, settled_at = s.at
  FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS s(verification_id, state, at)
 WHERE l.verification_id = s.verification_id AND l.state IN ('provisional', 'unanswered')
"""


async def answer(
    tx: Connection,
    answered: Mapping[UUID, Answered],
    settled: Mapping[UUID, tuple[str, datetime]],
) -> None:
    """Store what the bank's systems said, and what became of the grants."""
    if answered:
        await tx.execute(
            _ANSWER,
            list(answered),
            [each.answer for each in answered.values()],
            [each.evidence for each in answered.values()],
            [each.at for each in answered.values()],
        )
    if settled:
        await tx.execute(
            _SETTLE,
            list(settled),
            [state for state, _ in settled.values()],
            [at for _, at in settled.values()],
        )


_SILENT: Final = f"""
SELECT {_COLUMNS} FROM verifications v
 WHERE v.answer IS NULL AND v.overdue_at IS NULL AND v.answer_by <= now()
   AND v.verification_id = ANY(coalesce($2, ARRAY[v.verification_id]))
 ORDER BY v.answer_by LIMIT $1
"""  # noqa: S608 - both parts are constants of this module


async def silent(tx: Connection, most: int, among: Sequence[UUID] | None = None) -> list[Check]:
    """Return questions whose answer is overdue and was not told to anybody."""
    return [check_of(row) for row in await tx.fetch(_SILENT, most, among)]


_OVERDUE = """
UPDATE verifications SET overdue_at = now(), next_attempt_at = NULL
 WHERE verification_id = ANY($1)
"""


async def mark_overdue(tx: Connection, checks: Sequence[Check]) -> None:
    """Note that a person was told of the silence."""
    await tx.execute(_OVERDUE, [check.verification_id for check in checks])


_UNANSWERED = """
SELECT case_id, customer_id FROM cases
 WHERE state = 'asked' AND answer_due_at <= now()
 ORDER BY answer_due_at LIMIT $1
"""


async def unanswered_questions(tx: Connection, most: int) -> list[tuple[UUID, str]]:
    """Return the cases whose customers have not answered our question in time."""
    return [(row["case_id"], row["customer_id"]) for row in await tx.fetch(_UNANSWERED, most)]


_GRANTED = "SELECT count(*) FROM ledger WHERE state = 'provisional'"


async def provisional(connection: Connection) -> int:
    """Count what was granted on trust and is not checked yet."""
    return int(await connection.fetchval(_GRANTED))
