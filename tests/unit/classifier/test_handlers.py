"""What the classifier carries on: the matter, so that nobody reads another's tables."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.classifier.handlers import classified
from shared.events.case import Category, Channel, Customer, Product
from shared.events.catalogue import CaseClassified, CaseSubmitted
from shared.events.fault import Fault
from shared.events.tags import FaultTag, Pressure, PressureTag, Tags, Tone, ToneTag

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
CASE = CaseSubmitted(
    case_id=UUID(int=1),
    customer_id="C-1",
    customer=Customer(id="C-1"),
    channel=Channel.WEB,
    category=Category.FEE_DISPUTE,
    text="The fee is wrong.",
    received_at=AT,
    accepted_at=AT + timedelta(days=3),
)
TAGS = Tags(
    tone=ToneTag(value=Tone.COURTEOUS, confidence=0.9),
    pressure=PressureTag(value=Pressure.NONE, confidence=0.9),
    fault=FaultTag(value=Fault.COMPANY, confidence=0.9),
    language="en",
    model="test",
)
CARRIED = set(CaseSubmitted.model_fields) & set(CaseClassified.model_fields)


@pytest.mark.parametrize("product", [None, *Product])
def test_all_that_both_events_know_is_carried_on(product: Product | None) -> None:
    case = CASE.model_copy(update={"product": product})
    carried = classified(case, TAGS)
    assert {"product", "accepted_at"} <= CARRIED
    assert carried.model_dump(include=CARRIED) == case.model_dump(include=CARRIED)
