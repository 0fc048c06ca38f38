"""Does what a deliberation said: the row, the events, the check, what counts from now on. Pure."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

import orjson

from services.decision import telling
from services.decision.bench import Bench, Cause
from services.decision.deliberation import answer_of
from services.decision.dossier import Check, Deliberated, Dossier, Said
from services.decision.handing import HandOver, hand_over, more_urgent
from services.decision.merits.outcome import Asked, Decided, Referred, Verifying
from services.decision.noting import noted, put
from services.decision.past import Claim, Goodwill
from services.decision.store import TOLD, State
from services.decision.timing.planning import answer_due_at, planned
from shared.events.case import Status
from shared.events.catalogue import CaseClassified, Queue, Topic, VerificationRequested


def follow(thought: Deliberated, before: Dossier | None, cause: Cause, bench: Bench) -> list[Said]:
    """Do what the policy said; there is no answer yet, or this one is better."""
    match thought.outcome:
        case Decided() as outcome:
            return _answer(outcome, thought, before, cause, bench)
        case Referred() as outcome:
            return _refer(outcome, thought, before, bench)
        case Verifying():
            return _check_first(thought, before, cause, bench)
        case Asked() as outcome:
            if thought.thought.known.asked:
                raise ValueError("the policy would ask the same question twice")
            return _ask(outcome, thought, before, bench)


def _answer(
    outcome: Decided,
    thought: Deliberated,
    before: Dossier | None,
    cause: Cause,
    bench: Bench,
) -> list[Said]:
    case, answer, now = thought.case, outcome.answer, bench.now
    first = before is None or before.standing.state != "decided"
    revision = 0 if first or before is None else before.standing.revision + 1
    standing = noted(
        thought,
        before,
        state="decided",
        revision=revision,
        goodwill_eur=answer.forgiven,
        waiting=outcome.told is not None,
        queue=outcome.told,
        reason=outcome.told_reason,
        referred_at=now if outcome.told else None,
        answer_due_at=None,
        decided_by="policy",
        decided_at=now,
        decided_position=thought.entry,
    )
    earlier = before.spent if before else Decimal(0)
    if answer.granted > earlier:
        bench.work.spent += answer.granted - earlier
        bench.work.grants += 1
    bench.work.put(
        Dossier(standing, case, thought.thought, answer.decision, max(answer.granted, earlier))
    )
    _remember(answer.forgiven, case, bench)
    said = telling.decided(case, answer, revision, now)
    if outcome.told is not None:
        said.append(
            telling.referred(
                case,
                {
                    "queue": outcome.told,
                    "reason": outcome.told_reason or "",
                    "proposal": answer.decision,
                    "answered": True,
                },
                now,
            )
        )
    if outcome.check:
        said.append(_check(thought, "background", cause, bench))
    return said


def _remember(forgiven: Decimal | None, case: CaseClassified, bench: Bench) -> None:
    """Let what was given count for the customer's next case in this batch."""
    given = bench.past.goodwill[case.customer_id]
    given[:] = [each for each in given if each.case_id != case.case_id]
    if forgiven is not None:
        given.append(Goodwill(case.case_id, case.received_at, forgiven))


def _check(
    thought: Deliberated, purpose: Literal["background", "first"], cause: Cause, bench: Bench
) -> Said:
    """Ask the bank's systems, and keep a note of it."""
    case, answer, terms = thought.case, answer_of(thought.outcome), bench.terms
    if answer is None:
        raise ValueError("there is no claim to check")
    first = purpose == "first"
    within = terms.first_within if first else terms.background_within
    request = VerificationRequested(
        case_id=case.case_id,
        customer_id=case.customer_id,
        sequence=case.sequence,
        verification_id=cause.check_id,
        question=answer.situation,
        purpose=purpose,
        category=case.category,
        claim=case.claim,
        facts=case.facts,
        requested_at=bench.now,
        answer_by=bench.now + within,
    )
    bench.work.checks.append(
        Check(
            cause.check_id,
            case.case_id,
            case.customer_id,
            purpose,
            answer.checkable,
            bench.now,
            bench.now + within,
            request.model_dump_json(),
            cause.event_id,
            cause.traceparent,
            euros=answer.granted,
            remedies=orjson.dumps(
                [remedy.model_dump(mode="json") for remedy in answer.decision.remedies]
            ).decode(),
        )
    )
    if not first:
        bench.past.claims[case.customer_id].append(
            Claim(case.case_id, bench.now, answer.checkable, trusted=True, answer=None)
        )
    return Said(Topic.VERIFICATION_REQUESTED, request)


