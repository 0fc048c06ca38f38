"""Lets a person's decision stand: log, case row and events, in the transaction of the act."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.decision import log, store
from services.decision.desk import certificates, saying
from services.decision.desk.parts import Done
from services.decision.log import Entry
from services.decision.merits.authority import is_sampled
from services.decision.policy.model import Policy
from services.decision.store import Standing
from services.decision.timing import arming, measures
from shared.events.catalogue import CaseClassified, Decision
from shared.postgres import Connection


@dataclass(frozen=True, slots=True)
class Settlement:
    """A decision that is to stand, with all that the log keeps of it.

    `euros` is spent from the certificate of `decision.decided_by`. `note` is for staff; it is kept
    where it can be erased, and is in no event. `request` tells a repeat of the same act.
    """

    row: Standing
    case: CaseClassified
    decision: Decision
    euros: Decimal | None
    forgiven: Decimal | None
    version: int
    request: str
    kind: str = "decided"
    approved_by: str | None = None
    note: str | None = None
    more: dict[str, Any] = field(default_factory=dict)


_WITHDRAW = """
UPDATE approvals SET state = 'withdrawn', answered_at = $2
 WHERE case_id = $1 AND state = 'open' RETURNING approval_id
"""
_SAMPLE = "INSERT INTO samples (position, case_id) VALUES ($1, $2)"


async def withdraw_open(tx: Connection, case_id: UUID, now: datetime) -> None:
    """Withdraw what waits for a second person: something else has become of the case."""
    await tx.execute(_WITHDRAW, case_id, now)


async def settle(tx: Connection, this: Settlement, policy: Policy, now: datetime) -> Done:
    """Let a decision stand; who may do so was checked before."""
    before = this.row
    await withdraw_open(tx, before.case_id, now)
    await certificates.spend(tx, this.decision.decided_by, this.euros, now)
    stopped = await arming.stop(tx, before.case_id, this.decision.decided_by, now)
    revision = 0 if before.decided_position is None else before.revision + 1
    after = replace(
        before,
        state="decided",
        revision=revision,
        waiting=False,
        assignee=None,
        goodwill_eur=this.forgiven,
        decided_by=this.decision.decided_by,
        decided_at=now,
    )
    told = answer_of(after, this.decision, before.version + 1, this.approved_by)
    body = {
        **this.more,
        "answer": told,
        "approved_by": this.approved_by,
        "decision": this.decision.model_dump(mode="json"),
        "euros": None if this.euros is None else str(this.euros),
        "request": this.request,
        "revision": revision,
        "thought": before.thought_position,
        "version": this.version,
    }
    noted = None if this.note is None else log.canonical({"note": this.note})
    actor = this.decision.decided_by
    entry = Entry(before.case_id, this.kind, actor, now, log.canonical(body), noted)
    position, *_ = await log.append(tx, [entry, *stopped])
    if is_sampled(before.case_id, policy):
        await tx.execute(_SAMPLE, position, before.case_id)
    await store.store(tx, [replace(after, decided_position=position)])
    if before.decided_position is None:
        measures.answered(before.queue, before.received_at, now)
    return Done(told, sayings=saying.of_decision(after, this.case, this.decision, now))


def answer_of(
    row: Standing, decision: Decision, version: int, approved_by: str | None
) -> dict[str, Any]:
    """Return what the one who decided is told."""
    return {
        "case_id": str(row.case_id),
        "version": version,
        "state": "decided",
        "revision": row.revision,
        "decision": decision.model_dump(mode="json"),
        "decided_at": row.decided_at.isoformat() if row.decided_at else None,
        "approved_by": approved_by,
    }
