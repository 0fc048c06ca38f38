"""Suggests the root cause of a company's fault from what the rules found. Pure.

Keys are made from facts and the matter alone; no customer's words and no personal data enter them.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from services.decision.merits.answers import Answer
from shared.events.catalogue import CaseClassified


@dataclass(frozen=True, slots=True)
class Suggested:
    """What the rules say caused one case; no key: they name none (any more)."""

    case_id: UUID
    key: str | None
    customer_id: str
    received_at: datetime
    euros: Decimal
    rule: str


def suggested(case: CaseClassified, answer: Answer | None) -> Suggested:
    """Return the cause that an answer, or the proposal of one, points to; its cost in EUR."""
    return Suggested(
        case.case_id,
        answer.cause if answer else None,
        case.customer_id,
        case.received_at,
        (answer.cost if answer else None) or Decimal(0),
        answer.decision.rule if answer else "",
    )


def title_of(key: str) -> str:
    """Return a key as people read it: `wrong_fee:fee_dispute` is `Wrong fee: fee dispute`."""
    kind, _, rest = key.partition(":")
    first = kind.replace("_", " ").capitalize()
    if not rest:
        return first
    # What comes after a malfunction is the bank's own name for the incident.
    return f"{first}: {rest if kind == 'malfunction' else rest.replace('_', ' ')}"
