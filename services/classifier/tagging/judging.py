"""What the facts say about who erred. Facts beat claims.

Each rule is named; where none speaks, the learned model decides with the facts among its inputs.
"""

from dataclasses import dataclass
from datetime import timedelta

from services.classifier.tagging.facts import Facts
from shared.events.tags import Fault

_ABOUT_TERMS = frozenset({None, "fee_dispute", "terms_change", "booking_change", "missed_due_date"})
_ABOUT_LATENESS = frozenset({None, "missed_due_date", "fee_dispute"})
"""Where the dispute is whether a payment was late, the moment that it came settles it."""
_ABOUT_PAYING = frozenset({"payment_failed", "app_outage"})
_TELLS_OF_OUTAGE = frozenset({"outage", "last_hour", "both"})
"""Without its own times an incident covers the due moment only if the message speaks of it."""
_OWN_DOING = frozenset({"own_choice", "own_slip", "both"})
"""Whoever says so shares a lateness that an incident covers; naming the hour says nothing yet."""
_SHORT = timedelta(hours=12)
"""An outage that began this short before the due moment left time to pay before it."""
LIKELY = 0.6
_REPORTING_SLACK = timedelta(minutes=2)
"""Incident logs end at a round minute; the due moment is often the last second of a day."""
_SHORTLY = timedelta(hours=1)
"""An outage over so shortly before the due moment may still have kept the customer from paying."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says, its name, and whether it settles the matter whatever the message says.

    A fact that does not settle (accepted terms, an incident somewhere) only supports what the model
    concludes from facts and words together. A late payment denies that the bank is to blame: who
    is, the customer or whoever paid the customer late, is for the words to say.
    """

    fault: Fault
    rule: str
    settles: bool = False
    denies: Fault | None = None

    def outweighs(self, concluded: Fault, sure: float) -> bool:
        """Tell whether this stands against what was concluded from facts and words together.

        Doubt yields to a fact; but a promise not kept yet may wait for somebody else. Against a
        fact that denies something, another conclusion must be clearly likelier than not.
        """
        doubt = concluded is Fault.UNCLEAR and self.rule != "promise_without_delivery"
        denied = self.denies is not None and (concluded is self.denies or sure < LIKELY)
        return self.settles or doubt or denied


def judge(facts: Facts, said: frozenset[str], category: str | None) -> Finding | None:
    """Return what the facts settle, or None where they are silent.

    `said` holds concepts of the fault lists that the message contains (`own_slip`, `last_hour`, …).
    They refine a fact and never stand alone. Where nobody need have erred, as in a question or in
    thanks, facts settle nothing.
    """
    if category == "information":
        return None
    found = [
        finding
        for finding in (
            _payment(facts, said, category),
            _promise(facts),
            _consent(facts, said),
            _rejection(facts, said),
            _terms(facts, said, category),
        )
        if finding is not None
    ]
    if not found:
        return _incident(facts, said)
    settled = [finding for finding in found if finding.settles]
    denied = {finding.denies for finding in found if finding.rule == "paid_after_due"}
    if len({finding.fault for finding in settled}) > 1 or denied & {f.fault for f in settled}:
        return Finding(Fault.UNCLEAR, "facts_contradict", settles=True)
    return (settled or found)[0]


def _payment(facts: Facts, said: frozenset[str], category: str | None) -> Finding | None:
    if facts.is_late is None or facts.is_rejected_elsewhere:
        return None  # a rejection is the root cause, of lateness too
    if not facts.is_late:
        return _in_time(category)
    if facts.is_ours and (facts.outage() is not None or said & _TELLS_OF_OUTAGE):
        return _late_in_incident(facts, said)
    if said & {"last_hour", "outage"} and said & {"third", "both", "outage"}:
        return None  # what kept the customer, or who shares the lateness, is in the text
    return Finding(Fault.CUSTOMER, "paid_after_due", denies=Fault.COMPANY)


def _in_time(category: str | None) -> Finding | None:
    """Settle whether the payment was late; who erred in another matter is for the words to say."""
    if category in _ABOUT_LATENESS:
        return Finding(Fault.COMPANY, "paid_in_time", settles=True)
    return Finding(Fault.COMPANY, "left_in_time") if category in _ABOUT_PAYING else None


def _late_in_incident(facts: Facts, said: frozenset[str]) -> Finding | None:
    outage = facts.outage()
    if facts.due_at is None or outage is None:
        return None
    began, ended = outage
    since = timedelta() if ended is None else facts.due_at - ended
    if since > _SHORTLY or began > facts.due_at:
        return Finding(Fault.CUSTOMER, "incident_elsewhen", settles=True)
    if since > _REPORTING_SLACK:
        return None
    if facts.due_at - began > _SHORT:
        return Finding(Fault.COMPANY, "incident_covers_due", settles=True)
    if said & _OWN_DOING:
        return Finding(Fault.SHARED, "left_to_the_incident", settles=True)
    return Finding(Fault.COMPANY, "incident_covers_due", settles=True)


def _promise(facts: Facts) -> Finding | None:
    if facts.is_promise_broken:
        return Finding(Fault.COMPANY, "delivered_after_promise", settles=True)
    if facts.promised_by is not None and facts.delivered_at is None:
        return Finding(Fault.COMPANY, "promise_without_delivery")
    return None


def _consent(facts: Facts, said: frozenset[str]) -> Finding | None:
    if facts.authorised is not False:
        return None
    if facts.is_ours:
        return Finding(Fault.COMPANY, "not_authorised_after_report")
    return None if "gave_code" in said else Finding(Fault.THIRD_PARTY, "not_authorised")


def _rejection(facts: Facts, said: frozenset[str]) -> Finding | None:
    if facts.is_rejected_elsewhere and "own_slip" not in said:
        return Finding(Fault.THIRD_PARTY, "rejected_elsewhere")
    if facts.is_rejected_elsewhere and facts.rejected_by and "bank" in facts.rejected_by.lower():
        return Finding(Fault.CUSTOMER, "rejected_after_slip", denies=Fault.COMPANY)  # rightly so
    if facts.is_rejected_elsewhere is False and facts.is_ours:
        return Finding(Fault.COMPANY, "rejected_by_incident")
    return None


def _terms(facts: Facts, said: frozenset[str], category: str | None) -> Finding | None:
    """Ask whether the terms were accepted; that speaks to a dispute about terms, and no other."""
    elsewhere = category not in _ABOUT_TERMS or said & {"third", "deceived", "both"}
    if facts.terms_accepted is None or facts.is_ours or elsewhere:
        return None
    if facts.terms_accepted:
        return Finding(Fault.CUSTOMER, "terms_accepted")
    return Finding(Fault.COMPANY, "terms_not_accepted", settles=True)


def _incident(facts: Facts, said: frozenset[str]) -> Finding | None:
    alone = facts.is_ours and facts.is_late is None and facts.authorised is None
    if not alone or facts.is_promise_broken is not None or said & {"own_slip", "last_hour", "both"}:
        return None
    return Finding(Fault.COMPANY, "known_incident")
