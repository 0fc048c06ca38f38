"""What the customer may demand by contract, promise or law.

Blind to tone and pressure by type: `Matter` cannot hold them and this module cannot import them
(an import contract keeps it so). Goodwill is another function, in another module.
"""

from dataclasses import dataclass
from typing import TypeAlias

from services.decision.merits.clashes import (
    PROMISES,
    customers_slip,
    kept_promise,
    promise_ahead,
    window,
)
from services.decision.merits.matter import (
    Incident,
    Matter,
    Promise,
    fact,
    incident,
    is_paid_in_time,
    is_unauthorised,
    named_claim,
    promise,
)
from services.decision.policy.matrix import Situation
from shared.events.case import Category
from shared.events.fault import Fault


@dataclass(frozen=True, slots=True)
class Owed:
    """The customer is right.

    `shown` by the bank's own facts, or else by the message alone. `proven`: the facts settle it
    whoever the message blames; otherwise they only bear out what it says.
    """

    situation: Situation
    reason: str
    shown: bool
    proven: bool = False


@dataclass(frozen=True, slots=True)
class PartlyOwed:
    """The company's part of a shared fault is owed; the rest is a matter of goodwill."""

    situation: Situation
    reason: str
    shown: bool
    proven: bool = False


@dataclass(frozen=True, slots=True)
class HelpOwed:
    """Nobody here erred: help is owed (trace, chargeback, letter), blame is not."""

    situation: Situation
    reason: str


@dataclass(frozen=True, slots=True)
class NotOwed:
    """Nothing is owed by contract, promise or law; goodwill may have an answer.

    `doubt` says why a person must confirm it, where the facts leave it open.
    """

    situation: Situation
    reason: str
    doubt: str | None = None


@dataclass(frozen=True, slots=True)
class Contradicted:
    """Message and facts, or the facts among themselves, say the opposite: `facts` names both.

    `owed` is what would be owed by those that favour the customer.
    """

    owed: Owed
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Enquiry:
    """Nothing is in dispute: the customer asks, or says thank you."""


@dataclass(frozen=True, slots=True)
class Unsettled:
    """Message and facts do not tell who erred."""

    reason: str


Entitlement: TypeAlias = Owed | PartlyOwed | HelpOwed | NotOwed | Contradicted | Enquiry | Unsettled


def entitlement(matter: Matter) -> Entitlement:
    """Say what is owed in this matter.

    Sources: PSD2 art. 73 (unauthorised payments), art. 54 (changes of terms), the contract and the
    bank's own promises. Facts beat what the message claims.
    """
    known = matter.facts.authorised is False
    reported = is_unauthorised(matter)
    if matter.fault is Fault.COMPANY and not known:
        reported = reported and _proven(matter) is None  # what is proven comes before a report
    if known or reported:
        return Owed(Situation.UNAUTHORISED_PAYMENT, "unauthorised_payment", known, proven=known)
    if matter.fault in {Fault.COMPANY, Fault.SHARED}:
        return _of_the_company(matter)
    if matter.category is Category.INFORMATION and named_claim(matter) is None:
        return Enquiry() if matter.fault is not Fault.THIRD_PARTY else _of_others(matter)
    if matter.fault is Fault.UNCLEAR:
        return _of_nobody_known(matter)
    return _of_others(matter)


def _of_the_company(matter: Matter) -> Owed | PartlyOwed | Contradicted:
    owed = _proven(matter) or _passed_promise(matter) or _borne_out(matter)
    if owed is None:
        owed = _claimed(matter)
        against = kept_promise(matter) or promise_ahead(matter)
        if matter.fault is Fault.COMPANY:
            against = against or customers_slip(matter)
        if against is not None:
            return Contradicted(owed, (*against, f"fault: {matter.fault}"))
    if matter.fault is Fault.SHARED:
        return PartlyOwed(owed.situation, "shared_fault", owed.shown, owed.proven)
    return owed


def _of_nobody_known(matter: Matter) -> Entitlement:
    owed = _proven(matter) or (_passed_promise(matter) if matter.category in PROMISES else None)
    if owed is not None:
        return owed
    if matter.fraud and matter.facts.authorised is True:
        # The customer says it was not they; the record proves a correct code and not who typed it.
        claimed = Owed(Situation.UNAUTHORISED_PAYMENT, "unauthorised_payment", shown=False)
        return Contradicted(claimed, (fact(matter, "authorised"), "reported: unauthorised"))
    kept = kept_promise(matter)
    if kept is not None:
        return Contradicted(_claimed(matter), kept)
    if matter.category is Category.TERMS_CHANGE:
        return _change_of_terms(matter)
    return Unsettled("fault_unclear")


