"""The ledger of what was granted on trust, and the one way to take something back.

Nothing is taken back by itself. It takes evidence that the claim was untrue, reasons, two people,
and a decision of which the customer is told.
"""

from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from services.decision.desk import certificates
from services.decision.desk.agreeing import let_stand
from services.decision.desk.approving import Ask, Open, ask
from services.decision.desk.cases import expect, hold, open_file
from services.decision.desk.composing import of_person
from services.decision.desk.deciding import digest_of
from services.decision.desk.forms import TakeBackForm
from services.decision.desk.parts import Done
from services.decision.desk.people import Person
from services.decision.policy.model import Policy, Situation
from shared.events.answer import Basis, Disposition
from shared.http import problems
from shared.http.problems import ProblemError
from shared.postgres import Connection

STATES: Final = ("provisional", "verified", "contradicted", "unanswered", "taken_back")

_LISTED = """
SELECT l.verification_id, l.case_id, l.customer_id, l.euros, l.remedies, l.state, l.granted_at,
       l.settled_at, v.answer, v.evidence, v.answer_by
  FROM ledger l JOIN verifications v USING (verification_id)
 WHERE ($1::text IS NULL OR l.state = $1) AND ($2::uuid IS NULL OR l.case_id = $2)
 ORDER BY l.granted_at, l.verification_id LIMIT $3
"""


async def listed(
    connection: Connection, state: str | None, case_id: UUID | None = None, most: int = 200
) -> list[dict[str, Any]]:
    """Return what was granted on trust, the oldest first."""
    return [
        {
            "verification_id": str(row["verification_id"]),
            "case_id": str(row["case_id"]),
            "customer_id": row["customer_id"],
            "euros": str(row["euros"]),
            "state": row["state"],
            "granted_at": row["granted_at"].isoformat(),
            "settled_at": row["settled_at"].isoformat() if row["settled_at"] else None,
            "answer": row["answer"],
            "evidence": row["evidence"],
            "answer_by": row["answer_by"].isoformat(),
        }
        for row in await connection.fetch(_LISTED, state, case_id, most)
    ]


_CASE = "SELECT case_id FROM ledger WHERE verification_id = $1"
_HOLD = """
SELECT l.state, l.euros, v.evidence FROM ledger l JOIN verifications v USING (verification_id)
 WHERE l.verification_id = $1 FOR UPDATE OF l
"""
_TAKE_BACK = """
UPDATE ledger SET state = 'taken_back', settled_at = $2 WHERE verification_id = $1
"""


async def propose(
    tx: Connection, person: Person, verification_id: UUID, form: TakeBackForm, policy: Policy
) -> Done:
    """Propose to take a grant back; a different person gives it.

    Raises:
        ProblemError: 404; 409, the case moved on, or nothing shows that the claim was untrue.

    """
    case_id = await tx.fetchval(_CASE, verification_id)
    if case_id is None:
        raise problems.not_found("grant on trust")
    held = await hold(tx, case_id)
    expect(held, form.version)
    euros = await _expect_contradicted(tx, verification_id)
    file = await open_file(tx, held, policy)
    decision = of_person(
        file,
        person,
        policy,
        disposition=Disposition.DECLINED,
        basis=Basis.CONTRACT,
        reasons=form.reasons,
        rule="person.taken_back",
    )
    return await ask(
        tx,
        file,
        Ask(
            kind="take_back",
            person=person,
            why="taken_back",
            euros=euros,
            request=digest_of(form.model_dump()),
            version=form.version,
            note=form.note,
            body={
                "decision": decision.model_dump(mode="json"),
                "verification_id": str(verification_id),
            },
        ),
    )


async def carry(tx: Connection, found: Open, second: Person, policy: Policy) -> Done:
    """Take a grant back, as a second person has agreed, if its claim is still contradicted.

    Raises:
        ProblemError: 403, it is beyond the second person's certificate; 409, nothing shows that
            the claim was untrue.

    """
    verification_id = UUID(found.body["verification_id"])
    euros = await _expect_contradicted(tx, verification_id)
    if not certificates.covers(second.role, euros, (Situation.UNCLEAR,), policy):
        raise ProblemError(403, "This is beyond your certificate; a person with a higher one can.")
    await tx.execute(_TAKE_BACK, verification_id, found.file.now)
    return await let_stand(
        tx,
        found,
        second,
        policy,
        euros=Decimal(0),
        forgiven=None,
        kind="taken_back",
        note=found.body["note"],
        more={"verification_id": str(verification_id)},
    )


async def _expect_contradicted(tx: Connection, verification_id: UUID) -> Decimal:
    row = await tx.fetchrow(_HOLD, verification_id)
    if row is None:
        raise problems.not_found("grant on trust")
    if row["state"] != "contradicted":
        raise ProblemError(
            409, f"The grant is {row['state']}; only a contradicted one can be taken back."
        )
    if not row["evidence"]:
        raise ProblemError(409, "Nothing shows that the claim was untrue: there is no evidence.")
    euros: Decimal = row["euros"]
    return euros
