"""Documents of cases: added by customers, scanned where there is a scanner, fetched by the bank.

Invariants: nobody fetches a document that waits for the scanner or was refused by it; the case is
told of a document (a message to it) in the transaction from which it can be fetched; who fetched
what is written down before the first byte is sent.
"""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.notifier.status_page import store
from services.notifier.status_page.uploads import MOST, Document
from shared.postgres import Connection, Pool

_PIECE: Final = 256 * 1024


class Added(StrEnum):
    """What became of a document that was added."""

    KEPT = "kept"
    QUARANTINED = "quarantined"
    REFUSED = "refused"
    """The same bytes were refused before."""
    TOO_MANY = "too_many"


_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
_COUNT = "SELECT count(*) FROM documents WHERE case_id = $1"
_SAME = "SELECT state FROM documents WHERE case_id = $1 AND (sha256 = $2 OR id = $3)"
_ADD = """
INSERT INTO documents (id, case_id, name, media_type, size, sha256, content, state, scan_at, said)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, CASE WHEN $8 = 'quarantined' THEN now() END, $9)
"""


async def add(  # noqa: PLR0913 - what is kept of a document
    pool: Pool, identity: UUID, case_id: UUID, document: Document, said: str, *, scan: bool
) -> Added:
    """Keep a document and the message that tells of it; with `scan`, in quarantine at first.

    The same bytes once more change nothing.
    """
    digest = hashlib.sha256(document.data).digest()
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_LOCK, str(case_id))
        if same := await connection.fetchval(_SAME, case_id, digest, identity):
            return Added(same)
        if int(await connection.fetchval(_COUNT, case_id)) >= MOST:
            return Added.TOO_MANY
        state = Added.QUARANTINED if scan else Added.KEPT
        await connection.execute(
            _ADD,
            identity,
            case_id,
            document.name,
            document.media_type,
            len(document.data),
            digest,
            document.data,
            state,
            said if scan else None,
        )
        if not scan:
            await store.write(connection, identity, case_id, "document", said)
    return state


_CLAIM = """
UPDATE documents SET scan_at = now() + $1, attempts = attempts + 1
 WHERE id = (SELECT id FROM documents WHERE scan_at <= now()
              ORDER BY scan_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, case_id, name, content, attempts
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A document that waits for the scanner."""

    id: UUID
    case_id: UUID
    name: str
    content: bytes
    attempts: int


async def claim(connection: Connection, hold: timedelta) -> Waiting | None:
    """Take a document that is due; nobody else takes it before `hold` has passed."""
    row = await connection.fetchrow(_CLAIM, hold)
    return Waiting(**row) if row else None


_QUARANTINE = """
SELECT count(*) AS documents,
       coalesce(extract(epoch FROM now() - min(added_at)), 0)::float8 AS seconds
  FROM documents WHERE scan_at IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Quarantine:
    """How many documents wait for the scanner, and for how long the oldest has (0: none does)."""

    documents: int
    seconds: float


async def quarantine(connection: Connection) -> Quarantine:
    """Look at the documents that wait for the scanner."""
    row = await connection.fetchrow(_QUARANTINE)
    if row is None:
        raise RuntimeError("an aggregate has a row")
    return Quarantine(**row)


_AGAIN = "UPDATE documents SET scan_at = now() + $2 WHERE id = $1 AND state = 'quarantined'"


async def again(connection: Connection, identity: UUID, pause: timedelta) -> None:
    """Let a document wait for another attempt."""
    await connection.execute(_AGAIN, identity, pause)


_RELEASE = """
UPDATE documents d SET state = 'kept', scan_at = NULL, said = NULL, settled_at = now()
  FROM (SELECT id, said FROM documents WHERE id = $1 FOR UPDATE) AS old
 WHERE d.id = old.id AND d.state = 'quarantined'
RETURNING old.said
"""
_REFUSE = """
UPDATE documents SET state = 'refused', scan_at = NULL, said = NULL, settled_at = now(),
                     finding = $2, content = ''
 WHERE id = $1 AND state = 'quarantined'
RETURNING true
"""


async def release(tx: Connection, waiting: Waiting) -> bool:
    """Let a clean document out of quarantine and tell the case of it; False: it was out."""
    said = await tx.fetchval(_RELEASE, waiting.id)
    if said is not None:
        await store.write(tx, waiting.id, waiting.case_id, "document", said)
    return said is not None


async def refuse(tx: Connection, waiting: Waiting, finding: str) -> bool:
    """Remove what a document holds, and keep what was found in it; False: it was refused."""
    return bool(await tx.fetchval(_REFUSE, waiting.id, finding))


_CONTENT = """
SELECT name, media_type, content FROM documents
 WHERE case_id = $1 AND id = $2 AND state = 'kept'
"""


async def document(connection: Connection, case_id: UUID, identity: UUID) -> Document | None:
    """Return a document of this case, for its customer."""
    row = await connection.fetchrow(_CONTENT, case_id, identity)
    return Document(row["name"], row["media_type"], row["content"]) if row else None


@dataclass(frozen=True, slots=True)
class Listed:
    """A document as the bank's people see it; `fetched`: by whom and when."""

    id: UUID
    name: str
    media_type: str
    size: int
    sha256: bytes
    added_at: datetime
    state: str
    finding: str | None
    fetched: tuple[tuple[str, datetime], ...]


_LISTED = """
SELECT id, name, media_type, size, sha256, added_at, state, finding
  FROM documents WHERE case_id = $1 ORDER BY added_at, id
"""
_FETCHES = """
SELECT document_id, fetched_by, fetched_at FROM document_fetches
 WHERE case_id = $1 ORDER BY fetched_at
"""


async def listed(connection: Connection, case_id: UUID) -> list[Listed]:
    """Return the documents of a case, the oldest first."""
    fetches = await connection.fetch(_FETCHES, case_id)
    return [
        Listed(
            **row,
            fetched=tuple(
                (one["fetched_by"], one["fetched_at"])
                for one in fetches
                if one["document_id"] == row["id"]
            ),
        )
        for row in await connection.fetch(_LISTED, case_id)
    ]


_FETCH = """
WITH found AS (
    SELECT id, case_id, name, media_type, size, sha256, added_at, state, finding
      FROM documents WHERE case_id = $1 AND id = $2 AND state = 'kept'
), noted AS (
    INSERT INTO document_fetches (document_id, case_id, fetched_by)
    SELECT id, case_id, $3 FROM found
)
SELECT id, name, media_type, size, sha256, added_at, state, finding FROM found
"""


async def fetch(
    connection: Connection, case_id: UUID, identity: UUID, fetched_by: str
) -> Listed | None:
    """Return a document that may be fetched, and write down who fetches it."""
    row = await connection.fetchrow(_FETCH, case_id, identity, fetched_by)
    return Listed(**row, fetched=()) if row else None


_PART = "SELECT substring(content FROM $2 FOR $3) FROM documents WHERE id = $1 AND state = 'kept'"


async def content(pool: Pool, found: Listed) -> AsyncIterator[bytes]:
    """Read a document piece by piece, so that a slow reader holds neither memory nor connection.

    Raises:
        LookupError: it was forgotten meanwhile.

    """
    for start in range(0, found.size, _PIECE):
        async with pool.acquire() as connection:
            piece = await connection.fetchval(_PART, found.id, start + 1, _PIECE)
        if not piece:
            raise LookupError("the document is gone")
        yield piece
