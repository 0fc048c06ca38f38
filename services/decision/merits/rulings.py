"""Rules on what is owed or given: which answer follows, and what it gives instead or besides.

Conduct is seen here and not by entitlement: it opens goodwill, and nothing that is owed.
"""

from dataclasses import replace
from decimal import Decimal
from typing import Final, assert_never

from services.decision.merits.answers import Answer
from services.decision.merits.entitlement import (
    Contradicted,
    Enquiry,
    Entitlement,
    HelpOwed,
    NotOwed,
    Owed,
    PartlyOwed,
    Unsettled,
)
from services.decision.merits.goodwill import Given, Refused, goodwill
from services.decision.merits.known import Checked
from services.decision.merits.making import NOT_SHOWN, Maker
from services.decision.merits.matter import has_facts, named_claim
from services.decision.merits.remedies import DIVISIBLE, Package, parts
from services.decision.policy.model import Situation
from shared.events.answer import Basis, Disposition
from shared.events.case import Category
from shared.events.catalogue import Alternative
from shared.events.tags import Conduct

_ZERO: Final = Decimal(0)
_GOODWILL_INSTEAD: Final = {
    reason: Alternative(disposition=Disposition.GOODWILL, basis=Basis.GOODWILL, reason=reason)
    for reason in (
        "own_slip_by_contract",
        "own_slip_repeated",
        "own_slip_too_late",
        "conduct",
        "goodwill_used_up",
        "lawful_change_of_terms",
    )
}
_BY_CONTRACT: Final = Alternative(
    disposition=Disposition.DECLINED, basis=Basis.CONTRACT, reason="own_slip"
)


def answer_to(make: Maker, owed: Entitlement) -> Answer:  # noqa: PLR0911 - one for each kind of matter
    """Return the answer that follows from what is owed."""
    if isinstance(owed, Owed):
        return _upheld(make, owed)
    if isinstance(owed, NotOwed):
        is_change = owed.situation is Situation.LAWFUL_CHANGE
        return _lawful_change(make, owed) if is_change else _own_slip(make)
    if isinstance(owed, HelpOwed):
        return _helped(make, owed)
    if isinstance(owed, PartlyOwed):
        return _partly(make, owed)
    if isinstance(owed, Contradicted):
        return _contradicted(make, owed)
    if isinstance(owed, Enquiry):
        return _enquiry(make)
    if isinstance(owed, Unsettled):
        return _unsettled(make, owed.reason)
    assert_never(owed)


def _upheld(make: Maker, owed: Owed) -> Answer:
    """Uphold what is owed; what only the message shows is weighed, unless it was verified."""
    goods = make.package(owed.situation)
    reported = owed.situation is Situation.UNAUTHORISED_PAYMENT and not owed.shown
    unknown = reported and named_claim(make.matter) is None
    return make.shown_or_trusted(
        Disposition.UPHELD,
        goods,
        owed,
        f"entitlement.{owed.situation}",
        doubt="amount_unknown" if unknown else None,
    )


def _contradicted(make: Maker, found: Contradicted) -> Answer:
    """Propose what favours the customer; a person settles what contradicts it."""
    return replace(_upheld(make, found.owed), doubt="facts_contradict", detail=found.facts)


def _partly(make: Maker, owed: PartlyOwed) -> Answer:
    """Make good the company's part; forgive the customer's part where goodwill is open.

    What counts as its cost does not depend on conduct, so the way of what is owed cannot.
    """
    ours, theirs = parts(make.matter, make.policy)
    goods = make.filled(owed.situation, "entitlement", ours)
    # What cannot be given twice is given once, as owed.
    there = frozenset(remedy.kind for remedy in goods.remedies) - DIVISIBLE
    extra = make.filled(Situation.OWN_SLIP, "goodwill", theirs, there=there)
    # A part that is refused on a guess would hold up the part that is owed: doubt forgives.
    how = make.how if make.sure else Conduct.CONSTRUCTIVE
    given = goodwill(make.matter, how, make.known.history, make.policy, extra.cost)
    forgiven = isinstance(given, Given)
    whole = replace(
        goods,
        remedies=goods.remedies + (extra.remedies if forgiven else ()),
        cost=None if goods.cost is None or extra.cost is None else goods.cost + extra.cost,
        over=goods.over or extra.over,
    )
    return make.shown_or_trusted(
        Disposition.PARTLY_UPHELD,
        whole,
        owed,
        "shared_fault",
        () if forgiven else (_GOODWILL_INSTEAD[given.reason],),
        forgiven=(extra.cost or None) if forgiven else None,
        granted=(whole.cost if forgiven else goods.cost) or _ZERO,
    )


