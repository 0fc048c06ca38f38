"""A person says what brought a case about; the rules only suggest it."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from services.decision import log, store
from services.decision.causes import store as causes
from services.decision.desk.cases import brief, expect, hold, open_file
from services.decision.desk.forms import CauseForm
from services.decision.desk.parts import Done
from services.decision.desk.people import Person
from services.decision.log import Entry
from services.decision.policy.model import Policy
from shared.postgres import Connection


async def name(
    tx: Connection, person: Person, case_id: UUID, form: CauseForm, policy: Policy
) -> Done:
    """Store the root cause of a case, be it suggested or another one.

    Raises:
        ProblemError: 404; 409, the case has moved on.

    """
    held = await hold(tx, case_id)
    expect(held, form.version)
    file = await open_file(tx, held, policy)
    body = {"before": held.row.cause, "cause": form.cause, "version": form.version}
    entry = Entry(case_id, "cause_confirmed", person.id, held.now, log.canonical(body))
    row = replace(held.row, cause=form.cause)
    euros = file.proposal.granted if file.proposal else Decimal(0)
    # In the hop's order: the end of the log, then causes. Two who wait crosswise would fail.
    await log.append(tx, [entry])
    await causes.assign(tx, case_id, form.cause, person.id, held.now, euros=euros)
    await store.store(tx, [row])
    return Done({**brief(row, row.version + 1, held.assignee), "cause": form.cause})
