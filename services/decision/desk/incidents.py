"""Deadlines that passed without an answer: a person writes down what brought each about."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from services.decision import log
from services.decision.desk.forms import RootCauseForm
from services.decision.desk.parts import Done
from services.decision.log import Entry
from shared.http import problems
from shared.http.problems import ProblemError
from shared.postgres import Connection

STATES = ("open", "explained", "all")

_LISTED = """
SELECT i.*, c.pack, c.kind, c.role, k.queue, k.state
  FROM incidents i JOIN clocks c USING (case_id, clock) LEFT JOIN cases k USING (case_id)
 WHERE $1 = 'all' OR (i.found_at IS NOT NULL) = ($1 = 'explained')
 ORDER BY i.opened_at, i.incident_id LIMIT $2
"""


async def listed(connection: Connection, state: str, *, most: int) -> list[dict[str, Any]]:
    """Return incidents, the oldest first."""
    return [_shown(row) for row in await connection.fetch(_LISTED, state, most)]


def _shown(row: asyncpg.Record) -> dict[str, Any]:
    return {
        "incident_id": str(row["incident_id"]),
        "case_id": str(row["case_id"]),
        "clock": row["clock"],
        "pack": row["pack"],
        "kind": row["kind"],
        "role": row["role"],
        "queue": row["queue"],
        "case_state": row["state"],
        "deadline": row["deadline"].isoformat(),
        "legal_effect": row["legal_effect"],
        "opened_at": row["opened_at"].isoformat(),
        "root_cause": row["root_cause"],
        "finding": row["finding"],
        "found_by": row["found_by"],
        "found_at": row["found_at"].isoformat() if row["found_at"] else None,
    }


_HOLD = "SELECT *, now() AS now FROM incidents WHERE incident_id = $1 FOR UPDATE"
_FIND = """
UPDATE incidents SET root_cause = $2, finding = $3, found_by = $4, found_at = $5
 WHERE incident_id = $1
"""


async def explain(tx: Connection, who: str, incident_id: UUID, form: RootCauseForm) -> Done:
    """Keep what brought a lapse about. The lapse itself stays as it is.

    Raises:
        ProblemError: 404; 409, somebody has written it down already.

    """
    row = await tx.fetchrow(_HOLD, incident_id)
    if row is None:
        raise problems.not_found("incident")
    told = {
        "incident_id": str(incident_id),
        "case_id": str(row["case_id"]),
        "root_cause": form.root_cause,
        "finding": form.finding,
        "found_by": who,
    }
    if row["found_by"] is not None:
        same = (row["found_by"], row["root_cause"], row["finding"])
        if same == (who, form.root_cause, form.finding):
            return Done(told)
        raise ProblemError(409, f"{row['found_by']} has written down its root cause already.")
    now: datetime = row["now"]
    await tx.execute(_FIND, incident_id, form.root_cause, form.finding, who, now)
    body = {"incident_id": str(incident_id), "root_cause": form.root_cause, "clock": row["clock"]}
    entry = Entry(
        row["case_id"],
        "lapse_explained",
        who,
        now,
        log.canonical(body),
        log.canonical({"note": form.finding}),
    )
    await log.append(tx, [entry])
    return Done(told)
