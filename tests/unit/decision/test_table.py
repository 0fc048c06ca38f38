"""The default policy as it is promised: the lines of its table."""

from decimal import Decimal

import pytest

from services.decision.merits.decide import decide
from services.decision.merits.known import History, Known
from services.decision.merits.outcome import Asked, Decided, Referred
from services.decision.policy.certificates import Role
from services.decision.policy.model import Policy
from shared.events.answer import Basis, Disposition, RemedyKind
from shared.events.base import Money
from shared.events.case import Category, Facts
from shared.events.catalogue import Queue
from shared.events.tags import Fault, Flag, Pressure
from tests.unit.decision.cases import COMPANY, LATE, SOME_MANNERS, MakeCase, decision_of, kinds_of


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("100", "EUR"),
        ("400", "PLN"),
        ("4000", "UAH"),
        ("10000", "RUB"),
        ("85", "GBP"),
        ("110", "USD"),
    ],
)
def test_the_automatic_certificate(policy: Policy, amount: str, currency: str) -> None:
    euros = policy.in_euros(Money(amount=Decimal(amount), currency=currency))
    assert euros == policy.certificates.automatic.per_case
    assert policy.certificates.automatic.per_day == 10000


def test_the_certificates_of_people(policy: Policy) -> None:
    per_case = [policy.certificates.of(role).per_case for role in Role]
    assert per_case == [300, 1500, 10000, None]
    assert policy.two_people_from == 10000


def test_the_cost_of_checking_and_the_prior(policy: Policy) -> None:
    checking, untrue = policy.trust.checking, policy.trust.untrue
    assert (str(checking.staff), str(checking.delay_per_day)) == ("4", "0.5")
    assert (str(untrue.alpha), str(untrue.beta)) == ("2", "48")
    assert policy.trust.without_checkable_content == 3


def test_goodwill_for_an_own_slip(policy: Policy) -> None:
    limits = policy.goodwill
    assert (limits.days_late, limits.times, str(limits.total)) == (3, 2, "200")


@pytest.mark.parametrize(
    ("past", "told"),
    [
        (History(contradicted=2), "own_slip_by_contract"),
        (History(times=1, contradicted=1), "own_slip_repeated"),
    ],
)
def test_each_contradicted_claim_takes_one_of_the_years_times(
    make_case: MakeCase, policy: Policy, past: History, told: str
) -> None:
    decision = decision_of(decide(make_case(facts=LATE), Known(history=past), policy))
    assert decision.disposition is Disposition.DECLINED
    assert decision.reasons == (told,)  # nobody is told of exceptions that were never made
    one = Known(history=History(contradicted=1))
    assert decision_of(decide(make_case(facts=LATE), one, policy)).basis is Basis.GOODWILL


@pytest.mark.parametrize("doubt", [{"lately": 6}, {"same_story": 10}])
def test_a_burst_and_a_story_of_many_take_a_time_each(
    make_case: MakeCase, policy: Policy, doubt: dict[str, int]
) -> None:
    for times, basis in ((0, Basis.GOODWILL), (1, Basis.CONTRACT)):
        past = Known(history=History(times=times, **doubt))
        assert decision_of(decide(make_case(facts=LATE), past, policy)).basis is basis


@pytest.mark.parametrize("category", [c for c in Category if c is not Category.STAFF_CONDUCT])
def test_company_at_fault_makes_good_apologises_and_gives_a_little_more(
    make_case: MakeCase, policy: Policy, category: Category
) -> None:
    case = make_case(**COMPANY | {"category": category})
    outcome = decide(case, Known(), policy)
    decision = decision_of(outcome)
    assert (decision.disposition, decision.basis) == (Disposition.UPHELD, Basis.ENTITLEMENT)
    assert RemedyKind.APOLOGY in kinds_of(decision)
    extra = [r.money for r in decision.remedies if r.kind is RemedyKind.CREDIT]
    assert len(extra) == 1
    assert extra[0] is not None
    assert 0 < (policy.in_euros(extra[0]) or 0) <= 10
    assert isinstance(outcome, Decided)
    assert outcome.answer.cause == f"broken_promise:{category}"


@pytest.mark.parametrize(
    "row",
    ["broken_promise", "malfunction", "wrong_fee", "company_error", "imposed_change"],
)
def test_every_row_for_a_fault_of_the_company_apologises_gives_more_and_names_the_cause(
    policy: Policy, row: str
) -> None:
    wanted = {RemedyKind.APOLOGY, RemedyKind.CREDIT, RemedyKind.EXPLANATION}
    for name in policy.matrices:
        for placed in policy.matrix(name).rows:
            if placed.row.situation == row:
                assert {spec.kind for spec in placed.row.remedies} >= wanted, placed.name


def test_a_payment_that_the_bank_let_be_stolen_is_refunded_with_an_apology_and_a_little_more(
    make_case: MakeCase, policy: Policy
) -> None:
    facts = Facts(authorised=False)
    ours, theirs = (
        decision_of(
            decide(make_case(fault=fault, category=Category.FRAUD, facts=facts), Known(), policy)
        )
        for fault in (Fault.COMPANY, Fault.THIRD_PARTY)
    )
    more = {RemedyKind.CREDIT, RemedyKind.APOLOGY}
    assert kinds_of(ours) == kinds_of(theirs) | more
    assert not kinds_of(theirs) & more


def test_what_another_bank_held_up_costs_no_more_than_an_own_slip_would(
    make_case: MakeCase, policy: Policy
) -> None:
    facts = LATE.model_copy(update={"rejected_by": "other_bank"})
    slip = decision_of(decide(make_case(facts=facts), Known(), policy))
    theirs = decision_of(decide(make_case(fault=Fault.THIRD_PARTY, facts=facts), Known(), policy))
    assert kinds_of(slip) <= kinds_of(theirs)


