"""What the other services say of a case, fed to the read model as its hop would."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from aiokafka import ConsumerRecord
from opentelemetry.sdk.trace import TracerProvider

from services.intake import projection
from shared.events.base import Money
from shared.events.case import Category, Channel
from shared.events.catalogue import (
    MODELS,
    CaseClassified,
    CaseDecided,
    CaseNotified,
    CaseReferred,
    Decision,
    Event,
    Notice,
    SlaMilestone,
)
from shared.events.envelope import Envelope, event_id
from shared.events.tags import Tags
from shared.hop import Runner
from tests.integration.broker_records import record_of
from tests.integration.intake_service import Running

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
TAGS = Tags.model_validate(
    {
        "tone": {"value": "courteous", "confidence": 0.9},
        "pressure": {"value": "none", "confidence": 0.9},
        "fault": {"value": "customer", "confidence": 0.9},
        "language": "pl",
        "model": "test",
        "evidence": [
            {"target": "tone", "value": "courteous", "source": "list:thanks", "start": 0, "end": 4}
        ],
    }
)


def decision(disposition: str) -> Decision:
    return Decision.model_validate(
        {
            "disposition": disposition,
            "basis": "goodwill",
            "reasons": ["own_slip_told_constructively"],
            "rule": "goodwill",
            "policy": "abc",
            "remedies": [{"kind": "fee_waiver", "money": Money(amount=Decimal(5), currency="PLN")}],
        }
    )


def story_of(case_id: UUID) -> list[Event]:
    who: dict[str, Any] = {"case_id": case_id, "customer_id": "C-1"}
    at = [NOW + timedelta(seconds=n) for n in range(10)]
    return [
        CaseClassified(
            **who,
            channel=Channel.WEB,
            category=Category.OTHER,
            text="x",
            received_at=NOW,
            language="pl",
            jurisdiction="PL",
            tags=TAGS,
        ),
        CaseReferred.model_validate(
            {
                **who,
                "queue": "review",
                "priority": 5,
                "reason": "amount_above_certificate",
                "proposal": decision("upheld"),
                "language": "pl",
                "answer_due_at": NOW + timedelta(days=30),
                "referred_at": at[1],
            }
        ),
        CaseDecided(**who, decision=decision("goodwill"), language="pl", decided_at=at[3]),
        CaseNotified(
            **who,
            notice=Notice.FINAL_ANSWER,
            channel="email",
            outcome="sent",
            language="pl",
            at=at[4],
        ),
        SlaMilestone(**who, clock="answer", kind="cancelled", due_at=at[9], at=at[5]),
    ]


def _record(event: Event, number: int) -> "ConsumerRecord[bytes, bytes]":
    topic = next(topic for topic, model in MODELS.items() if type(event) is model)
    identity = event_id(str(event.case_id), topic, str(number))
    envelope = Envelope(identity, topic, "test", str(event.case_id), NOW)
    return record_of(event, envelope, number)


async def project(intake: Running, events: Sequence[Event], numbers: Sequence[int]) -> None:
    run = Runner(
        projection.hop(),
        pool=intake.pool,
        publisher=intake.publisher,
        source="test",
        tracer=TracerProvider().get_tracer("test"),
        stop=asyncio.Event(),
    )
    for number in numbers:
        await run([_record(events[number], number)])


async def submit(intake: Running) -> UUID:
    body = {"customer": {"id": "C-1"}, "channel": "web", "text": "dziękuję"}
    return UUID((await intake.client.post("/v1/cases", json=body)).json()["case_id"])


async def shown_of(intake: Running, case_id: UUID) -> dict[str, Any]:
    shown: dict[str, Any] = (await intake.client.get(f"/v1/cases/{case_id}")).json()
    for key in ("case_id", "status_url", "accepted_at", "received_at", "messages"):
        del shown[key]
    shown["timeline"] = [entry for entry in shown["timeline"] if entry["event"] != "received"]
    return shown
