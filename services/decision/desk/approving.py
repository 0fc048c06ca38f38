"""A second person: what waits for one, and what they say. Nobody approves their own.

An approval is for one version of a case. Where the case has moved on since, it is withdrawn, and
the first person looks again.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID, uuid4

import asyncpg
import orjson

from services.decision import log, store
from services.decision.desk.cases import File, Held, hold, open_file
from services.decision.desk.parts import Done
from services.decision.desk.people import Person
from services.decision.desk.settling import withdraw_open
from services.decision.log import Entry
from services.decision.policy.model import Policy
from shared.http import problems
from shared.http.problems import ProblemError
from shared.postgres import Connection

Kind: TypeAlias = Literal["decision", "service_ended", "take_back"]

_ADD = """
INSERT INTO approvals (approval_id, case_id, case_version, kind, body, euros, asked_by, asked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""


@dataclass(frozen=True, slots=True)
class Ask:
    """What a person wants a second one to agree to, whose certificate must cover `euros`."""

    kind: Kind
    person: Person
    why: str
    euros: Decimal | None
    request: str
    version: int
    body: dict[str, Any]
    note: str | None = None


async def ask(tx: Connection, file: File, this: Ask) -> Done:
    """Store what waits for a second person; what waited before for this case is withdrawn."""
    identity = uuid4()
    version = file.row.version + 1
    await withdraw_open(tx, file.row.case_id, file.now)
    # Free text stays out of the log's body, which nobody can ever erase.
    kept = {**this.body, "note": this.note, "role": this.person.role, "why": this.why}
    await tx.execute(
        _ADD,
        identity,
        file.row.case_id,
        version,
        this.kind,
        log.canonical({**kept, "request": this.request, "version": this.version}),
        this.euros,
        this.person.id,
        file.now,
    )
    told = {
        "case_id": str(file.row.case_id),
        "version": version,
        "state": file.row.state,
        "approval_id": str(identity),
        "approval": "open",
        "why": this.why,
    }
    body = {
        "answer": told,
        "approval_id": str(identity),
        "kind": this.kind,
        "request": this.request,
        "version": this.version,
        "why": this.why,
        "wanted": this.body.get("decision"),
    }
    noted = None if this.note is None else log.canonical({"note": this.note})
    entry = Entry(
        file.row.case_id, "approval_asked", this.person.id, file.now, log.canonical(body), noted
    )
    await log.append(tx, [entry])
    await store.store(tx, [replace(file.row)])
    return Done(told, 202)


_FIND = "SELECT case_id FROM approvals WHERE approval_id = $1"
_HOLD = "SELECT * FROM approvals WHERE approval_id = $1 FOR UPDATE"
_ANSWER = """
UPDATE approvals SET state = $2, answered_by = $3, answered_at = $4, note = $5
 WHERE approval_id = $1
"""


@dataclass(frozen=True, slots=True)
class Open:
    """An approval that waits, with its case; both rows are locked."""

    row: asyncpg.Record
    held: Held
    file: File
    body: dict[str, Any]


Carry: TypeAlias = Callable[[Connection, Open, Person, Policy], Awaitable[Done]]
"""Does what was approved; checks once more whatever may have changed since it was asked."""


async def give(  # noqa: PLR0913, PLR0917 - who gives what, and how it is done
    tx: Connection,
    person: Person,
    identity: UUID,
    note: str | None,
    policy: Policy,
    carry: Mapping[Kind, Carry],
) -> Done | ProblemError:
    """Agree, as the second person, and let it be done; to agree twice changes nothing.

    Raises:
        ProblemError: 404; 403, it is one's own, or beyond one's certificate; 409, it is answered.

    """
    found = await _hold(tx, person, identity, policy, "given")
    if not isinstance(found, Open):
        return found
    done = await carry[found.row["kind"]](tx, found, person, policy)
    await tx.execute(_ANSWER, identity, "given", person.id, found.file.now, note)
    body = {"approval_id": str(identity), "kind": found.row["kind"]}
    noted = None if note is None else log.canonical({"note": note})
    row = found.held.row
    entry = Entry(
        row.case_id, "approval_given", person.id, found.file.now, log.canonical(body), noted
    )
    await log.append(tx, [entry])
    told = {**done.told, "approval_id": str(identity), "approval": "given"}
    return Done(told, done.status, done.sayings)


async def refuse(
    tx: Connection, person: Person, identity: UUID, note: str, policy: Policy
) -> Done | ProblemError:
    """Refuse, as the second person; the case stays with the first.

    Raises:
        ProblemError: 404; 403, it is one's own; 409, it is answered.

    """
    found = await _hold(tx, person, identity, policy, "refused")
    if not isinstance(found, Open):
        return found
    await tx.execute(_ANSWER, identity, "refused", person.id, found.file.now, note)
    row = found.held.row
    body = {"approval_id": str(identity), "kind": found.row["kind"]}
    noted = log.canonical({"note": note})
    entry = Entry(
        row.case_id, "approval_refused", person.id, found.file.now, log.canonical(body), noted
    )
    await log.append(tx, [entry])
    await store.store(tx, [replace(row)])
    return Done(_answered(found.row, row.version + 1, "refused"))


async def _hold(
    tx: Connection, person: Person, identity: UUID, policy: Policy, wanted: str
) -> Open | Done | ProblemError:
    case_id = await tx.fetchval(_FIND, identity)
    if case_id is None:
        raise problems.not_found("approval")
    held = await hold(tx, case_id)
    row = await tx.fetchrow(_HOLD, identity)
    if row is None:
        raise problems.not_found("approval")
    if row["asked_by"] == person.id:
        raise ProblemError(403, "You asked for this approval; another person gives or refuses it.")
    if row["state"] != "open":
        if row["state"] == wanted and row["answered_by"] == person.id:
            return Done(_answered(row, held.row.version, wanted))
        raise ProblemError(409, f"The approval is {row['state']} already.")
    if held.row.version != row["case_version"]:
        await withdraw_open(tx, case_id, held.now)
        return ProblemError(409, "The case has moved on since; the approval is withdrawn.")
    file = await open_file(tx, held, policy)
    return Open(row, held, file, orjson.loads(row["body"]))


def _answered(row: asyncpg.Record, version: int, state: str) -> dict[str, Any]:
    return {
        "case_id": str(row["case_id"]),
        "version": version,
        "approval_id": str(row["approval_id"]),
        "approval": state,
    }


_LIST: Final = """
SELECT approval_id, case_id, case_version, kind, body, euros, asked_by, asked_at, state,
       answered_by, answered_at, note
  FROM approvals WHERE ($1::text IS NULL OR state = $1) AND ($2::uuid IS NULL OR case_id = $2)
 ORDER BY asked_at, approval_id LIMIT $3
"""


async def listed(
    connection: Connection, state: str | None, case_id: UUID | None = None, most: int = 200
) -> list[dict[str, Any]]:
    """Return approvals, the oldest first."""
    return [_shown(row) for row in await connection.fetch(_LIST, state, case_id, most)]


def _shown(row: asyncpg.Record) -> dict[str, Any]:
    body = orjson.loads(row["body"])
    return {
        "approval_id": str(row["approval_id"]),
        "case_id": str(row["case_id"]),
        "kind": row["kind"],
        "why": body["why"],
        "wanted": body.get("decision"),
        "analysis": body.get("analysis"),
        "cause": body.get("cause"),
        "note": body.get("note"),
        "euros": None if row["euros"] is None else str(row["euros"]),
        "asked_by": row["asked_by"],
        "asked_at": row["asked_at"].isoformat(),
        "state": row["state"],
        "answered_by": row["answered_by"],
        "answered_at": row["answered_at"].isoformat() if row["answered_at"] else None,
        "answer": row["note"],
    }