def _of_others(matter: Matter) -> Entitlement:
    """Say what follows where the message blames the customer or a third party."""
    third = matter.fault is Fault.THIRD_PARTY
    theirs = third and matter.facts.rejected_by is not None
    owed = _proven(matter)
    if owed is not None and not (theirs and owed.situation is Situation.IMPOSED_CHANGE):
        return Contradicted(owed, (*_grounds(matter, owed), f"fault: {matter.fault}"))
    if matter.category is Category.TERMS_CHANGE and not theirs:
        return _change_of_terms(matter)
    if third:
        return HelpOwed(Situation.THIRD_PARTY, "third_party_help")
    accepted = matter.facts.terms_accepted is True
    return NotOwed(Situation.OWN_SLIP, "terms_accepted" if accepted else "own_slip")


def _proven(matter: Matter) -> Owed | None:
    """Return what the bank's facts prove on their own, whoever the message blames."""
    if promise(matter) is Promise.BROKEN:
        return Owed(Situation.BROKEN_PROMISE, "promise_broken", shown=True, proven=True)
    if matter.outage and incident(matter) is Incident.COVERS:
        return Owed(Situation.MALFUNCTION, "malfunction", shown=True, proven=True)
    if matter.facts.terms_accepted is False:
        if matter.category is Category.FEE_DISPUTE:
            return Owed(Situation.WRONG_FEE, "wrong_fee", shown=True, proven=True)
        if matter.category is Category.TERMS_CHANGE:
            return Owed(Situation.IMPOSED_CHANGE, "imposed_change", shown=True, proven=True)
    if matter.category is Category.MISSED_DUE_DATE and is_paid_in_time(matter):
        return Owed(Situation.COMPANY_ERROR, "company_at_fault", shown=True, proven=True)
    return None


def _passed_promise(matter: Matter) -> Owed | None:
    """Return what is owed for a date that has passed without a delivery on record."""
    if promise(matter) is Promise.PASSED:
        return Owed(Situation.BROKEN_PROMISE, "promise_broken", shown=True, proven=True)
    return None


def _borne_out(matter: Matter) -> Owed | None:
    """Return what message and facts show together: neither would do alone."""
    if matter.outage and incident(matter) is Incident.UNKNOWN:
        return Owed(Situation.MALFUNCTION, "malfunction", shown=True)
    if is_paid_in_time(matter):
        if matter.category is Category.FEE_DISPUTE:
            return Owed(Situation.WRONG_FEE, "wrong_fee", shown=True, proven=True)
        if matter.category is Category.PAYMENT_FAILED:
            return Owed(Situation.COMPANY_ERROR, "company_at_fault", shown=True)
    return None


def _claimed(matter: Matter) -> Owed:
    """Return what would be owed if the message is right."""
    if matter.category is Category.FEE_DISPUTE:
        return Owed(Situation.WRONG_FEE, "wrong_fee", shown=False)
    if matter.category is Category.TERMS_CHANGE:
        return Owed(Situation.IMPOSED_CHANGE, "imposed_change", shown=False)
    if matter.category in PROMISES:
        return Owed(Situation.BROKEN_PROMISE, "promise_broken", shown=False)
    return Owed(Situation.COMPANY_ERROR, "company_at_fault", shown=False)


def _grounds(matter: Matter, owed: Owed) -> tuple[str, ...]:
    """Name the facts that prove what is owed."""
    if owed.situation is Situation.BROKEN_PROMISE:
        return fact(matter, "promised_by"), fact(matter, "delivered_at")
    if owed.situation is Situation.MALFUNCTION:
        return window(matter)
    if owed.situation is Situation.COMPANY_ERROR:
        return fact(matter, "paid_at"), fact(matter, "due_at")
    return (fact(matter, "terms_accepted"),)


def _change_of_terms(matter: Matter) -> NotOwed:
    """Call a change lawful only where the customer's choice or the accepted terms bear it out."""
    lawful = matter.fault is Fault.CUSTOMER or matter.facts.terms_accepted is True
    return NotOwed(
        Situation.LAWFUL_CHANGE,
        "lawful_change_of_terms",
        doubt=None if lawful else "lawfulness_not_shown",
    )
