"""Collects the dates, sums and counts that decided, for the customer to read. From facts alone."""

from services.decision.merits.known import Known
from services.decision.merits.matter import Matter, days_late, named_claim
from services.decision.policy.model import Policy
from shared.events.catalogue import Particulars


def particulars(matter: Matter, known: Known, policy: Policy, *, slip: bool) -> Particulars:
    """Return what the reasons say in figures; nothing in it is new or personal.

    `slip`: an own slip was judged; only then do the past and its limits have anything to say.
    """
    facts = matter.facts
    # Not validated again: every part was checked when it came in, and a proof counts in symbols.
    return Particulars.model_construct(
        due_at=facts.due_at,
        paid_at=facts.paid_at,
        days_late=days_late(matter),
        days_forgiven=policy.goodwill.days_late if slip else None,
        promised_by=facts.promised_by,
        delivered_at=facts.delivered_at,
        incident_from=facts.incident_from,
        incident_to=facts.incident_to,
        exceptions=known.history.times if slip else None,
        claimed=named_claim(matter),
    )
