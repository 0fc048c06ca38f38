"""Which packs hold for a case: from jurisdiction, product, category and the bank's own facts.

For each role the most special pack wins: the country's own before the EU's before any; within a
place the more special matter. Tone and pressure are unknown here.
"""

from dataclasses import dataclass
from typing import Final

from services.decision.clock.load import Packs
from services.decision.clock.model import Kind, Matter, Pack, Role
from shared.events.case import Category, Facts, Product

_PAYMENT_PRODUCTS: Final = frozenset({Product.PAYMENT, Product.CARD})
_PAYMENT_CATEGORIES: Final = frozenset(
    {Category.PAYMENT_FAILED, Category.WRONG_TRANSFER, Category.CARD_PROBLEM}
)
_PAYMENT_MATTERS: Final = frozenset({Matter.UNAUTHORISED, Matter.SCAM})
_SPECIAL_FIRST: Final = tuple(Matter)
_EEA: Final = "EEA"
_ANYWHERE: Final = "any"


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """A case as the clock sees it. `fraud` is the flag of that name."""

    jurisdiction: str | None
    product: Product | None
    category: Category
    facts: Facts
    fraud: bool = False


def matters(case: CaseFacts) -> frozenset[Matter]:
    """Return every sort of matter that a case is; nothing known counts for the stricter clock.

    What was not authorised, and what a fraudster got, was a payment.
    """
    fraud = case.fraud or case.category is Category.FRAUD
    authorised = case.facts.authorised
    found = {Matter.ANY}
    if authorised is False or (fraud and authorised is None):
        found.add(Matter.UNAUTHORISED)
    if fraud and authorised is not False:
        found.add(Matter.SCAM)
    if case.category is Category.INFORMATION:
        found.add(Matter.QUESTION)
    is_payment = case.product in _PAYMENT_PRODUCTS or case.category in _PAYMENT_CATEGORIES
    if is_payment or found & _PAYMENT_MATTERS:
        found.add(Matter.PAYMENT_SERVICE)
    return frozenset(found)


def choose(case: CaseFacts, packs: Packs) -> tuple[Pack, ...]:
    """Return the packs of a case, one for each role, in the order of the roles.

    The bank's own aim stands beside a statutory answer only; where no law sets a limit the default
    pack is that aim. The promise's pack is always among them; whether there is a promise is the
    plan's question.
    """
    found = matters(case)
    places = _places(case.jurisdiction, packs)
    best: dict[Role, Pack] = {}
    for pack in packs.packs:
        if pack.place not in places or pack.matter not in found:
            continue
        held = best.get(pack.role)
        if held is None or _rank(pack, places) < _rank(held, places):
            best[pack.role] = pack
    answer = best.get(Role.ANSWER)
    if answer is not None and answer.kind is not Kind.STATUTORY:
        best.pop(Role.INTERNAL, None)
    return tuple(best[role] for role in Role if role in best)


def promise_of(jurisdiction: str | None, packs: Packs) -> Pack | None:
    """Return the pack by which a date is watched that customers of a country were told."""
    places = _places(jurisdiction, packs)
    found = [
        pack
        for pack in packs.packs
        if pack.kind is Kind.PROMISE and pack.matter is Matter.ANY and pack.place in places
    ]
    return min(found, key=lambda pack: _rank(pack, places), default=None)


def _places(jurisdiction: str | None, packs: Packs) -> tuple[str, ...]:
    """Return the places whose packs may hold, the most special first."""
    if jurisdiction is None:
        return (_ANYWHERE,)
    if jurisdiction in packs.eea:
        return (jurisdiction, _EEA, _ANYWHERE)
    return (jurisdiction, _ANYWHERE)


def _rank(pack: Pack, places: tuple[str, ...]) -> tuple[int, int]:
    return places.index(pack.place), _SPECIAL_FIRST.index(pack.matter)
