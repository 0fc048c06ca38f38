"""Decides a batch of classified cases and says what was decided; all state commits with the events.

One customer's cases are in one partition, so they come here one after the other, and goodwill
given in this batch counts for the next case of the same customer.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import orjson

from services.decision import store
from services.decision.decide import (
    Decided,
    Outcome,
    Referred,
    answer_due_at,
    decide,
    priority_of,
)
from services.decision.goodwill import History
from services.decision.policy.model import Policy
from services.decision.store import PastGoodwill, Row, Standing
from shared import clock
from shared.events.case import Status
from shared.events.catalogue import (
    CaseClassified,
    CaseDecided,
    CaseReferred,
    CaseStatusChanged,
    Queue,
    Topic,
)
from shared.hop import Handler, Received
from shared.outbox import Saying
from shared.postgres import Connection

_YEAR: Final = timedelta(days=365)
_TOLD: Final = {Queue.SPECIALIST: "vulnerable", Queue.STAFF_CONDUCT: "staff_conduct"}


def build(policy: Policy) -> Handler:
    """Return the hop's handler for this policy."""

    async def handle(tx: Connection, batch: Sequence[Received]) -> list[Saying]:
        now = clock.now()
        cases = [(r, r.event) for r in batch if isinstance(r.event, CaseClassified)]
        standing = await store.standing(tx, [case.case_id for _, case in cases])
        past = await store.past_goodwill(tx, [case.customer_id for _, case in cases])
        sayings: list[Saying] = []
        rows: list[Row] = []
        given: defaultdict[str, list[PastGoodwill]] = defaultdict(list, past)
        for received, case in cases:
            before = standing.get(case.case_id)
            outcome = answer(case, before, given[case.customer_id], policy)
            history = history_of(case, given[case.customer_id])
            row = _row(case, before, outcome, history, policy, now)
            standing[case.case_id] = Standing(row.state, row.sequence, row.queue)
            rows.append(row)
            if row.goodwill_eur is not None and row.state == "decided" and before is None:
                given[case.customer_id].append(
                    PastGoodwill(case.case_id, case.received_at, row.goodwill_eur)
                )
            sayings += say(received, case, before, outcome, policy, now)
        await store.store(tx, rows)
        return sayings

    return handle


def history_of(case: CaseClassified, past: Sequence[PastGoodwill]) -> History:
    """Sum up the goodwill within 12 months of this case.

    On both sides of it: cases that are imported late must not escape the count by their order.
    """
    counted = [
        each.euros
        for each in past
        if each.case_id != case.case_id and abs(case.received_at - each.received_at) < _YEAR
    ]
    return History(len(counted), sum(counted, Decimal(0)))


def answer(
    case: CaseClassified, before: Standing | None, past: Sequence[PastGoodwill], policy: Policy
) -> Outcome:
    """Decide a new case; where an answer stands already, a person hears the new message.

    A person keeps what a person has, and no message ever makes a case less urgent.
    """
    outcome = decide(case, history_of(case, past), policy)
    if before is None and case.sequence == 0:
        return outcome
    if isinstance(outcome, Referred):
        mine, reason, proposal = outcome.queue, outcome.reason, outcome.proposal
    else:
        mine, reason, proposal = outcome.told or Queue.REVIEW, "", outcome.answer
    queue = mine
    if before is not None and before.queue is not None:
        queue = min(mine, before.queue, key=priority_of)
    if queue is not Queue.REVIEW and queue is mine and reason:
        return Referred(queue, reason, proposal)
    if before is None:
        return Referred(queue, "message_before_its_case", proposal)
    if before.state == "decided":
        return Referred(queue, "message_after_the_decision", proposal)
    return Referred(queue, "message_during_review", proposal)


def _row(  # noqa: PLR0913, PLR0917 - what a row is made of
    case: CaseClassified,
    before: Standing | None,
    outcome: Outcome,
    history: History,
    policy: Policy,
    now: datetime,
) -> Row:
    decided = isinstance(outcome, Decided)
    answered = outcome.answer if isinstance(outcome, Decided) else outcome.proposal
    told: dict[str, object] = {
        "decision": orjson.Fragment(answered.decision.model_dump_json()) if answered else None,
        "cost_eur": str(answered.cost) if answered and answered.cost is not None else None,
        "goodwill_before": {"times": history.times, "eur": str(history.euros)},
    }
    if answered is not None and answered.scales is not None:
        told["expected_loss_eur"] = str(answered.scales.expected_loss)
        told["cost_of_checking_eur"] = str(answered.scales.cost_of_checking)
    if isinstance(outcome, Referred):
        told["queue"], told["reason"] = outcome.queue, outcome.reason
    return Row(
        case_id=case.case_id,
        customer_id=case.customer_id,
        state="decided" if decided or (before and before.state == "decided") else "referred",
        sequence=max(case.sequence, before.sequence if before else 0),
        received_at=case.received_at,
        goodwill_eur=outcome.answer.forgiven if isinstance(outcome, Decided) else None,
        queue=outcome.queue if isinstance(outcome, Referred) else outcome.told,
        outcome=orjson.dumps(told).decode(),
        inputs=case.model_dump_json(),
        policy=policy.hash,
        decided_at=now,
    )


def say(  # noqa: PLR0913, PLR0917 - what the events tell
    received: Received,
    case: CaseClassified,
    before: Standing | None,
    outcome: Outcome,
    policy: Policy,
    now: datetime,
) -> list[Saying]:
    """Return the events that tell of an outcome."""
    same = {
        "case_id": case.case_id,
        "customer_id": case.customer_id,
        "language": case.language,
        "jurisdiction": case.jurisdiction,
        "sequence": case.sequence,
    }
    if isinstance(outcome, Decided):
        said = [
            received.say(
                Topic.DECIDED,
                CaseDecided(**same, decision=outcome.answer.decision, decided_at=now),
            ),
            received.say(Topic.STATUS, _status(case, Status.DECIDED, None, now)),
        ]
        if outcome.told is None:
            return said
        told = _referral(same, Referred(outcome.told, _TOLD[outcome.told], outcome.answer), now)
        answered = told.model_copy(update={"answered": True})
        return [*said, received.say(Topic.REFERRED, answered)]
    waiting = _referral(same, outcome, now)
    reopened = before is not None and before.state == "decided"
    due = waiting.model_copy(
        update={"answer_due_at": answer_due_at(case, policy), "reopened": reopened}
    )
    referral = received.say(Topic.REFERRED, due)
    if before is not None and before.state == "referred":
        return [referral]
    status = Status.REOPENED if before else Status.IN_REVIEW
    return [referral, received.say(Topic.STATUS, _status(case, status, outcome.reason, now))]


def _referral(same: dict[str, object], outcome: Referred, now: datetime) -> CaseReferred:
    return CaseReferred.model_validate(
        {
            **same,
            "queue": outcome.queue,
            "priority": outcome.priority,
            "reason": outcome.reason,
            "proposal": outcome.proposal.decision if outcome.proposal else None,
            "referred_at": now,
        }
    )


def _status(
    case: CaseClassified, status: Status, reason: str | None, now: datetime
) -> CaseStatusChanged:
    return CaseStatusChanged(
        case_id=case.case_id,
        customer_id=case.customer_id,
        status=status,
        reason=reason,
        changed_at=now,
    )