def _refer(
    outcome: Referred, thought: Deliberated, before: Dossier | None, bench: Bench
) -> list[Said]:
    since = before.standing.received_at if before else None
    due = _answer_due_at(thought.case, bench, since, began=None if before else thought.case)
    standing = noted(
        thought,
        before,
        state="referred",
        waiting=True,
        queue=outcome.queue,
        reason=outcome.reason,
        referred_at=bench.now,
        answer_due_at=due,
    )
    put(thought, standing, before, bench)
    referral = telling.referred(
        thought.case,
        {
            "queue": outcome.queue,
            "reason": outcome.reason,
            "proposal": outcome.proposal.decision if outcome.proposal else None,
            "answer_due_at": due,
            "at_once": outcome.at_once,
        },
        bench.now,
    )
    return [referral, telling.waiting(thought.case, Status.IN_REVIEW, outcome.reason, bench.now)]


def _answer_due_at(
    case: CaseClassified, bench: Bench, since: datetime | None, *, began: CaseClassified | None
) -> datetime:
    """Return the last day for the answer; the clocks that a message `began` here are planned."""
    if began is None:
        return answer_due_at(case, bench.packs, since)
    arrived_at = began.accepted_at or bench.now
    bench.work.plans[case.case_id] = plan = planned(case, arrived_at, bench.packs, since)
    return plan.answer_due_at


def _check_first(
    thought: Deliberated, before: Dossier | None, cause: Cause, bench: Bench
) -> list[Said]:
    request = _check(thought, "first", cause, bench)
    standing = noted(thought, before, state="verifying", answer_due_at=None)
    put(thought, standing, before, bench)
    return [request, telling.waiting(thought.case, Status.IN_REVIEW, "verifying", bench.now)]


def _ask(outcome: Asked, thought: Deliberated, before: Dossier | None, bench: Bench) -> list[Said]:
    answer_by = bench.now + bench.terms.question_within
    standing = noted(thought, before, state="asked", answer_due_at=answer_by)
    put(thought, standing, before, bench)
    return [
        telling.asked(thought.case, outcome.question, answer_by, bench.now),
        telling.waiting(thought.case, Status.WAITING_FOR_YOU, "question", bench.now),
    ]


def go_on_waiting(thought: Deliberated, before: Dossier, bench: Bench) -> list[Said]:
    """Keep what was added; the bank's systems are being asked already."""
    standing = noted(thought, before, state=before.standing.state)
    put(thought, standing, before, bench)
    return []


def pass_on(
    thought: Deliberated,
    before: Dossier | None,
    reason: str,
    message: CaseClassified,
    bench: Bench,
) -> list[Said]:
    """Let a person see what is new; the answer that stands, stands."""
    outcome, held = thought.outcome, before.standing if before else None
    mine = thought.thought.queue or Queue.REVIEW
    if (
        isinstance(outcome, Referred)
        and outcome.reason not in TOLD  # that would read as if the customer had not written
        and mine is not Queue.REVIEW
        and (held is None or more_urgent(mine, held.queue) is mine)
    ):
        reason = outcome.reason
    state: State = "referred" if held is None else held.state
    put(thought, noted(thought, before, state=state), before, bench)
    # Who writes after the answer has the whole time anew, from when they wrote.
    answered = held is not None and held.state == "decided"
    new = held is None or (answered and not held.customer_waits)
    since = None
    if held is not None:
        since = message.received_at if answered else held.received_at
    due = _answer_due_at(thought.case, bench, since, began=message if new else None)
    over = HandOver(mine, reason, bench.now, due, reopens=True)
    dossier = bench.work.dossiers[thought.case.case_id]
    return hand_over(dossier, thought.case, over, bench.work, new=before is None)
