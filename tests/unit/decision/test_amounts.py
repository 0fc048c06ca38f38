"""Amounts: what is compared with the certificate, and that no remedy vanishes without one."""

from decimal import Decimal

import pytest

from services.decision.merits.decide import decide
from services.decision.merits.known import History, Known
from services.decision.merits.outcome import Decided, Referred
from services.decision.policy.model import Policy, Situation
from shared.events.answer import Basis, Disposition, RemedyKind
from shared.events.case import Category, Facts
from shared.events.catalogue import Queue
from shared.events.tags import Fault, Flag, Tone
from tests.unit.decision.cases import BROKEN, LATE, MakeCase


def test_a_refund_without_a_named_amount_stays_and_the_matrix_cost_counts(
    make_case: MakeCase, policy: Policy
) -> None:
    case = make_case(fault=Fault.COMPANY, facts=BROKEN, claim=None, jurisdiction="FR")
    outcome = decide(case, Known(), policy)
    assert isinstance(outcome, Decided)
    refund = outcome.answer.decision.remedies[0]
    assert (refund.kind, refund.money) == (RemedyKind.REFUND, None)
    assert outcome.answer.cost == Decimal(25 + 5 + 5)


def test_an_unauthorised_payment_without_an_amount_is_refunded_and_the_fraud_team_finds_the_sum(
    make_case: MakeCase, policy: Policy
) -> None:
    stolen = {"category": Category.FRAUD, "facts": Facts(authorised=False)}
    for fault in (Fault.UNCLEAR, Fault.THIRD_PARTY):
        outcome = decide(make_case(fault=fault, claim=None, **stolen), Known(), policy)
        assert isinstance(outcome, Decided)
        assert outcome.answer.decision.basis is Basis.ENTITLEMENT
        refund = outcome.answer.decision.remedies[0]
        assert (refund.kind, refund.money) == (RemedyKind.REFUND, None)
        assert (outcome.told, outcome.told_reason) == (Queue.FRAUD, "amount_unknown")
    named = decide(make_case(fault=Fault.THIRD_PARTY, **stolen), Known(), policy)
    assert isinstance(named, Decided)
    assert named.told is None


def test_a_reported_fraud_that_names_no_amount_is_a_persons(
    make_case: MakeCase, policy: Policy
) -> None:
    case = make_case(fault=Fault.UNCLEAR, category=Category.FRAUD, flags=(Flag.FRAUD,), claim=None)
    outcome = decide(case, Known(), policy)
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
    outcome = decide(make_case(fault=fault, facts=facts, claim=claim), Known(), policy)
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
    outcome = decide(big, Known(), policy)
    assert isinstance(outcome, Referred)
    assert outcome.reason == "above_the_automatic_certificate"
    assert outcome.proposal is not None
    assert outcome.proposal.decision.disposition is Disposition.DECLINED
    small = make_case(fault=fault, category=category, claim=("100", "EUR"), tone=Tone.ABUSIVE)
    assert isinstance(decide(small, Known(), policy), Decided)


def test_money_that_others_hold_does_not_stop_the_help(make_case: MakeCase, policy: Policy) -> None:
    case = make_case(category=Category.WRONG_TRANSFER, claim=("3000", "EUR"))
    outcome = decide(case, Known(), policy)
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
    outcome = decide(case, Known(), policy)
    assert isinstance(outcome, Decided)
    kinds = [remedy.kind for remedy in outcome.answer.decision.remedies]
    assert kinds == [RemedyKind.ALTERNATIVE, RemedyKind.FEE_WAIVER]


@pytest.mark.parametrize("tone", [Tone.COURTEOUS, Tone.ABUSIVE])
@pytest.mark.parametrize("category", [Category.WRONG_TRANSFER, Category.PAYMENT_FAILED])
def test_nobody_waits_for_help_because_others_hold_much(
    make_case: MakeCase, policy: Policy, category: Category, tone: Tone
) -> None:
    case = make_case(fault=Fault.THIRD_PARTY, category=category, claim=("3000", "EUR"), tone=tone)
    outcome = decide(case, Known(), policy)
    if isinstance(outcome, Decided):
        given = outcome.answer.decision.remedies
    else:
        assert isinstance(outcome, Referred)
        given = outcome.at_once
    kinds = {remedy.kind for remedy in given if remedy.share == "entitlement"}
    assert RemedyKind.TRACE in kinds
    assert isinstance(outcome, Decided) is (tone is Tone.COURTEOUS)


def test_waiving_what_followed_from_anothers_fault_uses_up_no_slip_and_needs_none_left(
    make_case: MakeCase, policy: Policy
) -> None:
    case = make_case(fault=Fault.THIRD_PARTY, category=Category.PAYMENT_FAILED)
    outcome = decide(case, Known(), policy)
    assert isinstance(outcome, Decided)
    assert (outcome.answer.forgiven, outcome.answer.waived) == (None, Decimal(10))
    spent = Known(history=History(times=9, euros=Decimal(200), contradicted=3))
    assert decide(case, spent, policy) == outcome


def test_what_the_days_certificate_no_longer_covers_goes_to_a_person(
    make_case: MakeCase, policy: Policy
) -> None:
    case = make_case(facts=LATE)
    for left, fits in ((Decimal("12.50"), True), (Decimal("12.49"), False)):
        outcome = decide(case, Known(left_today=left), policy)
        assert isinstance(outcome, Decided) is fits
        if isinstance(outcome, Referred):
            assert outcome.reason == "above_the_days_certificate"
            assert outcome.proposal is not None


def test_a_decline_spends_nothing_of_the_days_certificate(
    make_case: MakeCase, policy: Policy
) -> None:
    outcome = decide(make_case(facts=LATE, tone=Tone.ABUSIVE), Known(left_today=Decimal(0)), policy)
    assert isinstance(outcome, Decided)
    assert outcome.answer.granted == 0


def test_a_situation_may_have_a_narrower_automatic_certificate(
    make_case: MakeCase, policy: Policy
) -> None:
    automatic = policy.certificates.automatic.model_copy(
        update={"situations": {Situation.OWN_SLIP: Decimal(10)}}
    )
    certificates = policy.certificates.model_copy(update={"automatic": automatic})
    narrow = policy.model_copy(update={"certificates": certificates})
    own = decide(make_case(facts=LATE), Known(), narrow)
    assert isinstance(own, Referred)
    assert own.reason == "above_the_automatic_certificate"
    assert isinstance(
        decide(make_case(fault=Fault.COMPANY, facts=BROKEN), Known(), narrow), Decided
    )


def test_a_sum_above_the_limit_of_its_remedy_goes_to_a_person(
    make_case: MakeCase, policy: Policy
) -> None:
    automatic = policy.certificates.automatic.model_copy(update={"per_case": Decimal(1000)})
    wide = policy.model_copy(
        update={"certificates": policy.certificates.model_copy(update={"automatic": automatic})}
    )
    outcome = decide(make_case(facts=LATE, claim=("100.01", "EUR")), Known(), wide)
    assert isinstance(outcome, Referred)
    assert outcome.reason == "above_the_remedys_limit"
