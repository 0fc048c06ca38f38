"""What the sandbox bank says of a claim: from the facts of the request, by rules that it states.

Pure: the same question always has the same answer.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal

from shared.events.case import Facts
from shared.events.catalogue import VerificationRequested

RULES: Final = (
    "An outage is named, or a promise was not kept in time: verified.",
    "The payment came when it was due: verified.",
    "The payment came late, and no outage covers it: contradicted.",
    "A promise was kept in time: contradicted.",
    "A payment that is said to be unauthorised was authorised: contradicted; was not: verified.",
    "Any other fact is known: verified.",
    "Nothing is known: unknown.",
)


@dataclass(frozen=True, slots=True)
class Said:
    """One answer; `rule` is its number in `RULES`, from 1."""

    answer: Literal["verified", "contradicted", "unknown"]
    rule: int
    evidence: str | None = None

    def document(self) -> dict[str, Any]:
        """Return the answer as the decision service takes it."""
        return {"answer": self.answer, "confidence": 1.0, "evidence": self.evidence}


def say(request: VerificationRequested) -> Said:
    """Answer a question."""
    facts = request.facts
    promised, delivered = facts.promised_by, facts.delivered_at
    if facts.incident is not None:
        return Said("verified", 1, f"incident {facts.incident}")
    if request.question == "unauthorised_payment" and facts.authorised is not None:
        shown = "signed by the customer" if facts.authorised else "no signature of the customer"
        return Said("contradicted" if facts.authorised else "verified", 5, shown)
    if promised is not None:
        kept = delivered is not None and delivered <= promised
        shown = "delivered in time" if kept else "not delivered by the promised day"
        return Said("contradicted" if kept else "verified", 4 if kept else 1, shown)
    if facts.due_at is not None and facts.paid_at is not None:
        return _payment(facts.paid_at - facts.due_at)
    if facts != Facts():
        return Said("verified", 6)
    return Said("unknown", 7)


def _payment(late: timedelta) -> Said:
    if late <= timedelta(0):
        return Said("verified", 2, "booked in time")
    hours = -(-late // timedelta(hours=1))
    return Said("contradicted", 3, f"booked {hours} h after it was due")