def _helped(make: Maker, owed: HelpOwed) -> Answer:
    """Give the help that is owed; waive the bank's own follow-on fees by conduct."""
    if make.how is Conduct.CONSTRUCTIVE:
        goods = make.package(owed.situation)
        return make.answer(
            Disposition.GOODWILL,
            Basis.GOODWILL,
            goods,
            (owed.reason,),
            "third_party.help",
            owed.situation,
            waived=goods.goodwill,
        )
    return make.declined(
        make.package(owed.situation, constructive=False),
        owed.reason,
        "third_party.help",
        _GOODWILL_INSTEAD["conduct"],
        owed.situation,
    )


def _own_slip(make: Maker) -> Answer:
    """Forgive the slip, or let the contract stand."""
    goods = make.package(Situation.OWN_SLIP, share="goodwill")
    given = goodwill(make.matter, make.how, make.known.history, make.policy, goods.cost)
    if isinstance(given, Refused):
        return make.declined(
            Package(goods.row, goods.severity, (), None if goods.cost is None else _ZERO),
            given.told,
            "goodwill.own_slip",
            _GOODWILL_INSTEAD[given.reason],
            Situation.OWN_SLIP,
        )
    return make.answer(
        Disposition.GOODWILL,
        Basis.GOODWILL,
        goods,
        (given.reason,),
        "goodwill.own_slip",
        Situation.OWN_SLIP,
        (_BY_CONTRACT,),
        forgiven=goods.cost,
    )


def _lawful_change(make: Maker, found: NotOwed) -> Answer:
    """Decline by contract, with the change explained and a way out of the product."""
    return make.declined(
        make.package(found.situation),
        found.reason,
        f"entitlement.{found.situation}",
        _GOODWILL_INSTEAD[found.reason],
        found.situation,
        doubt=found.doubt,
    )


def _enquiry(make: Maker) -> Answer:
    """Answer a question from the facts; without them a person does."""
    return _information(make, None if has_facts(make.matter) else "question_without_facts")


def _unsettled(make: Maker, reason: str) -> Answer:
    """Weigh a claim of which nobody knows who erred."""
    category = make.matter.category
    if named_claim(make.matter) is None and category is Category.STAFF_CONDUCT:
        return make.answer(
            Disposition.GOODWILL,
            Basis.GOODWILL,
            make.package(Situation.STAFF_CONDUCT),
            ("staff_conduct",),
            "staff_conduct",
            Situation.STAFF_CONDUCT,
            doubt=reason,
        )
    if named_claim(make.matter) is None and category is Category.OTHER:
        return _information(make, reason)
    goods = make.package(Situation.UNCLEAR)
    verified = make.known.checked is Checked.VERIFIED
    checkable = has_facts(make.matter)
    return make.answer(
        Disposition.UPHELD,
        Basis.ENTITLEMENT if verified else Basis.TRUST,
        goods,
        ("verified",) if verified else ("trusted",),
        "trust.unclear",
        Situation.UNCLEAR,
        () if verified else (NOT_SHOWN,),
        scales=None if verified else make.weigh(goods, checkable=checkable),
        proven=verified,
        checkable=checkable,
        doubt=reason if category is Category.INFORMATION else None,
    )


def apologised(make: Maker, found: Answer) -> Answer:
    """Add the apology for how an employee behaved."""
    sorry = make.package(Situation.STAFF_CONDUCT)
    there = {remedy.kind for remedy in found.decision.remedies}
    more = tuple(remedy for remedy in sorry.remedies if remedy.kind not in there)
    decision = found.decision.model_copy(update={"remedies": found.decision.remedies + more})
    return replace(found, decision=decision)


def _information(make: Maker, doubt: str | None) -> Answer:
    return make.answer(
        Disposition.UPHELD,
        Basis.ENTITLEMENT,
        make.package(Situation.INFORMATION),
        ("information",),
        "information",
        Situation.INFORMATION,
        doubt=doubt,
    )
