"""What the customer may demand by contract, promise or law.

Blind to tone and pressure by type: `Matter` cannot hold them and this module cannot import them
(an import contract keeps it so). Goodwill is another function, in another module.
"""

from dataclasses import dataclass
from typing import TypeAlias

from services.decision.matter import (
    Matter,
    is_incident_at_the_moment,
    is_paid_in_time,
    is_promise_broken,
    is_unauthorised,
)
from services.decision.policy.model import Situation
from shared.events.case import Category
from shared.events.fault import Fault


@dataclass(frozen=True, slots=True)
class Owed:
    """The customer is right. `shown` by the bank's own facts, or else by the message alone."""

    situation: Situation
    reason: str
    shown: bool


@dataclass(frozen=True, slots=True)
class PartlyOwed:
    """The company's part of a shared fault is owed; the rest is a matter of goodwill."""

    situation: Situation
    reason: str
    shown: bool


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
    """The message blames another than the bank's own facts do; this would be owed by the facts."""

    situation: Situation
    reason: str


@dataclass(frozen=True, slots=True)
class Unsettled:
    """Message and facts do not tell who erred."""

    reason: str


Entitlement: TypeAlias = Owed | PartlyOwed | HelpOwed | NotOwed | Contradicted | Unsettled


def entitlement(matter: Matter) -> Entitlement:  # noqa: PLR0911 - one for each kind of matter
    """Say what is owed in this matter.

    Sources: PSD2 art. 73 (unauthorised payments), art. 54 (changes of terms), the contract and the
    bank's own promises.
    """
    if is_unauthorised(matter):
        return Owed(
            Situation.UNAUTHORISED_PAYMENT,
            "unauthorised_payment",
            shown=matter.facts.authorised is False,
        )
    if matter.fault is Fault.COMPANY:
        return _owed_by_the_company(matter)
    if matter.fault is Fault.SHARED:
        owed = _owed_by_the_company(matter)
        return PartlyOwed(owed.situation, "shared_fault", owed.shown)
    shown = _shown(matter)
    if shown is None and matter.category is Category.MISSED_DUE_DATE and is_paid_in_time(matter):
        shown = _paid_in_time(matter)
    if shown is not None and matter.fault is not Fault.UNCLEAR:
        return Contradicted(shown.situation, shown.reason)
    if matter.category is Category.TERMS_CHANGE:
        return _change_of_terms(matter, is_contradicted=shown is not None)
    if matter.fault is Fault.THIRD_PARTY:
        return HelpOwed(Situation.THIRD_PARTY, "third_party_help")
    if matter.fault is Fault.CUSTOMER:
        return NotOwed(Situation.OWN_SLIP, "own_slip")
    return Unsettled("fault_unclear")


def _owed_by_the_company(matter: Matter) -> Owed:
    shown = _shown(matter)
    if shown is not None:
        return shown
    if is_paid_in_time(matter):
        return _paid_in_time(matter)
    if matter.category is Category.FEE_DISPUTE:
        return Owed(Situation.WRONG_FEE, "wrong_fee", shown=False)
    return Owed(Situation.COMPANY_ERROR, "company_at_fault", shown=False)


def _shown(matter: Matter) -> Owed | None:
    """Return what the bank's facts show on their own, whoever the message blames."""
    if is_promise_broken(matter):
        return Owed(Situation.BROKEN_PROMISE, "promise_broken", shown=True)
    if is_incident_at_the_moment(matter):
        return Owed(Situation.MALFUNCTION, "malfunction", shown=True)
    if matter.facts.terms_accepted is False:
        if matter.category is Category.FEE_DISPUTE:
            return Owed(Situation.WRONG_FEE, "wrong_fee", shown=True)
        if matter.category is Category.TERMS_CHANGE:
            return Owed(Situation.COMPANY_ERROR, "company_at_fault", shown=True)
    return None


def _paid_in_time(matter: Matter) -> Owed:
    if matter.category is Category.FEE_DISPUTE:
        return Owed(Situation.WRONG_FEE, "wrong_fee", shown=True)
    return Owed(Situation.COMPANY_ERROR, "company_at_fault", shown=True)


def _change_of_terms(matter: Matter, *, is_contradicted: bool) -> NotOwed:
    """Call a change lawful only where the customer's choice or the accepted terms bear it out."""
    lawful = matter.fault is Fault.CUSTOMER or matter.facts.terms_accepted is True
    return NotOwed(
        Situation.LAWFUL_CHANGE,
        "lawful_change_of_terms",
        doubt=None if lawful and not is_contradicted else "lawfulness_not_shown",
    )
