"""Decides a batch of messages and answers of the bank's systems; all commits with the events.

One customer's events are in one partition, and whoever decides for a customer holds the lock on
them: what is given to a customer is counted right, also within a batch. Nothing is written before
the whole batch was gone through, so that it can be gone through again where the day's certificate
holds less than was thought.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from services.decision import course, day, past, recall, store
from services.decision.bench import Bench, Cause, Decide
from services.decision.checking import answers
from services.decision.checking import store as checking
from services.decision.dossier import Check, Dossier, Said, Work
from services.decision.merits.decide import decide
from services.decision.past import Past
from services.decision.policy.model import Policy
from services.decision.recording import Recorder
from services.decision.terms import Terms, terms_of
from shared import clock
from shared.events.catalogue import CaseClassified, Topic, VerificationCompleted
from shared.hop import Received
from shared.outbox import Saying
from shared.postgres import Connection

TOPICS: Final = (Topic.CLASSIFIED, Topic.VERIFICATION_COMPLETED)


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What is known of a batch; going through it changes none of it."""

    dossiers: dict[UUID, Dossier]
    checks: dict[UUID, Check | None]
    """By the event that answers."""
    past: Past


@dataclass(frozen=True, slots=True)
class Deciding:
    """What batches are decided with."""

    policy: Callable[[], Policy]
    recorder: Recorder
    decide: Decide = decide
    time: Callable[[], datetime] = clock.now

    async def handle(self, tx: Connection, batch: Sequence[Received]) -> list[Saying]:
        """Handle one batch."""
        now, policy = self.time(), self.policy()
        terms = terms_of(policy)
        loaded = await _load(tx, batch, terms)

        def bench(left: Decimal) -> Bench:
            again = loaded.past.again()
            work, packs = Work(dict(loaded.dossiers)), self.recorder.packs
            return Bench(self.decide, policy, terms, again, left, now, work, packs)

        left = await day.left(tx, terms.per_day, now)
        work, sayings = self._go_through(batch, loaded, bench(left))
        if not await day.spend(tx, work.spent, work.grants, terms.per_day, now):
            left = await day.left(tx, terms.per_day, now, lock=True)
            work, sayings = self._go_through(batch, loaded, bench(left))
            await day.spend(tx, work.spent, work.grants, terms.per_day, now)
        await self.recorder.write(tx, work, now)
        return sayings

    def _go_through(
        self, batch: Sequence[Received], loaded: _Loaded, bench: Bench
    ) -> tuple[Work, list[Saying]]:
        sayings: list[Saying] = []
        for received in batch:
            event, said = received.event, list[Said]()
            said_by = None
            cause = _cause(received)
            bench.work.causes.setdefault(
                received.event.case_id, (cause.event_id, cause.traceparent)
            )
            if isinstance(event, CaseClassified):
                said = course.hear(event, cause, bench)
            elif isinstance(event, VerificationCompleted):
                check = loaded.checks[received.envelope.id]
                said = answers.complete(event, check, cause, bench)
                said_by = check.cause_id if check else None
                if said_by is not None:
                    bench.work.causes[event.case_id] = (said_by, cause.traceparent)
            sayings += [_saying(received, one, said_by) for one in said]
        return bench.work, sayings


async def _load(tx: Connection, batch: Sequence[Received], terms: Terms) -> _Loaded:
    answering = [r for r in batch if isinstance(r.event, VerificationCompleted)]
    events = [r.event for r in answering if isinstance(r.event, VerificationCompleted)]
    asked = await checking.asked(tx, events)
    customers = {r.event.customer_id for r in batch}
    await store.lock_customers(tx, customers | {c.customer_id for c in asked if c is not None})
    # Once more, now that nobody else answers them.
    asked = await checking.asked(tx, events)
    dossiers = await recall.dossiers(tx, [r.event.case_id for r in batch])
    heard = [r.event for r in batch if isinstance(r.event, CaseClassified)]
    again = [dossiers[event.case_id].case for event in events if event.case_id in dossiers]
    cases = [*heard, *(case for case in again if case is not None)]
    return _Loaded(
        dossiers,
        {r.envelope.id: check for r, check in zip(answering, asked, strict=True)},
        await past.load(tx, cases, terms),
    )


def _cause(received: Received) -> Cause:
    return Cause(received.envelope.id, received.traceparent)


def _saying(received: Received, said: Said, cause_id: UUID | None) -> Saying:
    """Say an event. What an answer of the bank leads to belongs to the message that was checked.

    When that message is sent again because the broker has lost its log, so is all that followed.
    """
    saying = received.say(said.topic, said.event)
    return saying if cause_id is None else replace(saying, cause_id=cause_id)
