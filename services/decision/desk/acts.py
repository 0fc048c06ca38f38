"""Taking a case, giving it back, handing it over, and closing what only had to be seen.

Nobody has to give a reason for handing a case over, and none is asked (courier story, seed 002).
What a person expected of a case goes with them: who gets it next has said nothing to its customer.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from services.decision import log, store
from services.decision.desk.cases import (
    Held,
    brief,
    expect,
    expect_holder,
    hold,
    last_thought,
)
from services.decision.desk.forms import HandOverForm, VersionForm
from services.decision.desk.parts import Done
from services.decision.desk.people import Person
from services.decision.desk.saying import of_referral, of_status
from services.decision.log import Entry
from services.decision.store import HANDED_OVER
from services.decision.timing import arming, expecting
from shared.events.case import Status
from shared.events.catalogue import Queue
from shared.http.problems import ProblemError
from shared.postgres import Connection

_TAKE = "UPDATE cases SET taken_until = now() + $2::interval WHERE case_id = $1"


async def take(
    tx: Connection, person: Person, case_id: UUID, form: VersionForm, lasts: timedelta
) -> Done:
    """Put a case into this person's hands; taking one's own case again changes nothing.

    After `lasts` it is back in the queue for everybody.

    Raises:
        ProblemError: 404, or 409: it moved on, somebody else has it, or nobody may have it now.

    """
    held = await hold(tx, case_id)
    if held.assignee == person.id:
        return Done(brief(held.row, held.row.version, person.id))
    expect(held, form.version)
    if held.assignee is not None:
        raise ProblemError(409, f"The case is with {held.assignee} already.")
    if not held.row.waiting and held.row.state != "decided":
        raise ProblemError(
            409, f"The case is {held.row.state}; it comes to the queue if that has no answer."
        )
    if held.row.assignee != person.id:
        await expecting.forget(tx, case_id)
    body = {"version": form.version, "lapsed_of": held.row.assignee}
    await _log(tx, held, person, "taken", body)
    await store.store(tx, [replace(held.row, assignee=person.id)])
    await tx.execute(_TAKE, case_id, lasts)
    return Done(brief(held.row, held.row.version + 1, person.id))


async def release(tx: Connection, person: Person, case_id: UUID, form: VersionForm) -> Done:
    """Put a case back into its queue.

    Raises:
        ProblemError: 404, or 409: it moved on, or is not with this person.

    """
    held = await hold(tx, case_id)
    expect(held, form.version)
    expect_holder(held, person.id)
    await expecting.forget(tx, case_id)
    await _log(tx, held, person, "released", {"version": form.version})
    await store.store(tx, [replace(held.row, assignee=None)])
    return Done(brief(held.row, held.row.version + 1, None))


async def hand_over(tx: Connection, person: Person, case_id: UUID, form: HandOverForm) -> Done:
    """Put a case back for others, perhaps into another queue; this person is offered it last.

    Raises:
        ProblemError: 404, or 409: it moved on, or is not with this person.

    """
    held = await hold(tx, case_id)
    expect(held, form.version)
    expect_holder(held, person.id)
    row = replace(
        held.row,
        assignee=None,
        waiting=True,
        queue=form.queue or held.row.queue or Queue.REVIEW,
        reason=held.row.reason if held.row.waiting else HANDED_OVER,
    )
    body = {"version": form.version, "from": held.row.queue, "to": row.queue}
    told = await last_thought(tx, row)
    await expecting.forget(tx, case_id)
    await _log(tx, held, person, "handed_over", body)
    await store.store(tx, [row])
    moved = row.queue is not held.row.queue
    sayings = [of_referral(row, *told, held.now)] if moved and told else []
    return Done(brief(row, row.version + 1, None), sayings=sayings)


async def acknowledge(tx: Connection, person: Person, case_id: UUID, form: VersionForm) -> Done:
    """Close an answered case that a person had only to see; its answer stands as it is.

    Raises:
        ProblemError: 404, or 409: it moved on, is not with this person, or has no answer yet.

    """
    held = await hold(tx, case_id)
    expect(held, form.version)
    expect_holder(held, person.id)
    if held.row.state != "decided":
        raise ProblemError(409, "The case has no answer yet; decide it.")
    stopped = await arming.stop(tx, case_id, person.id, held.now)
    await _log(tx, held, person, "acknowledged", {"version": form.version})
    await log.append(tx, stopped)
    row = replace(held.row, assignee=None, waiting=False)
    await store.store(tx, [row])
    told = [of_status(row, Status.DECIDED, "answer_stands", held.now)]
    sayings = told if held.row.customer_waits else []
    return Done(brief(row, row.version + 1, None), sayings=sayings)


async def _log(
    tx: Connection, held: Held, person: Person, kind: str, body: Mapping[str, object]
) -> None:
    entry = Entry(held.row.case_id, kind, person.id, held.now, log.canonical(body))
    await log.append(tx, [entry])
