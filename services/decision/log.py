"""The decision log: every deliberation and every act of a person, append-only, chained by hashes.

Invariant: each entry's hash covers the one before it, its position and all that it says, so an
entry that was changed, taken out or moved no longer fits. The inputs of a deliberation are personal
data and may be erased; the chain holds their digest and stays whole.
"""

import hashlib
from collections.abc import AsyncIterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

import asyncpg
import orjson

from shared.postgres import Connection

BEGINNING: Final = bytes(32)
"""What the first entry follows."""

_LENGTH: Final = 8
_ABSENT: Final = b"\xff" * _LENGTH
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One act. `body` is its canonical JSON; `inputs` is the case that it looked at, as JSON.

    `case_id` is missing where the act is not about one case; `actor` is `policy`, `bank` or a
    person's opaque id.
    """

    case_id: UUID | None
    kind: str
    actor: str
    at: datetime
    body: str
    inputs: str | None = None


@dataclass(frozen=True, slots=True)
class Sound:
    """Every entry is as it was written; `erased` counts those whose inputs were erased."""

    entries: int
    head: bytes
    erased: int


@dataclass(frozen=True, slots=True)
class Broken:
    """The log is not what was written, from this position on."""

    position: int
    what: str


Verdict: TypeAlias = Sound | Broken


def canonical(value: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    """Return the one JSON text that stands for a value: sorted keys, no spaces, UTC."""
    return orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS).decode()


def link(previous: bytes, position: int, entry: Entry) -> bytes:
    """Return the hash of an entry that stands at `position`, after the one hashed `previous`."""
    return _link(previous, position, entry, _digest(entry.inputs))


def _link(previous: bytes, position: int, entry: Entry, digest: bytes | None) -> bytes:
    hashed = hashlib.sha256(previous)
    for part in (
        str(position).encode(),
        None if entry.case_id is None else entry.case_id.bytes,
        entry.kind.encode(),
        entry.actor.encode(),
        entry.at.astimezone(UTC).isoformat(timespec="microseconds").encode(),
        entry.body.encode(),
        digest,
    ):
        if part is None:
            hashed.update(_ABSENT)
        else:
            hashed.update(len(part).to_bytes(_LENGTH, "big"))
            hashed.update(part)
    return hashed.digest()


def _digest(inputs: str | None) -> bytes | None:
    return None if inputs is None else hashlib.sha256(inputs.encode()).digest()


_HEAD = "SELECT position, hash FROM decision_log_head FOR UPDATE"
_MOVE = "UPDATE decision_log_head SET position = $1, hash = $2"
_COLUMNS: Final = (
    "position",
    "case_id",
    "kind",
    "actor",
    "at",
    "body",
    "inputs",
    "inputs_sha256",
    "hash",
)


async def append(tx: Connection, entries: Sequence[Entry]) -> list[int]:
    """Add entries to the log and return their positions.

    Locks the end of the chain until the transaction ends: to be called as late as possible, after
    the locks on customers, cases and certificates.
    """
    if not entries:
        return []
    head = await tx.fetchrow(_HEAD)
    if head is None:
        raise RuntimeError("decision_log_head has no row")
    before: bytes = head["hash"]
    first: int = head["position"] + 1
    rows = []
    for position, entry in enumerate(entries, first):
        digest = _digest(entry.inputs)
        before = _link(before, position, entry, digest)
        said = (entry.case_id, entry.kind, entry.actor, entry.at, entry.body, entry.inputs)
        rows.append((position, *said, digest, before))
    await tx.copy_records_to_table("decision_log", records=rows, columns=_COLUMNS)
    last = first + len(entries)
    await tx.execute(_MOVE, last - 1, before)
    return list(range(first, last))


_ALL = """
SELECT position, case_id, kind, actor, at, body, inputs, inputs_sha256, hash
  FROM decision_log ORDER BY position
"""
_END = "SELECT position, hash FROM decision_log_head"


async def verify(connection: Connection, expected_head: bytes | None = None) -> Verdict:
    """Read the whole log and say whether it is as it was written; needs little memory.

    `expected_head` is the hash of an entry that was noted elsewhere: it must still be in the chain.
    Without it, nobody can know that the newest entries were cut off together with their head.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        end = await connection.fetchrow(_END)
        if end is None:
            return Broken(0, "the end of the chain is not known: decision_log_head is empty")
        return await _walk(
            connection.cursor(_ALL, prefetch=_AT_ONCE), end["position"], end["hash"], expected_head
        )


async def _walk(
    rows: AsyncIterable[asyncpg.Record], last: int, head: bytes, expected: bytes | None
) -> Verdict:
    before, position, erased = BEGINNING, 0, 0
    met = expected is None or expected == BEGINNING
    async for row in rows:
        position += 1
        if wrong := _wrong(row, position, before):
            return Broken(position, wrong)
        erased += row["inputs"] is None and row["inputs_sha256"] is not None
        before = row["hash"]
        met = met or before == expected
    if position < last:
        return Broken(position + 1, f"missing: the log ends before its last entry, {last}")
    if (position, before) != (last, head):
        return Broken(position, "the end of the chain was changed")
    if not met:
        return Broken(position + 1, "missing: the entry that was expected is not in the log")
    return Sound(position, before, erased)


def _wrong(row: asyncpg.Record, position: int, before: bytes) -> str | None:
    if row["position"] != position:
        return "missing"
    entry = Entry(row["case_id"], row["kind"], row["actor"], row["at"], row["body"])
    if _link(before, position, entry, row["inputs_sha256"]) != row["hash"]:
        return "changed, or not in its place"
    if row["inputs"] is not None and _digest(row["inputs"]) != row["inputs_sha256"]:
        return "its inputs were changed"
    return None
