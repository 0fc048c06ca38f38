"""Amounts: what is compared with the certificate, and that no remedy vanishes without one."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from services.decision.decide import Decided, Referred, decide
from services.decision.goodwill import History
from services.decision.policy.model import Policy
from shared.events.answer import Basis, Disposition, RemedyKind
from shared.events.case import Category, Facts
from shared.events.catalogue import CaseClassified, Queue
from shared.events.tags import Fault, Flag, Tone

MakeCase = Callable[..., CaseClassified]
DUE = datetime(2026, 10, 31, 22, 59, 59, tzinfo=UTC)
BROKEN = Facts(promised_by=DUE, delivered_at=DUE + timedelta(days=2))
LATE = Facts(due_at=DUE, paid_at=DUE + timedelta(hours=3))


def test_a_refund_without_a_named_amount_stays_and_the_matrix_cost_counts(
    make_case: MakeCase, policy: Policy
) -> None:
    case = make_case(fault=Fault.COMPANY, facts=BROKEN, claim=None, jurisdiction="FR")
    outcome = decide(case, History(), policy)
    assert isinstance(outcome, Decided)
    refund = outcome.answer.decision.remedies[0]
    assert (refund.kind, refund.money) == (RemedyKind.REFUND, None)
    assert outcome.answer.cost == Decimal(25 + 5 + 5)


def test_an_unauthorised_payment_without_an_amount_is_established_by_a_person(
    make_case: MakeCase, policy: Policy
) -> None:
    case = make_case(
        fault=Fault.UNCLEAR, category=Category.FRAUD, facts=Facts(authorised=False), claim=None
    )
    outcome = decide(case, History(), policy)
    assert isinstance(outcome, Referred)
    assert (outcome.queue, outcome.reason) == (Queue.FRAUD, "amount_unknown")
    assert outcome.proposal is not None
    assert outcome.proposal.decision.remedies[0].kind is RemedyKind.REFUND


@pytest.mark.parametrize(
    ("claim", "fits"),
    [
        (("100", "EUR"), True),
        (("400", "PLN"), True),
        (("4000", "UAH"), True),
        (("10000", "RUB"), True),
        (("85", "GBP"), True),
        (("110", "USD"), True),
        (("100.01", "EUR"), False),
        (("400.01", "PLN"), False),
    ],
)
@pytest.mark.parametrize("fault", [Fault.COMPANY, Fault.CUSTOMER])
def test_the_amount_claimed_is_compared_with_the_certificate(
    make_case: MakeCase, policy: Policy, fault: Fault, claim: tuple[str, str], *, fits: bool
) -> None:
    facts = BROKEN if fault is Fault.COMPANY else LATE
    outcome = decide(make_case(fault=fault, facts=facts, claim=claim), History(), policy)
    assert isinstance(outcome, Decided) is fits
    assert fits or (
        isinstance(outcome, Referred) and outcome.reason == "above_the_automatic_certificate"
    )


@pytest.mark.parametrize("category", [Category.BOOKING_CHANGE, Category.MISSED_DUE_DATE])
@pytest.mark.parametrize("fault", [Fault.CUSTOMER, Fault.THIRD_PARTY])
def test_a_decline_above_the_certificate_needs_a_person(
    make_case: MakeCase, policy: Policy, category: Category, fault: Fault
) -> None:
    big = make_case(fault=fault, category=category, claim=("100.01", "EUR"), tone=Tone.ABUSIVE)
    outcome = decide(big, History(), policy)
    assert isinstance(outcome, Referred)
    assert outcome.reason == "above_the_automatic_certificate"
    assert outcome.proposal is not None
    assert outcome.proposal.decision.disposition is Disposition.DECLINED
    small = make_case(fault=fault, category=category, claim=("100", "EUR"), tone=Tone.ABUSIVE)
    assert isinstance(decide(small, History(), policy), Decided)


def test_money_that_others_hold_does_not_stop_the_help(make_case: MakeCase, policy: Policy) -> None:
    case = make_case(category=Category.WRONG_TRANSFER, claim=("3000", "EUR"))
    outcome = decide(case, History(), policy)
    assert isinstance(outcome, Decided)
    assert outcome.answer.decision.remedies[0].kind is RemedyKind.TRACE


def test_own_slip_on_a_booking_waives_the_banks_own_fee(
    make_case: MakeCase, policy: Policy
) -> None:
    case = make_case(
        category=Category.BOOKING_CHANGE,
        claim=("640", "EUR"),
        facts=Facts(terms_accepted=True),
    )
    outcome = decide(case, History(), policy)
    assert isinstance(outcome, Decided)
    kinds = [remedy.kind for remedy in outcome.answer.decision.remedies]
    assert kinds == [RemedyKind.ALTERNATIVE, RemedyKind.FEE_WAIVER]


def test_a_shared_fault_forgives_the_customers_part_by_conduct(
    make_case: MakeCase, policy: Policy
) -> None:
    polite, abusive = (
        decide(
            make_case(fault=Fault.SHARED, claim=("30.01", "EUR"), facts=LATE, tone=tone),
            History(),
            policy,
        )
        for tone in (Tone.COURTEOUS, Tone.ABUSIVE)
    )
    assert isinstance(polite, Decided)
    assert isinstance(abusive, Decided)
    sums = [
        (remedy.share, remedy.money.amount)
        for remedy in polite.answer.decision.remedies
        if remedy.money is not None and remedy.kind is not RemedyKind.CREDIT
    ]
    assert sums == [("entitlement", Decimal("15.01")), ("goodwill", Decimal("15.00"))]
    owed = [r for r in polite.answer.decision.remedies if r.share == "entitlement"]
    assert list(abusive.answer.decision.remedies) == owed
    assert polite.answer.cost == abusive.answer.cost == Decimal("30.01")
    assert (polite.answer.forgiven, abusive.answer.forgiven) == (Decimal("15.00"), None)


def test_a_shared_fault_forgives_within_the_limits_of_the_year(
    make_case: MakeCase, policy: Policy
) -> None:
    case = make_case(fault=Fault.SHARED, claim=("30.00", "EUR"))
    for past in (History(2, Decimal(0)), History(1, Decimal(190))):
        outcome = decide(case, past, policy)
        assert isinstance(outcome, Decided)
        assert {r.share for r in outcome.answer.decision.remedies} == {"entitlement"}


def test_a_shared_claim_that_nothing_shows_is_weighed(make_case: MakeCase, policy: Policy) -> None:
    outcome = decide(make_case(fault=Fault.SHARED, claim=("30.00", "EUR")), History(), policy)
    assert isinstance(outcome, Decided)
    assert outcome.answer.decision.basis is Basis.TRUST
    assert outcome.answer.scales is not None
    checking = policy.trust.checking.model_copy(update={"staff": Decimal(0)})
    trust = policy.trust.model_copy(update={"checking": checking})
    cheap = policy.model_copy(update={"trust": trust})
    checked = decide(make_case(fault=Fault.SHARED, claim=("30.00", "EUR")), History(), cheap)
    assert isinstance(checked, Referred)
    assert checked.reason == "verify_first"


def test_shared_carelessness_in_a_fraud_is_upheld_in_part(
    make_case: MakeCase, policy: Policy
) -> None:
    case = make_case(
        fault=Fault.SHARED, category=Category.FRAUD, flags=(Flag.FRAUD,), claim=("80", "EUR")
    )
    outcome = decide(case, History(), policy)
    assert isinstance(outcome, Decided)
    assert outcome.answer.decision.disposition is Disposition.PARTLY_UPHELD
    refund = outcome.answer.decision.remedies[0].money
    assert refund is not None
    assert refund.amount == Decimal(40)
