"""Tells a person of what stays silent: a check without its answer, a customer who was asked.

A timer decides nothing: it hands the case over, and what was granted stays granted. One instance
looks at a time (the lock is held by its transaction); the database's clock says what is overdue.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from prometheus_client import Counter, Gauge

from services.decision import recall, store
from services.decision.checking import store as checking
from services.decision.dossier import Check, Dossier, Said, Work
from services.decision.handing import HandOver, hand_over
from services.decision.log import Entry, canonical
from services.decision.recording import Recorder
from services.decision.timing.planning import answer_due_at
from shared import outbox, telemetry
from shared.events.catalogue import Queue
from shared.events.envelope import event_id
from shared.outbox import Saying, saying
from shared.postgres import Connection, is_transient
from shared.publisher import wait
from shared.run import Parts

_log = logging.getLogger(__name__)

SILENT: Final = Counter("evenhand_silences", "Answers that did not come in time", ["of"])
PROVISIONAL: Final = Gauge(
    "evenhand_ledger_provisional", "Grants on trust that are not checked yet"
)

_LOOK_EVERY = 5.0
_AT_ONCE = 200
_ONE_AT_A_TIME = "SELECT pg_try_advisory_xact_lock($1)"
_KEY: Final = 0x4556_4F56_4552


@dataclass(frozen=True, slots=True)
class Overdue:
    """The loop."""

    parts: Parts
    recorder: Recorder
    look_every: float = field(default=_LOOK_EVERY)

    async def run(self, stop: asyncio.Event) -> None:
        """Look until the stop."""
        while not stop.is_set():
            try:
                more = await self.look()
            except Exception as error:
                if not is_transient(error):
                    raise
                _log.warning("not looking for what is overdue: %s", type(error).__name__)
                more = False
            if not more:
                await wait(stop, self.look_every)

    async def look(self) -> bool:
        """Hand over what is overdue now; says whether there may be more."""
        parts = self.parts
        async with parts.pool.acquire() as connection:
            PROVISIONAL.set(await checking.provisional(connection))
            async with connection.transaction():
                if not await connection.fetchval(_ONE_AT_A_TIME, _KEY):
                    return False
                found, sayings = await self._hand_over(connection)
                pending = await outbox.add(
                    connection, parts.source, parts.tracer, sayings, parts.publisher.hold
                )
        if pending:
            await parts.publisher.publish_soon(pending)
        return found == _AT_ONCE

    async def _hand_over(self, tx: Connection) -> tuple[int, list[Saying]]:
        silent = await checking.silent(tx, _AT_ONCE)
        unanswered = await checking.unanswered_questions(tx, _AT_ONCE)
        found = max(len(silent), len(unanswered))
        if not found:
            return 0, []
        await store.lock_customers(
            tx, [*(check.customer_id for check in silent), *(name for _, name in unanswered)]
        )
        # Once more: an answer may have come before the lock.
        silent = await checking.silent(tx, _AT_ONCE, [c.verification_id for c in silent])
        dossiers = await recall.dossiers(
            tx, [*(check.case_id for check in silent), *(case_id for case_id, _ in unanswered)]
        )
        now: datetime = await tx.fetchval("SELECT now()")
        work = Work(dossiers=dict(dossiers))
        sayings = [one for check in silent for one in self._silent(check, work, now)]
        for case_id, _ in unanswered:
            sayings += self._unanswered(work.dossiers[case_id], work, now)
        await checking.mark_overdue(tx, silent)
        await self.recorder.write(tx, work, now)
        SILENT.labels("bank").inc(len(silent))
        return found, sayings

    def _silent(self, check: Check, work: Work, now: datetime) -> list[Saying]:
        dossier = work.dossiers[check.case_id]
        work.causes[check.case_id] = (check.cause_id, check.traceparent)
        entry = canonical({"purpose": check.purpose, "verification_id": str(check.verification_id)})
        work.log(Entry(check.case_id, "verification_overdue", "policy", now, entry))
        if check.purpose == "background":
            work.settled[check.verification_id] = ("unanswered", now)
            review = replace(dossier, thought=replace(dossier.thought, queue=Queue.REVIEW))
            said = self._to_a_person(review, "verification_overdue", work, now)
        elif dossier.standing.state == "verifying":
            reason = dossier.thought.reason or "verification_unanswered"
            said = self._to_a_person(dossier, reason, work, now)
        else:
            return []
        return _sayings(said, str(check.verification_id), check.cause_id, check.traceparent, now)

    def _unanswered(self, dossier: Dossier, work: Work, now: datetime) -> list[Saying]:
        """Show a case to a person whose customer was asked in vain."""
        held = dossier.standing
        due = held.answer_due_at
        if held.state != "asked" or due is None or due > now:
            return []
        SILENT.labels("customer").inc()
        said = self._to_a_person(dossier, "question_unanswered", work, now)
        return _sayings(said, f"{held.case_id}/{held.thought_position}", None, None, now)

    def _to_a_person(self, dossier: Dossier, reason: str, work: Work, now: datetime) -> list[Said]:
        case = dossier.case
        if case is None:  # its inputs were erased: there is nobody to be answered
            return []
        over = HandOver(
            dossier.thought.queue or Queue.REVIEW,
            reason,
            now,
            answer_due_at(case, self.recorder.packs),
        )
        return hand_over(dossier, case, over, work)


def _sayings(
    said: Sequence[Said],
    step: str,
    cause_id: UUID | None,
    traceparent: str | None,
    now: datetime,
) -> list[Saying]:
    return [
        saying(
            one.event,
            event_id=event_id(step, "overdue", one.topic),
            topic=one.topic,
            key=one.event.customer_id,
            subject=str(one.event.case_id),
            said_at=now,
            cause_id=cause_id,
            parent=telemetry.remote_context(traceparent),
            passed=traceparent if telemetry.is_unrecorded(traceparent) else None,
        )
        for one in said
    ]
