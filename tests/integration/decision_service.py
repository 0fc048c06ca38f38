"""The decision service's hop on a real database, and cases to put into it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
from aiokafka import ConsumerRecord
from hypothesis.vendor.pretty import RepresentationPrinter

from services.decision.handlers import TOPICS, Deciding
from services.decision.policy.model import Policy
from services.decision.recording import Recorder
from shared.events.answer import Disposition
from shared.events.case import Facts, Status
from shared.events.catalogue import (
    MODELS,
    CaseClassified,
    CaseDecided,
    CaseReferred,
    CaseStatusChanged,
    Event,
    Topic,
    VerificationCompleted,
    VerificationRequested,
)
from shared.events.envelope import Envelope, event_id
from shared.hop import Hop, Runner
from shared.postgres import Pool
from shared.run import Parts
from tests.integration.broker_records import record_of
from tests.integration.decision_parts import NOW, PACKS, POLICY, log_of, parts_of, row_of, told_of


def deciding_by(policy: Policy) -> Deciding:
    """Return what decides by this policy."""
    return Deciding(lambda: policy, Recorder(lambda: policy, PACKS))


@dataclass
class Service:
    """The decision service without its broker; what it says stays in its outbox."""

    pool: Pool
    deciding: Deciding = field(default_factory=lambda: deciding_by(POLICY))
    offset: int = 0

    def _repr_pretty_(self, printer: RepresentationPrinter, cycle: bool) -> None:  # noqa: FBT001 - as Hypothesis calls it
        """Let a failing example name its inputs, and not the calendars of all countries."""
        printer.text("(cycle)" if cycle else "service")

    @property
    def parts(self) -> Parts:
        """What a loop of the service is built from."""
        return parts_of(self.pool)

    async def take(self, *events: Event) -> None:
        """Hand these events to the hop, in one batch."""
        parts = self.parts
        runner = Runner(
            Hop("evenhand-decision", TOPICS, self.deciding.handle),
            pool=self.pool,
            publisher=parts.publisher,
            source=parts.source,
            tracer=parts.tracer,
            stop=parts.stop,
        )
        await runner([self._record(event) for event in events])
        parked = await self.pool.fetchval("SELECT min(error) FROM dead_letters")
        assert parked is None, parked

    def _record(self, event: Event) -> "ConsumerRecord[bytes, bytes]":
        self.offset += 1
        topic = next(topic for topic, model in MODELS.items() if type(event) is model)
        name = str(event.sequence) if isinstance(event, CaseClassified) else f"bank {self.offset}"
        envelope = Envelope(
            event_id(str(event.case_id), topic, name), topic, "test", str(event.case_id), NOW
        )
        return record_of(event, envelope, self.offset)

    async def said(self, topic: Topic) -> list[Event]:
        """Return the events of a topic, in the order in which they were said."""
        found = await told_of(self.pool, topic, MODELS[topic])
        return [event for event in found if isinstance(event, Event)]

    async def decided(self) -> list[CaseDecided]:
        """Return the decisions that the others are told of."""
        return await told_of(self.pool, Topic.DECIDED, CaseDecided)

    async def dispositions(self) -> list[Disposition]:
        """Return how the cases were decided, in order."""
        return [event.decision.disposition for event in await self.decided()]

    async def referred(self) -> list[CaseReferred]:
        """Return the referrals that the others are told of."""
        return await told_of(self.pool, Topic.REFERRED, CaseReferred)

    async def statuses(self) -> list[Status]:
        """Return the statuses that the customers are shown, in order."""
        told = await told_of(self.pool, Topic.STATUS, CaseStatusChanged)
        return [event.status for event in told]

    async def told(self) -> list[str]:
        """Return the last words of the topics that were said, in order."""
        rows = await self.pool.fetch("SELECT topic FROM outbox ORDER BY position")
        return [row["topic"].split(".")[2] for row in rows]

    async def case(self, case_id: UUID) -> asyncpg.Record:
        """Return the row of a case."""
        return await row_of(self.pool, case_id)

    async def log(self, case_id: UUID) -> Sequence[tuple[str, dict[str, object]]]:
        """Return the log of a case: kinds and bodies."""
        return await log_of(self.pool, case_id)


def answer_to(
    request: VerificationRequested, answer: str, facts: Facts | None = None, **more: object
) -> VerificationCompleted:
    """Return what the bank's systems say to a request."""
    return VerificationCompleted.model_validate(
        {
            "case_id": request.case_id,
            "customer_id": request.customer_id,
            "verification_id": request.verification_id,
            "answer": answer,
            "evidence": "ledger entry 4711" if answer == "contradicted" else None,
            "facts": facts or Facts(),
            "completed_at": NOW,
            **more,
        }
    )
