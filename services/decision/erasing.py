"""Erases what a customer wrote, and what people and the bank's systems said of it, in one case.

Invariant: the chain of the log stays whole, for it holds digests; what was decided, by which rule,
when and by whom stays in it, under the case's opaque id. That it was erased is an entry of its own.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias
from uuid import UUID

from services.decision import log, store
from services.decision.log import Entry
from shared.postgres import Connection

ACTOR: Final = "operator"


@dataclass(frozen=True, slots=True)
class Erased:
    """How many entries of the log have lost their inputs; 0 where nothing was left to erase."""

    entries: int


@dataclass(frozen=True, slots=True)
class Unknown:
    """There is no such case."""


@dataclass(frozen=True, slots=True)
class Open:
    """Somebody still needs it: the case has no answer, or a person has something to do with it."""

    state: str


Verdict: TypeAlias = Erased | Unknown | Open

_CUSTOMER = "SELECT customer_id FROM cases WHERE case_id = $1"
_WAITS = "SELECT EXISTS (SELECT FROM approvals WHERE case_id = $1 AND state = 'open')"
_INPUTS = "UPDATE decision_log SET inputs = NULL WHERE case_id = $1 AND inputs IS NOT NULL"
_OTHERS: Final = (
    "DELETE FROM stories WHERE case_id = $1",
    """
UPDATE verifications SET request = '{}', evidence = NULL, next_attempt_at = NULL
 WHERE case_id = $1
    """,
    """
UPDATE approvals SET note = NULL, body = (body::jsonb - 'note' - 'analysis')::text
 WHERE case_id = $1
    """,
    "UPDATE samples SET finding = NULL WHERE case_id = $1",
    "UPDATE incidents SET finding = NULL WHERE case_id = $1",
    "UPDATE clocks SET draft = NULL WHERE case_id = $1",
)


async def erase(tx: Connection, case_id: UUID) -> Verdict:
    """Erase one case that has its answer and is with nobody; to repeat it changes nothing."""
    customer = await tx.fetchval(_CUSTOMER, case_id)
    if customer is None:
        return Unknown()
    await store.lock_customers(tx, [customer])
    row = (await store.standing(tx, [case_id]))[case_id]
    if row.state != "decided" or row.waiting:
        return Open("waiting for a person" if row.waiting else row.state)
    if row.assignee is not None or await tx.fetchval(_WAITS, case_id):
        return Open("with a person")
    for statement in _OTHERS:
        await tx.execute(statement, case_id)
    entries = int((await tx.execute(_INPUTS, case_id)).split()[-1])
    if entries:
        now = await tx.fetchval("SELECT now()")
        body = log.canonical({"entries": entries})
        await log.append(tx, [Entry(case_id, "inputs_erased", ACTOR, now, body)])
    return Erased(entries)
