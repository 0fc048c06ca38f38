"""A case as the desk works with it: how it stands, what it says, what the policy would answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from services.decision import deliberation, store
from services.decision.deliberation import answer_of
from services.decision.merits.answers import Answer
from services.decision.merits.decide import decide
from services.decision.merits.known import Known
from services.decision.merits.outcome import Outcome
from services.decision.policy.model import Policy
from services.decision.store import Standing
from shared.events.catalogue import CaseClassified, Decision
from shared.http import problems
from shared.http.flaws import Flaw
from shared.http.problems import ProblemError
from shared.postgres import Connection


@dataclass(frozen=True, slots=True)
class File:
    """A case that lies open on the desk, its row locked.

    `outcome` is what the active policy says of the case today, from the same inputs and the same
    knowledge as the last deliberation; `decision` is the one that stands.
    """

    row: Standing
    assignee: str | None
    case: CaseClassified
    known: Known
    outcome: Outcome
    decision: Decision | None
    now: datetime

    @property
    def proposal(self) -> Answer | None:
        """What the policy would answer; nothing where it has no answer of its own."""
        return answer_of(self.outcome)


_CUSTOMER = "SELECT customer_id FROM cases WHERE case_id = $1"
# The database's clock is the one that all desks share.
_HOLDER = """
SELECT CASE WHEN taken_until > now() THEN assignee END AS assignee, now() AS now
  FROM cases WHERE case_id = $1
"""


@dataclass(frozen=True, slots=True)
class Held:
    """A locked row, and who has the case: nobody where the take has lapsed."""

    row: Standing
    assignee: str | None
    now: datetime


async def hold(tx: Connection, case_id: UUID) -> Held:
    """Lock a case, and its customer before it, as everybody does who changes cases.

    Raises:
        ProblemError: 404, there is no such case.

    """
    customer = await tx.fetchval(_CUSTOMER, case_id)
    if customer is None:
        raise problems.not_found("case")
    await store.lock_customers(tx, [customer])
    row = (await store.standing(tx, [case_id]))[case_id]
    held = await tx.fetchrow(_HOLDER, case_id)
    if held is None:
        raise problems.not_found("case")
    return Held(row, held["assignee"], held["now"])


async def open_file(tx: Connection, held: Held, policy: Policy) -> File:
    """Read what the case says and let the policy think about it again; nothing is stored.

    Raises:
        ProblemError: 409, what the customer wrote was erased.

    """
    case, known = await thought_of(tx, held.row)
    return File(
        row=held.row,
        assignee=held.assignee,
        case=case,
        known=known,
        outcome=decide(case, known, policy),
        decision=await decision_of(tx, held.row),
        now=held.now,
    )


_ENTRY = "SELECT body, inputs FROM decision_log WHERE position = $1"


async def thought_of(tx: Connection, row: Standing) -> tuple[CaseClassified, Known]:
    """Return the inputs of the last deliberation.

    Raises:
        ProblemError: 409, they were erased.

    """
    entry = await tx.fetchrow(_ENTRY, row.thought_position)
    if entry is None or entry["inputs"] is None:
        raise ProblemError(409, "What the customer wrote was erased; the case cannot be decided.")
    case = CaseClassified.model_validate_json(entry["inputs"])
    return case, deliberation.read(entry["body"]).known


async def last_thought(
    tx: Connection, row: Standing
) -> tuple[CaseClassified, Decision | None] | None:
    """Return the inputs of the last deliberation and its answer; nothing where they were erased."""
    entry = await tx.fetchrow(_ENTRY, row.thought_position)
    if entry is None or entry["inputs"] is None:
        return None
    case = CaseClassified.model_validate_json(entry["inputs"])
    return case, deliberation.read(entry["body"]).decision


async def decision_of(tx: Connection, row: Standing) -> Decision | None:
    """Return the decision that stands, be it the policy's or a person's."""
    if row.decided_position is None:
        return None
    entry = await tx.fetchrow(_ENTRY, row.decided_position)
    if entry is None:
        return None
    if row.decided_by == "policy":
        return deliberation.read(entry["body"]).decision
    return Decision.model_validate(orjson.loads(entry["body"])["decision"])


def expect(held: Held, version: int) -> None:
    """Refuse an act on a case that has moved on since its version was seen.

    Raises:
        ProblemError: 409, with the version of now.

    """
    if held.row.version != version:
        raise moved_on(held.row.version)


def expect_holder(held: Held, person: str) -> None:
    """Refuse an act on a case that somebody else has, or nobody.

    Raises:
        ProblemError: 409, with who has it.

    """
    if held.assignee is None:
        raise ProblemError(409, "Nobody has this case now; take it first.")
    if held.assignee != person:
        raise ProblemError(409, f"The case is with {held.assignee}; only they can do this.")


def moved_on(version: int) -> ProblemError:
    """Return what answers an act on a version that is no more."""
    flaw = Flaw("version", f"is not the present one, {version}; look at the case again")
    return ProblemError(409, f"{flaw.field} {flaw.detail}.", (flaw,))


def brief(row: Standing, version: int, assignee: str | None) -> dict[str, Any]:
    """Return how a case stands after an act."""
    return {
        "case_id": str(row.case_id),
        "version": version,
        "state": row.state,
        "waiting": row.waiting,
        "queue": row.queue,
        "assignee": assignee,
    }
