"""What the tagger is told about a message. Who the customer is, is not among it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from services.classifier.tagging.facts import Facts

CATEGORIES: Final = (
    "missed_due_date", "fee_dispute", "payment_failed", "wrong_transfer", "promise_broken",
    "service_delay", "card_problem", "app_outage", "terms_change", "booking_change",
    "staff_conduct", "fraud", "information", "other",
)  # fmt: skip

_NO_CATEGORY: Final = (False,) * len(CATEGORIES)
_ONE_OF: Final[dict[str | None, tuple[bool, ...]]] = {
    category: tuple(category == name for name in CATEGORIES) for category in CATEGORIES
}

_OF_PAYING: Final = frozenset(
    {None, "missed_due_date", "fee_dispute", "payment_failed", "app_outage", "other"}
)
"""Where it can matter that a payment came in time: of another matter that says nothing."""

NOTHING_KNOWN: Final = Facts.read({})
"""The facts of a case of which the bank's systems know nothing."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message: its text, what the bank knows, its category, whether money is claimed."""

    text: str
    facts: Mapping[str, object] = field(default_factory=dict)
    category: str | None = None
    claim: bool = False


def facts_of(message: Message) -> Facts:
    """Return the facts by type."""
    if all(value is None for value in message.facts.values()):
        return NOTHING_KNOWN
    return Facts.read(message.facts)


def circumstances(message: Message, facts: Facts) -> tuple[bool, ...]:
    """Return what is known beside the text: inputs of fault and flags, never of tone."""
    known = (
        facts.is_late is True,
        facts.is_late is False and message.category in _OF_PAYING,
        facts.due_at is not None and facts.paid_at is None,
        facts.is_promise_broken is True,
        facts.is_promise_broken is False,
        facts.promised_by is not None and facts.delivered_at is None,
        facts.delivered_at is not None and facts.promised_by is None,
        facts.terms_accepted is True,
        facts.terms_accepted is False,
        facts.authorised is True,
        facts.authorised is False,
        facts.is_rejected_elsewhere is True,
        facts.is_rejected_elsewhere is False,
        facts.is_ours,
        facts.incident is not None and not facts.is_ours,
        facts.is_ours and facts.is_late is True,
        facts == NOTHING_KNOWN,
        message.claim,
    )
    return known + _ONE_OF.get(message.category, _NO_CATEGORY)
