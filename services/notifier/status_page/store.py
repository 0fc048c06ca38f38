"""What the status page keeps and shows: happenings, what was written on it, documents.

Invariant: what is noted, written or added twice is there once.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from services.notifier.status_page.happenings import BODY, Happening
from services.notifier.status_page.uploads import MOST, Document
from shared.postgres import Connection, Pool

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
    """Something the customer wrote on the page that is not yet a message of the case."""

    kind: ReplyKind
    body: str
    at: datetime
    outcome: str | None
    sequence: int | None


@dataclass(frozen=True, slots=True)
class Kept:
    """A document, without its content."""

    id: UUID
    name: str
    size: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Reader:
    """What is known of the customer who reads; nothing of it stands on the page."""

    email: str | None = None
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
    return Reader(row["email"], row["language"], row["jurisdiction"]) if row else Reader()


_CUSTOMER = "SELECT customer_id FROM notices WHERE case_id = $1 LIMIT 1"


async def customer_of(connection: Connection, case_id: UUID) -> str | None:
    """Return the id of the customer whom the case's receipt went to."""
    found = await connection.fetchval(_CUSTOMER, case_id)
    return None if found is None else str(found)


_HAPPENINGS = "SELECT id, at, body, read_at FROM happenings WHERE case_id = $1"
_READER = "SELECT email, language, jurisdiction FROM recipients WHERE case_id = $1 AND known"
_TOLD = """
SELECT channel, outcome, coalesce(settled_at, planned_at) AS at FROM notices WHERE case_id = $1
"""
_WRITTEN = """
SELECT kind, body, written_at, outcome, sequence FROM replies WHERE case_id = $1 ORDER BY written_at
"""
_DOCUMENTS = (
    "SELECT id, name, size, added_at FROM documents WHERE case_id = $1 ORDER BY added_at, id"
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
            Written(row["kind"], row["body"], row["written_at"], row["outcome"], row["sequence"])
            for row in await connection.fetch(_WRITTEN, case_id)
        ),
        tuple(
            Kept(row["id"], row["name"], row["size"], row["added_at"])
            for row in await connection.fetch(_DOCUMENTS, case_id)
        ),
        version[case_id],
    )


# Whatever the page shows moves one of these numbers.
_VERSIONS = """
SELECT c.id, (SELECT count(*) FROM happenings h WHERE h.case_id = c.id)
           + (SELECT count(*) + count(r.settled_at) FROM replies r WHERE r.case_id = c.id)
           + (SELECT count(*) FROM documents d WHERE d.case_id = c.id) AS version
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


_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
_COUNT = "SELECT count(*) FROM documents WHERE case_id = $1"
_ADD = """
INSERT INTO documents (id, case_id, name, media_type, size, sha256, content)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING id
"""


async def add_document(
    pool: Pool, identity: UUID, case_id: UUID, document: Document, said: str
) -> bool:
    """Keep a document and the message that tells of it; False where the case has too many.

    The same bytes once more change nothing.
    """
    digest = hashlib.sha256(document.data).digest()
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_LOCK, str(case_id))
        if int(await connection.fetchval(_COUNT, case_id)) >= MOST:
            return False
        added = await connection.fetchval(
            _ADD,
            identity,
            case_id,
            document.name,
            document.media_type,
            len(document.data),
            digest,
            document.data,
        )
        if added is not None:
            await write(connection, identity, case_id, "document", said)
    return True


_CONTENT = "SELECT name, media_type, content FROM documents WHERE case_id = $1 AND id = $2"


async def document(connection: Connection, case_id: UUID, identity: UUID) -> Document | None:
    """Return a document of this case."""
    row = await connection.fetchrow(_CONTENT, case_id, identity)
    return Document(row["name"], row["media_type"], row["content"]) if row else None