def test_a_fee_that_is_asked_back_after_an_own_slip_with_a_card_is_waived(
    make_case: MakeCase, policy: Policy
) -> None:
    asked = decision_of(decide(make_case(category=Category.CARD_PROBLEM), Known(), policy))
    assert [r.money.amount for r in asked.remedies if r.money] == [Decimal("12.50")]
    silent = make_case(category=Category.CARD_PROBLEM, claim=None)
    assert kinds_of(decision_of(decide(silent, Known(), policy))) == {RemedyKind.EXPEDITE}


@pytest.mark.parametrize("category", list(Category))
def test_third_party_at_fault_gets_help_and_no_blame(
    make_case: MakeCase, policy: Policy, category: Category
) -> None:
    if category in {Category.STAFF_CONDUCT, Category.TERMS_CHANGE, Category.FRAUD}:
        return
    case = make_case(fault=Fault.THIRD_PARTY, category=category)
    outcome = decide(case, Known(), policy)
    decision = decision_of(outcome)
    assert (decision.disposition, decision.basis) == (Disposition.GOODWILL, Basis.GOODWILL)
    assert kinds_of(decision) & {RemedyKind.TRACE, RemedyKind.CHARGEBACK, RemedyKind.LETTER}
    waived = [r for r in decision.remedies if r.kind is RemedyKind.FEE_WAIVER]
    assert [remedy.share for remedy in waived] == ["goodwill"]
    assert isinstance(outcome, Decided)
    assert outcome.answer.cause is None


def test_unclear_checkable_and_not_checkable(make_case: MakeCase, policy: Policy) -> None:
    case = {"fault": Fault.UNCLEAR, "category": Category.FEE_DISPUTE}
    trusted = decide(make_case(**case, facts=Facts(rejected_by="x")), Known(), policy)
    assert decision_of(trusted).basis is Basis.TRUST
    assert isinstance(decide(make_case(**case), Known(), policy), Asked)


@pytest.mark.parametrize("fault", [Fault.UNCLEAR, Fault.CUSTOMER])
@pytest.mark.parametrize("manner", SOME_MANNERS)
def test_information_is_answered_or_routed(
    make_case: MakeCase, policy: Policy, fault: Fault, manner: dict[str, object]
) -> None:
    case = {"fault": fault, "category": Category.INFORMATION, "claim": None, **manner}
    decision = decision_of(decide(make_case(**case, facts=LATE), Known(), policy))
    assert (decision.disposition, decision.basis) == (Disposition.UPHELD, Basis.ENTITLEMENT)
    assert kinds_of(decision) == {RemedyKind.EXPLANATION}
    routed = decide(make_case(**case), Known(), policy)
    assert isinstance(routed, Referred)
    assert routed.reason == "question_without_facts"
    assert routed.proposal is not None


def test_thanks_without_a_category_are_a_persons(make_case: MakeCase, policy: Policy) -> None:
    thanks = make_case(fault=Fault.UNCLEAR, category=Category.OTHER, claim=None)
    outcome = decide(thanks, Known(), policy)
    assert isinstance(outcome, Referred)
    assert outcome.proposal is not None
    assert kinds_of(outcome.proposal.decision) == {RemedyKind.EXPLANATION}


@pytest.mark.parametrize(
    "told", [{"facts": Facts(authorised=False)}, {"flags": (Flag.FRAUD,)}], ids=["fact", "flag"]
)
def test_an_unauthorised_payment_is_refunded_inside_the_certificate(
    make_case: MakeCase, policy: Policy, told: dict[str, object]
) -> None:
    case = {"fault": Fault.UNCLEAR, "category": Category.CARD_PROBLEM, **told}
    decision = decision_of(decide(make_case(**case, claim=("100", "EUR")), Known(), policy))
    assert decision.disposition is Disposition.UPHELD
    assert decision.remedies[0].kind is RemedyKind.REFUND
    above = decide(make_case(**case, claim=("100.01", "EUR")), Known(), policy)
    assert isinstance(above, Referred)
    assert (above.queue, above.reason) == (Queue.FRAUD, "above_the_automatic_certificate")


@pytest.mark.parametrize("given", [COMPANY, {"facts": LATE}])
def test_a_vulnerable_customer_is_given_it_at_once_and_the_specialist_is_told(
    make_case: MakeCase, policy: Policy, given: dict[str, object]
) -> None:
    outcome = decide(make_case(**given, flags=(Flag.VULNERABLE,)), Known(), policy)
    assert isinstance(outcome, Decided)
    assert (outcome.told, outcome.told_reason) == (Queue.SPECIALIST, "vulnerable")


@pytest.mark.parametrize(
    ("manner", "queue"),
    [
        ({"flags": (Flag.SAFETY,)}, Queue.SAFETY),
        ({"pressure": Pressure.VIOLENCE}, Queue.SPECIALIST),
        ({"pressure": Pressure.VIOLENCE, "flags": (Flag.SAFETY, Flag.LEGAL)}, Queue.SAFETY),
    ],
)
def test_nothing_is_automatic_before_safety_and_violence(
    make_case: MakeCase, policy: Policy, manner: dict[str, object], queue: Queue
) -> None:
    outcome = decide(make_case(**COMPANY, **manner), Known(), policy)
    assert isinstance(outcome, Referred)
    assert outcome.queue is queue
    assert outcome.priority == (0 if queue is Queue.SAFETY else 10)
    assert outcome.at_once == ()
    assert outcome.proposal is not None
    assert outcome.proposal.decision.disposition is Disposition.UPHELD
