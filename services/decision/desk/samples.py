"""A random share of decisions, looked at afterwards: to learn from, never to blame."""

from typing import Any
from uuid import UUID

from services.decision import log
from services.decision.desk.parts import Done
from services.decision.log import Entry
from shared import clock
from shared.http import problems
from shared.http.problems import ProblemError
from shared.postgres import Connection

_LISTED = """
SELECT s.position, s.case_id, l.actor, l.at, s.reviewed_by, s.reviewed_at, s.finding
  FROM samples s JOIN decision_log l USING (position)
 WHERE $1::boolean IS NULL OR (s.reviewed_at IS NOT NULL) = $1
 ORDER BY s.position LIMIT $2
"""


async def listed(
    connection: Connection, *, reviewed: bool | None, most: int = 200
) -> list[dict[str, Any]]:
    """Return the sample, the oldest first."""
    return [
        {
            "position": row["position"],
            "case_id": str(row["case_id"]),
            "decided_by": row["actor"],
            "decided_at": row["at"].isoformat(),
            "reviewed_by": row["reviewed_by"],
            "reviewed_at": row["reviewed_at"].isoformat() if row["reviewed_at"] else None,
            "finding": row["finding"],
        }
        for row in await connection.fetch(_LISTED, reviewed, most)
    ]


_HOLD = """
SELECT s.case_id, s.reviewed_by, s.finding, l.actor
  FROM samples s JOIN decision_log l USING (position) WHERE s.position = $1 FOR UPDATE OF s
"""
_REVIEW = """
UPDATE samples SET reviewed_by = $2, reviewed_at = $3, finding = $4 WHERE position = $1
"""


async def review(tx: Connection, who: str, position: int, finding: str) -> Done:
    """Keep what was found in a sample; somebody else's decision only.

    Raises:
        ProblemError: 404; 403, it is one's own decision; 409, it was reviewed already.

    """
    row = await tx.fetchrow(_HOLD, position)
    if row is None:
        raise problems.not_found("sample")
    if row["actor"] == who:
        raise ProblemError(403, "This is your own decision; another person reviews it.")
    told = _told(position, row["case_id"], who, finding)
    if row["reviewed_by"] is not None:
        if (row["reviewed_by"], row["finding"]) == (who, finding):
            return Done(told)
        raise ProblemError(409, f"The sample was reviewed by {row['reviewed_by']} already.")
    now = clock.now()
    entry = Entry(
        row["case_id"],
        "sample_reviewed",
        who,
        now,
        log.canonical({"position": position}),
        log.canonical({"note": finding}),
    )
    await tx.execute(_REVIEW, position, who, now, finding)
    await log.append(tx, [entry])
    return Done(told)


def _told(position: int, case_id: UUID, who: str, finding: str) -> dict[str, Any]:
    return {
        "position": position,
        "case_id": str(case_id),
        "reviewed_by": who,
        "finding": finding,
    }
