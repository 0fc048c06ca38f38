"""Examples of every message, for previews, the gallery and the snapshots. Pure.

Invariant: every kind of notice, disposition, basis and boundary is among them; names say what they
show.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from services.notifier.domain import (
    Asked,
    Boundary,
    Closed,
    Content,
    Delayed,
    DocumentRefused,
    Earlier,
    FinalAnswer,
    InReview,
    NewLink,
    Receipt,
    Verifying,
)
from shared.events.answer import Basis, Disposition, Remedy, RemedyKind
from shared.events.base import Money
from shared.events.catalogue import Particulars, Question

CASE: Final = UUID("01939f5e-7a00-7000-8000-00000000c0de")
NAME: Final = "Anna Nowak"
LINK: Final = "https://cases.bank.example/s/example"

_DUE = datetime(2026, 10, 31, 22, 59, 59, tzinfo=UTC)
_PAID = datetime(2026, 11, 1, 1, 10, tzinfo=UTC)
_IN_TIME = datetime(2026, 10, 30, 9, 0, tzinfo=UTC)
_SOON = datetime(2026, 12, 1, 22, 59, tzinfo=UTC)
_LIMIT = date(2026, 12, 20)
_FEE = Money(amount=Decimal("12.50"), currency="PLN")
_HALF = Money(amount=Decimal("60.00"), currency="PLN")
_WHOLE = Money(amount=Decimal("120.00"), currency="PLN")
_EXTRA = Money(amount=Decimal("20.00"), currency="PLN")

_REFUND = Remedy(kind=RemedyKind.REFUND, money=_FEE)
_REFUND_OF_HALF = Remedy(kind=RemedyKind.REFUND, money=_HALF)
_BY_GRACE = Remedy(kind=RemedyKind.FEE_WAIVER, money=_HALF, share="goodwill")
_CREDIT = Remedy(kind=RemedyKind.CREDIT, money=_EXTRA)
_APOLOGY = Remedy(kind=RemedyKind.APOLOGY)
_EXPLANATION = Remedy(kind=RemedyKind.EXPLANATION)
_GRACE = Remedy(kind=RemedyKind.RESTORED_GRACE)
_WAIVER = Remedy(kind=RemedyKind.FEE_WAIVER, money=_FEE)
_ALTERNATIVE = Remedy(kind=RemedyKind.ALTERNATIVE)
_TRACE = Remedy(kind=RemedyKind.TRACE)

_ENDINGS: Final = ("conduct", "safety", "trust")
_LATE = Particulars(due_at=_DUE, paid_at=_PAID, days_late=1, days_forgiven=3, claimed=_FEE)


@dataclass(frozen=True, slots=True)
class Sample:
    """A message to look at, and whose law names the bodies to turn to."""

    name: str
    content: Content
    jurisdiction: str = "PL"
    again_at: datetime | None = None


def samples() -> tuple[Sample, ...]:
    """Return every example, in the order in which a case meets them."""
    return (
        *_on_the_way(),
        *map(_by_the_policy, _answers()),
        *_of_every_kind(),
        *_endings(),
        *_boundaries(),
        *_later(),
    )


def _on_the_way() -> Iterator[Sample]:
    yield Sample("receipt", Receipt(next_on=date(2026, 11, 23)))
    yield Sample("in_review", InReview(answer_due_at=_SOON))
    yield Sample("receipt_sent_again", Receipt(next_on=date(2026, 11, 23)), again_at=_PAID)
    yield Sample("in_review_urgent", InReview(urgent=True, deadline=_LIMIT))
    yield Sample("in_review_danger", InReview(urgent=True, danger=True, deadline=_LIMIT))
    yield Sample("in_review_help_at_once", InReview(answer_due_at=_SOON, at_once=(_TRACE,)))
    yield Sample("staff_apology", InReview(answer_due_at=_SOON, at_once=(_APOLOGY,)))
    yield Sample("verifying", Verifying(answer_by=_IN_TIME))
    yield Sample("question", Asked(question=Question.WHAT_HAPPENED, answer_by=_SOON))
    yield Sample(
        "delay_announced",
        Delayed(
            promised=_DUE,
            due_at=_SOON,
            reason="checking",
            in_return="priority",
            granted=(_CREDIT,),
        ),
    )
    letter = (
        ("reason", "Two banks have to compare their records of the same day."),
        ("facts_to_establish", "When the other bank booked the payment\nWho returned it"),
    )
    yield Sample(
        "delay_extended",
        Delayed(
            promised=_DUE,
            due_at=_SOON,
            reason="facts_to_establish",
            letter=letter,
        ),
    )
    rights = (
        ("reason", "The merchant's bank has until next week to answer us."),
        ("ombudsman_rights", "You may turn to the Financial Ombudsman Service from now on."),
    )
    yield Sample(
        "delay_with_rights",
        Delayed(promised=_DUE, due_at=_SOON, reason="other", letter=rights),
    )
    yield Sample("new_link", NewLink())
    yield Sample("document_refused", DocumentRefused(name="statement.pdf"))


def _answer(
    disposition: Disposition, basis: Basis, *reasons: str, gives: tuple[Remedy, ...] = ()
) -> FinalAnswer:
    return FinalAnswer(disposition=disposition, basis=basis, reasons=reasons, remedies=gives)


def _with(answer: FinalAnswer, **fields: object) -> FinalAnswer:
    return answer.model_copy(update=fields)


def _by_the_policy(sample: Sample) -> Sample:
    """Return an answer as it is where no person had a part in it."""
    answer = sample.content
    if not isinstance(answer, FinalAnswer):
        return sample
    pays = any(remedy.kind in {_REFUND.kind, _CREDIT.kind} for remedy in answer.remedies)
    at_once = "unauthorised_payment" in answer.reasons
    day = (date(2026, 11, 23) if at_once else date(2026, 11, 27)) if pays else None
    return replace(sample, content=_with(answer, automatic=True, paid_by=day))


def _answers() -> Iterator[Sample]:
    """Return the answers that the shipped policy gives."""
    ours = (_REFUND, _CREDIT, _APOLOGY, _EXPLANATION)
    upheld = Disposition.UPHELD, Basis.ENTITLEMENT
    broken = _answer(*upheld, "promise_broken", gives=ours)
    broken = _with(broken, options=(_ALTERNATIVE,))
    promised = Particulars(promised_by=_DUE, delivered_at=_SOON, claimed=_FEE)
    yield Sample("promise_broken", _with(broken, particulars=promised))
    window = Particulars(incident_from=_DUE, incident_to=_PAID)
    outage = _answer(*upheld, "malfunction", gives=(_GRACE, _WAIVER, _CREDIT, _APOLOGY))
    yield Sample("malfunction", _with(outage, particulars=window))
    in_time = Particulars(due_at=_DUE, paid_at=_IN_TIME)
    fee = _answer(*upheld, "wrong_fee", gives=ours)
    yield Sample("wrong_fee", _with(fee, particulars=in_time), "UA")
    error = _answer(*upheld, "company_at_fault", gives=(_GRACE, _WAIVER, _CREDIT, _APOLOGY))
    yield Sample("company_at_fault", _with(error, particulars=in_time), "GB")
    change = _answer(*upheld, "imposed_change", gives=(_GRACE, *ours))
    yield Sample("imposed_change", change, "DE")
    theft = _answer(*upheld, "unauthorised_payment", gives=(_REFUND, _EXPLANATION))
    yield Sample("unauthorised_payment", theft, "US")
    trusted = _answer(Disposition.UPHELD, Basis.TRUST, "wrong_fee", "trusted", gives=(_REFUND,))
    yield Sample("granted_on_trust", trusted)
    verified = _answer(*upheld, "wrong_fee", "verified", gives=(_REFUND, _CREDIT, _APOLOGY))
    yield Sample("granted_after_checking", verified)
    slip = _answer(
        Disposition.GOODWILL, Basis.GOODWILL, "own_slip_forgiven", gives=(_GRACE, _WAIVER)
    )
    yield Sample("own_slip_forgiven", _with(slip, particulars=_LATE))
    booking = _answer(
        Disposition.GOODWILL, Basis.GOODWILL, "terms_accepted", gives=(_ALTERNATIVE, _WAIVER)
    )
    yield Sample("own_slip_on_accepted_terms", booking)
    third = _answer(
        Disposition.GOODWILL, Basis.GOODWILL, "third_party_help", gives=(_TRACE, _EXPLANATION)
    )
    yield Sample("third_party", third, "IE")
    shared = _answer(
        Disposition.PARTLY_UPHELD,
        Basis.ENTITLEMENT,
        "shared_fault",
        gives=(_REFUND_OF_HALF, _CREDIT, _APOLOGY),
    )
    yield Sample("shared_fault", _with(shared, particulars=Particulars(claimed=_WHOLE)))
    both = _answer(
        Disposition.PARTLY_UPHELD,
        Basis.TRUST,
        "shared_fault",
        "trusted",
        gives=(_REFUND_OF_HALF, _BY_GRACE, _APOLOGY),
    )
    yield Sample("shared_fault_on_trust", both)
    told = _answer(*upheld, "information", gives=(_EXPLANATION,))
    yield Sample("information", _with(told, particulars=_LATE))
    yield from _refusals()


def _refusals() -> Iterator[Sample]:
    declined = Disposition.DECLINED, Basis.CONTRACT
    contract = _answer(*declined, "own_slip_by_contract")
    yield Sample("own_slip_by_contract", _with(contract, particulars=_LATE))
    days = _LATE.model_copy(update={"days_late": 12})
    too_late = _answer(*declined, "own_slip_too_late")
    yield Sample("own_slip_too_late", _with(too_late, particulars=days), "RU")
    times = Particulars(exceptions=2)
    repeated = _answer(*declined, "own_slip_repeated")
    yield Sample("own_slip_repeated", _with(repeated, particulars=times))
    lawful = _answer(*declined, "lawful_change_of_terms", gives=(_EXPLANATION, _ALTERNATIVE))
    yield Sample("lawful_change_explained", lawful)


def _of_every_kind() -> Iterator[Sample]:
    """Return every disposition with every basis, whoever may come to decide so."""
    for disposition in Disposition:
        for basis in Basis:
            yield Sample(f"{disposition}_by_{basis}", _answer(disposition, basis))


def _endings() -> Iterator[Sample]:
    """Return why a service can end."""
    for code in ("service_ended", *(f"service_ended_{why}" for why in _ENDINGS)):
        gives = (Remedy(kind=RemedyKind.LETTER),)
        yield Sample(code, _answer(Disposition.SERVICE_ENDED, Basis.PERSON, code, gives=gives))


def _boundaries() -> Iterator[Sample]:
    found = _answer(Disposition.UPHELD, Basis.ENTITLEMENT, "wrong_fee", gives=(_REFUND, _APOLOGY))
    for boundary in Boundary:
        said = _with(found, boundary=True, boundary_for=boundary)
        yield Sample(f"boundary_{boundary}", said)


def _later() -> Iterator[Sample]:
    better = _answer(
        Disposition.GOODWILL, Basis.PERSON, "own_slip_forgiven", gives=(_GRACE, _WAIVER)
    )
    earlier = Earlier(disposition=Disposition.DECLINED)
    corrected = Sample("corrected", _with(better, revision=1, earlier=earlier))
    yield corrected
    more = Earlier(disposition=Disposition.GOODWILL, remedies=(_GRACE, _CREDIT))
    yield replace(
        corrected, name="corrected_in_part", content=_with(better, revision=2, earlier=more)
    )
    back = _answer(Disposition.DECLINED, Basis.CONTRACT, "decided_by_a_person")
    given = Earlier(
        disposition=Disposition.UPHELD,
        remedies=(_REFUND,),
        reasons=("wrong_fee", "trusted"),
        answered_at=_IN_TIME,
    )
    yield Sample("taken_back", _with(back, revision=1, taken_back=True, earlier=given))
    for name, answer in (
        ("closed", Closed(answered_at=_PAID, disposition=Disposition.UPHELD, remedies=(_REFUND,))),
        ("closed_declined", Closed(answered_at=_PAID, disposition=Disposition.DECLINED)),
    ):
        yield Sample(name, answer)
