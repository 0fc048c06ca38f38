"""A case to start from; a test says only what matters to it."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from services.decision.policy import loading
from services.decision.policy.model import Policy
from shared.events.base import Money
from shared.events.case import Category, Channel, Facts
from shared.events.catalogue import CaseClassified
from shared.events.tags import (
    Fault,
    FaultTag,
    Flag,
    FlagTag,
    Pressure,
    PressureTag,
    Tags,
    Tone,
    ToneTag,
)

RECEIVED = datetime(2026, 11, 20, 10, tzinfo=UTC)

MakeCase = Callable[..., CaseClassified]


@pytest.fixture(scope="session")
def policy() -> Policy:
    return loading.load()


@pytest.fixture(scope="session")
def make_case() -> MakeCase:
    def make(  # noqa: PLR0913 - what a test may want to say
        *,
        fault: Fault = Fault.CUSTOMER,
        tone: Tone = Tone.COURTEOUS,
        pressure: Pressure = Pressure.NONE,
        flags: tuple[Flag, ...] = (),
        category: Category = Category.MISSED_DUE_DATE,
        claim: tuple[str, str] | None = ("12.50", "EUR"),
        facts: Facts | None = None,
        confidence: float = 0.9,
        fault_confidence: float | None = None,
        jurisdiction: str | None = "PL",
        received_at: datetime = RECEIVED,
    ) -> CaseClassified:
        return CaseClassified(
            case_id=UUID(int=1),
            customer_id="C-1",
            channel=Channel.WEB,
            category=category,
            text="…",
            claim=None if claim is None else Money(amount=Decimal(claim[0]), currency=claim[1]),
            facts=facts or Facts(),
            received_at=received_at,
            language="pl",
            jurisdiction=jurisdiction,
            tags=Tags(
                tone=ToneTag(value=tone, confidence=confidence),
                pressure=PressureTag(value=pressure, confidence=confidence),
                fault=FaultTag(
                    value=fault,
                    confidence=confidence if fault_confidence is None else fault_confidence,
                ),
                flags=tuple(FlagTag(value=flag, confidence=0.9) for flag in flags),
                language="pl",
                model="test",
            ),
        )

    return make
