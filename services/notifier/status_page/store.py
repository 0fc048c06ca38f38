"""What the status page keeps and shows: happenings, what was written on it, documents.

Invariant: what is noted, written or added twice is there once.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias
from uuid import UUID

from services.notifier.status_page.happenings import BODY, Happening
from shared.postgres import Connection

ReplyKind: TypeAlias = Literal["reply", "person", "document"]

_NOTE = """
INSERT INTO happenings (case_id, id, at, body)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::json[])
ON CONFLICT DO NOTHING
"""


async def note(tx: Connection, happenings: Sequence[Happening]) -> None:
    """Note what has happened; repeats change nothing."""
    if happenings:
        await tx.execute(
            _NOTE,
            [h.case_id for h in happenings],
            [h.id for h in happenings],
            [h.at for h in happenings],
            [h.body.model_dump_json() for h in happenings],
        )


@dataclass(frozen=True, slots=True)
class Told:
    """A notice of the case, and what became of it; no outcome while it waits."""

    channel: str
    outcome: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Written:
    """Something the customer wrote on the page; a document's message has the document's id."""

    id: UUID
    kind: ReplyKind
    body: str
    at: datetime
    outcome: str | None
    sequence: int | None


@dataclass(frozen=True, slots=True)
class Kept:
    """A document, without its content; `state` says whether it was taken."""

    id: UUID
    name: str
    size: int
    at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class Reader:
    """What is known of the customer who reads; nothing of it stands on the page."""

    language: str | None = None
    jurisdiction: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """Everything the page shows of a case."""

    reader: Reader
    happenings: tuple[Happening, ...]
    told: tuple[Told, ...]
    written: tuple[Written, ...]
    documents: tuple[Kept, ...]
    version: int
    """A number that grows whenever there is something new to show."""


async def reader(connection: Connection, case_id: UUID) -> Reader:
    """Return what is known of the customer of a case."""
    row = await connection.fetchrow(_READER, case_id)
    return Reader(row["language"], row["jurisdiction"]) if row else Reader()


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose case it is, its trace, and the language in which it was told of last."""

    customer_id: str
    traceparent: str
    language: str


# A receipt goes out before anybody knows the language of the customer's words.
_OWNERS = """
SELECT DISTINCT ON (case_id) case_id, customer_id, traceparent, language FROM notices
 WHERE case_id = ANY($1) ORDER BY case_id, notice = 'receipt', planned_at DESC
"""


async def owners(connection: Connection, cases: Sequence[UUID]) -> dict[UUID, Owner]:
    """Return whose cases these are; one in which nothing was told yet is left out."""
    rows = await connection.fetch(_OWNERS, cases)
    return {
        row["case_id"]: Owner(row["customer_id"], row["traceparent"], row["language"])
        for row in rows
    }


_HAPPENED = "SELECT case_id, id, at, body FROM happenings WHERE case_id = ANY($1)"


async def happened(connection: Connection, cases: Sequence[UUID]) -> dict[UUID, list[Happening]]:
    """Return what has happened in these cases, in any order."""
    found: dict[UUID, list[Happening]] = {}
    for row in await connection.fetch(_HAPPENED, cases):
        body = BODY.validate_json(row["body"])
        one = Happening(row["id"], row["case_id"], row["at"], body)
        found.setdefault(row["case_id"], []).append(one)
    return found


_HAPPENINGS = "SELECT id, at, body, read_at FROM happenings WHERE case_id = $1"
_READER = "SELECT language, jurisdiction FROM recipients WHERE case_id = $1 AND known"
_TOLD = """
SELECT channel, outcome, coalesce(settled_at, planned_at) AS at FROM notices WHERE case_id = $1
"""
_WRITTEN = """
SELECT id, kind, body, written_at, outcome, sequence
  FROM replies WHERE case_id = $1 ORDER BY written_at
"""
_DOCUMENTS = (
    "SELECT id, name, size, added_at, state FROM documents WHERE case_id = $1 ORDER BY added_at, id"
)
_READ = "UPDATE happenings SET read_at = now() WHERE case_id = $1 AND read_at IS NULL"


async def find(connection: Connection, case_id: UUID) -> Case:
    """Return what is known of a case, and note that the customer could read it."""
    version = await versions(connection, [case_id])  # first: what comes meanwhile is news
    rows = await connection.fetch(_HAPPENINGS, case_id)
    if any(row["read_at"] is None for row in rows):
        await connection.execute(_READ, case_id)
    happenings = tuple(
        Happening(row["id"], case_id, row["at"], BODY.validate_json(row["body"])) for row in rows
    )
    told = await connection.fetch(_TOLD, case_id)
    return Case(
        await reader(connection, case_id),
        happenings,
        tuple(Told(row["channel"], row["outcome"], row["at"]) for row in told),
        tuple(
            Written(
                row["id"],
                row["kind"],
                row["body"],
                row["written_at"],
                row["outcome"],
                row["sequence"],
            )
            for row in await connection.fetch(_WRITTEN, case_id)
        ),
        tuple(
            Kept(row["id"], row["name"], row["size"], row["added_at"], row["state"])
            for row in await connection.fetch(_DOCUMENTS, case_id)
        ),
        version[case_id],
    )


# Whatever the page shows moves one of these numbers.
_VERSIONS = """
SELECT c.id, (SELECT count(*) FROM happenings h WHERE h.case_id = c.id)
           + (SELECT count(*) + count(r.settled_at) FROM replies r WHERE r.case_id = c.id)
           + (SELECT count(*) + count(d.settled_at) FROM documents d WHERE d.case_id = c.id)
           AS version
  FROM unnest($1::uuid[]) AS c(id)
"""


async def versions(connection: Connection, cases: Collection[UUID]) -> dict[UUID, int]:
    """Return the version of each case."""
    rows = await connection.fetch(_VERSIONS, list(cases))
    return {row["id"]: int(row["version"]) for row in rows}


_REVISION = """
SELECT max((body->'answer'->>'revision')::integer) FROM happenings
 WHERE case_id = $1 AND body->>'kind' = 'answer'
"""


async def revision(connection: Connection, case_id: UUID) -> int:
    """Return the number of the answer that stands; -1 where there is none."""
    found = await connection.fetchval(_REVISION, case_id)
    return -1 if found is None else int(found)


_WRITE = """
INSERT INTO replies (id, case_id, kind, body) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""


async def write(
    connection: Connection, identity: UUID, case_id: UUID, kind: ReplyKind, body: str
) -> None:
    """Keep what a customer wrote until intake has it; the same id changes nothing."""
    await connection.execute(_WRITE, identity, case_id, kind, body)


MOST_AN_HOUR: Final = 60
"""Replies of a case: a limit for all processes together, which takes no round trip of its own."""

_WRITE_REPLY = """
WITH taken AS (
    INSERT INTO replies (id, case_id, kind, body)
    SELECT $1, $2, 'reply', $3
     WHERE (SELECT count(*) FROM replies
             WHERE case_id = $2 AND written_at > now() - interval '1 hour') < $4
    ON CONFLICT DO NOTHING RETURNING id
)
SELECT EXISTS (SELECT FROM taken) OR EXISTS (SELECT FROM replies WHERE id = $1)
"""


async def write_reply(connection: Connection, identity: UUID, case_id: UUID, body: str) -> bool:
    """Keep what a customer wrote until intake has it; False: too many within the hour."""
    return bool(await connection.fetchval(_WRITE_REPLY, identity, case_id, body, MOST_AN_HOUR))
