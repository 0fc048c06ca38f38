"""Both erred: each part by its own rule, and manners touch only the part that is not owed."""

from decimal import Decimal

from services.decision.merits.decide import decide
from services.decision.merits.known import History, Known
from services.decision.merits.outcome import Decided, Referred, Verifying
from services.decision.policy.model import Policy
from shared.events.answer import Basis, Disposition, RemedyKind
from shared.events.case import Category
from shared.events.tags import Fault, Flag, Tone
from tests.unit.decision.cases import BROKEN, LATE, MakeCase


def test_a_shared_fault_forgives_the_customers_part_by_conduct(
    make_case: MakeCase, policy: Policy
) -> None:
    polite, abusive = (
        decide(
            make_case(fault=Fault.SHARED, claim=("30.01", "EUR"), facts=LATE, tone=tone),
            Known(),
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


def test_the_customers_part_is_not_refused_on_a_guess_about_manners(
    make_case: MakeCase, policy: Policy
) -> None:
    shares = []
    told = {"fault": Fault.SHARED, "facts": LATE, "tone": Tone.ABUSIVE, "fault_confidence": 0.9}
    for confidence in (0.95, 0.5):
        outcome = decide(make_case(**told, confidence=confidence), Known(), policy)
        assert isinstance(outcome, Decided)
        shares.append({remedy.share for remedy in outcome.answer.decision.remedies})
    assert shares == [{"entitlement"}, {"entitlement", "goodwill"}]


def test_a_shared_fault_gives_once_what_cannot_be_given_twice(
    make_case: MakeCase, policy: Policy
) -> None:
    case = make_case(fault=Fault.SHARED, claim=("30.00", "EUR"), facts=LATE)
    outcome = decide(case, Known(), policy)
    assert isinstance(outcome, Decided)
    kinds = [remedy.kind for remedy in outcome.answer.decision.remedies]
    assert kinds.count(RemedyKind.RESTORED_GRACE) == 1
    assert kinds.count(RemedyKind.FEE_WAIVER) == 2  # the company's part, and the customer's
    lost = make_case(fault=Fault.SHARED, category=Category.CARD_PROBLEM, claim=None, facts=BROKEN)
    both = decide(lost, Known(), policy)
    assert isinstance(both, Decided)
    kinds = [remedy.kind for remedy in both.answer.decision.remedies]
    assert kinds.count(RemedyKind.EXPEDITE) == 1
    assert both.answer.forgiven is None  # nothing was left to forgive, so no slip is used up


def test_a_shared_fault_forgives_within_the_limits_of_the_year(
    make_case: MakeCase, policy: Policy
) -> None:
    case = make_case(fault=Fault.SHARED, claim=("30.00", "EUR"))
    for past in (History(times=2), History(times=1, euros=Decimal(190))):
        outcome = decide(case, Known(history=past), policy)
        assert isinstance(outcome, Decided)
        assert {r.share for r in outcome.answer.decision.remedies} == {"entitlement"}


def test_a_shared_claim_that_nothing_shows_is_weighed(make_case: MakeCase, policy: Policy) -> None:
    outcome = decide(make_case(fault=Fault.SHARED, claim=("30.00", "EUR")), Known(), policy)
    assert isinstance(outcome, Decided)
    assert outcome.answer.decision.basis is Basis.TRUST
    assert outcome.answer.scales is not None
    checking = policy.trust.checking.model_copy(update={"staff": Decimal(0)})
    trust = policy.trust.model_copy(update={"checking": checking})
    cheap = policy.model_copy(update={"trust": trust})
    checked = decide(make_case(fault=Fault.SHARED, claim=("30.00", "EUR")), Known(), cheap)
    assert isinstance(checked, Verifying)


def test_shared_carelessness_in_a_fraud_is_upheld_in_part(
    make_case: MakeCase, policy: Policy
) -> None:
    case = make_case(
        fault=Fault.SHARED, category=Category.FRAUD, flags=(Flag.FRAUD,), claim=("80", "EUR")
    )
    outcome = decide(case, Known(), policy)
    assert isinstance(outcome, Decided)
    assert outcome.answer.decision.disposition is Disposition.PARTLY_UPHELD
    refund = outcome.answer.decision.remedies[0].money
    assert refund is not None
    assert refund.amount == Decimal(40)


def test_manners_do_not_decide_whether_a_shared_fault_still_fits_the_day(
    make_case: MakeCase, policy: Policy
) -> None:
    half = Known(left_today=Decimal(20))
    for tone in (Tone.COURTEOUS, Tone.ABUSIVE):
        case = make_case(fault=Fault.SHARED, claim=("30", "EUR"), facts=LATE, tone=tone)
        outcome = decide(case, half, policy)
        assert isinstance(outcome, Referred)
        assert outcome.reason == "above_the_days_certificate"
