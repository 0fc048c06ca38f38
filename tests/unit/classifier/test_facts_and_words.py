"""A fact settles what it speaks of; of anything else the customer's words tell."""

from functools import cache

import pytest

from services.classifier import tagging
from services.classifier.tagging import Message, Tagger
from shared.events.tags import Fault

IN_TIME: dict[str, object] = {
    "due_at": "2026-10-31T23:59:59+01:00",
    "paid_at": "2026-10-31T12:00:00+01:00",
}
SENT_BACK = IN_TIME | {"rejected_by": "recipient bank"}

CASES: list[tuple[str, dict[str, object], str, Fault]] = [
    (
        "payment_failed",
        SENT_BACK,
        "The recipient bank sent my payment back without any reason.",
        Fault.THIRD_PARTY,
    ),
    (
        "wrong_transfer",
        IN_TIME,
        "I mistyped the account number, my mistake, the money went to a stranger.",
        Fault.CUSTOMER,
    ),
    ("other", IN_TIME, "Thank you so much, everything was perfect this month.", Fault.UNCLEAR),
    ("other", IN_TIME, "The shop charged me twice and refuses to refund.", Fault.THIRD_PARTY),
    ("missed_due_date", IN_TIME, "Why do you say that I paid late?", Fault.COMPANY),
]


@cache
def tagger() -> Tagger:
    return tagging.load()


@pytest.mark.parametrize(("category", "facts", "text", "fault"), CASES)
def test_a_payment_in_time_says_who_erred_only_where_lateness_is_disputed(
    category: str, facts: dict[str, object], text: str, fault: Fault
) -> None:
    (tags,) = tagger().tag([Message(text, facts, category)])
    assert tags.fault.value is fault
