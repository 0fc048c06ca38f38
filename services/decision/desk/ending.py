"""Ending a customer's service: two people, a written analysis of this one case, a root cause.

Impossible while the company's own fault in the case is open (seed 002: first ask whether the
company itself caused the conduct). Nothing but this module can bring the disposition about.
"""

from decimal import Decimal
from typing import Final
from uuid import UUID

from services.decision.desk.agreeing import let_stand
from services.decision.desk.approving import Ask, Open, ask
from services.decision.desk.cases import File, expect, expect_holder, hold, open_file
from services.decision.desk.composing import of_person
from services.decision.desk.deciding import digest_of
from services.decision.desk.forms import ANALYSIS, EndServiceForm
from services.decision.desk.parts import Done
from services.decision.desk.people import Person
from services.decision.merits.authority import needs_second
from services.decision.policy.model import Policy, Role
from shared.events.answer import Basis, Disposition, Remedy, RemedyKind
from shared.events.fault import Fault
from shared.http import problems
from shared.http.flaws import Flaw
from shared.http.problems import ProblemError
from shared.postgres import Connection

GIVERS: Final = (Role.HEAD, Role.EXECUTIVE)
_OURS: Final = frozenset({Fault.COMPANY, Fault.SHARED})
_OWED: Final = frozenset({Basis.ENTITLEMENT, Basis.TRUST})
_ENDED: Final = "service_ended"


async def propose(
    tx: Connection, person: Person, case_id: UUID, form: EndServiceForm, policy: Policy
) -> Done:
    """Propose to end the service; a head or an executive who is another person gives it.

    Raises:
        ProblemError: 404; 409, it moved on, is not with this person, or a rule forbids it; 422.

    """
    length = len(form.analysis.strip())
    if length < ANALYSIS:
        raise problems.invalid(
            Flaw("analysis", f"has {length} of at least {ANALYSIS} characters; analyse this case")
        )
    held = await hold(tx, case_id)
    expect(held, form.version)
    expect_holder(held, person.id)
    file = await open_file(tx, held, policy)
    await expect_no_open_fault(tx, file, policy)
    decision = of_person(
        file,
        person,
        policy,
        disposition=Disposition.SERVICE_ENDED,
        basis=Basis.PERSON,
        remedies=(Remedy(kind=RemedyKind.LETTER),),
        reasons=form.reasons or (_ENDED,),
        rule="person.service_ended",
    )
    return await ask(
        tx,
        file,
        Ask(
            kind="service_ended",
            person=person,
            why=_ENDED,
            euros=None,
            request=digest_of(form.model_dump()),
            version=form.version,
            body={
                "decision": decision.model_dump(mode="json"),
                "analysis": form.analysis,
                "cause": form.cause,
            },
        ),
    )


async def carry(tx: Connection, found: Open, second: Person, policy: Policy) -> Done:
    """End the service, as a second person has agreed, if no rule forbids it by now.

    Raises:
        ProblemError: 403, the second person is neither head nor executive; 409, a rule forbids it.

    """
    if second.role not in GIVERS:
        raise ProblemError(403, f"Only {' or '.join(GIVERS)} can end a customer's service.")
    await expect_no_open_fault(tx, found.file, policy)
    return await let_stand(
        tx,
        found,
        second,
        policy,
        euros=Decimal(0),
        forgiven=None,
        note=found.body["analysis"],
        more={"cause": found.body["cause"]},
    )


_OPEN_CAUSE = """
SELECT c.key FROM case_causes n JOIN causes c USING (key)
  LEFT JOIN causes m ON m.key = c.merged_into
 WHERE n.case_id = $1 AND coalesce(m.state, c.state) <> 'removed'
"""


async def expect_no_open_fault(tx: Connection, file: File, policy: Policy) -> None:
    """Refuse to end a service while the company's own fault in the case is open.

    Raises:
        ProblemError: 409, naming the rule.

    """
    if file.case.tags.fault.value in _OURS:
        raise _forbidden("company_fault_tagged", "the case is tagged with the company's fault")
    proposal = file.proposal
    if proposal is not None and proposal.decision.basis in _OWED and _is_owed(file, policy):
        raise _forbidden("entitlement_open", "something is owed that was not given")
    cause = await tx.fetchval(_OPEN_CAUSE, file.row.case_id)
    if cause is not None:
        raise _forbidden("cause_open", f"the root cause {cause} is not removed")


def _is_owed(file: File, policy: Policy) -> bool:
    if file.proposal is None or file.decision is None:
        return True
    return needs_second(file.proposal.decision, file.decision, policy) is not None


def _forbidden(rule: str, because: str) -> ProblemError:
    flaw = Flaw(f"rule.{rule}", f"forbids it: {because}")
    return ProblemError(409, f"The service cannot be ended ({rule}): {because}.", (flaw,))
