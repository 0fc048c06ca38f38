"""A person corrects tags: it is logged, and the policy thinks again. That alone decides nothing."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from services.decision import deliberation, log, store
from services.decision.clock.load import Packs
from services.decision.desk.cases import expect, expect_holder, hold, thought_of
from services.decision.desk.forms import TagsForm
from services.decision.desk.parts import Done
from services.decision.desk.people import Person
from services.decision.desk.saying import of_correction, of_referral
from services.decision.log import Entry
from services.decision.merits.decide import decide
from services.decision.merits.outcome import Outcome, Referred, priority_of
from services.decision.policy.model import Policy
from services.decision.store import Standing
from services.decision.timing import arming
from services.decision.timing.arming import Moved
from shared.events.catalogue import Queue
from shared.events.tags import FaultTag, FlagTag, PressureTag, Tags, ToneTag
from shared.http import problems
from shared.http.flaws import Flaw
from shared.postgres import Connection

_SURE = 1.0


async def correct(
    tx: Connection,
    person: Person,
    case_id: UUID,
    form: TagsForm,
    rules: tuple[Policy, Packs],
) -> Done:
    """Store what the tags should have been and why, and a new proposal made from them.

    The classifier is told in the same transaction; the reason stays here, where it can be erased.

    Raises:
        ProblemError: 404; 409, it moved on or is not with this person; 422, nothing is corrected.

    """
    changes = form.model_dump(mode="json", exclude={"version", "note"}, exclude_none=True)
    if not changes:
        raise problems.invalid(Flaw("body", "corrects nothing; name a tag"))
    policy, packs = rules
    held = await hold(tx, case_id)
    expect(held, form.version)
    expect_holder(held, person.id)
    case, known = await thought_of(tx, held.row)
    corrected = case.model_copy(update={"tags": corrected_tags(case.tags, form)})
    outcome = decide(corrected, known, policy)
    body = {"before": _brief(case.tags), "corrected": changes, "version": form.version}
    noted = log.canonical({"note": form.note})
    inputs = corrected.model_dump_json()
    answers = held.row.revision + 1 if held.row.state == "decided" else 0
    moved = Moved(
        case_id,
        corrected,
        waits=held.row.customer_waits,
        known=True,
        round=answers,
        since=held.now if answers else None,
    )
    stopped = await arming.follow(tx, [moved], held.now, packs, person.id)
    positions = await log.append(
        tx,
        [
            *stopped,
            Entry(case_id, "tags_corrected", person.id, held.now, log.canonical(body), noted),
            Entry(
                case_id,
                "deliberated",
                person.id,
                held.now,
                deliberation.body_of(outcome, known, policy.hash),
                inputs,
            ),
        ],
    )
    row = replace(held.row, thought_position=positions[-1], **_urgency(held.row, outcome))
    await store.store(tx, [row])
    answer = deliberation.answer_of(outcome)
    proposal = answer.decision if answer else None
    sayings = [of_correction(held.row, case, corrected.tags, changes, (person.id, held.now))]
    if row.queue is not held.row.queue:
        sayings.append(of_referral(row, corrected, proposal, held.now))
    return Done(
        {
            "case_id": str(case_id),
            "version": row.version + 1,
            "state": row.state,
            "queue": row.queue,
            "tags": corrected.tags.model_dump(mode="json"),
            "proposal": proposal.model_dump(mode="json") if proposal else None,
        },
        sayings=sayings,
    )


def corrected_tags(tags: Tags, form: TagsForm) -> Tags:
    """Return the tags as a person says they are; evidence against them is dropped. Pure."""
    named = form.model_dump(exclude={"version", "note"}, exclude_none=True).keys()
    update: dict[str, Any] = {
        "evidence": tuple(part for part in tags.evidence if part.target not in named)
    }
    if form.tone is not None:
        update["tone"] = ToneTag(value=form.tone, confidence=_SURE)
    if form.pressure is not None:
        update["pressure"] = PressureTag(value=form.pressure, confidence=_SURE)
    if form.fault is not None:
        update["fault"] = FaultTag(value=form.fault, confidence=_SURE)
    if form.flags is not None:
        flags = sorted(set(form.flags))
        update["flags"] = tuple(FlagTag(value=flag, confidence=_SURE) for flag in flags)
    return tags.model_copy(update=update)


def _urgency(row: Standing, outcome: Outcome) -> dict[str, Any]:
    """Return the queue that the case belongs into now; no correction makes it less urgent."""
    if not isinstance(outcome, Referred) or not row.waiting:
        return {}
    before = row.queue or Queue.REVIEW
    if priority_of(outcome.queue) >= priority_of(before):
        return {}
    return {"queue": outcome.queue, "reason": outcome.reason}


def _brief(tags: Tags) -> dict[str, Any]:
    return {
        "tone": tags.tone.value,
        "pressure": tags.pressure.value,
        "fault": tags.fault.value,
        "flags": [flag.value for flag in tags.flags],
    }
