"""Cases are decided on their merits: what is owed, what is given, and who must look."""

from datetime import timedelta
from decimal import Decimal

import pytest

from services.decision.merits.decide import decide
from services.decision.merits.known import History, Known
from services.decision.merits.outcome import Decided, Referred
from services.decision.policy.model import Policy
from shared.events.answer import Basis, Disposition, RemedyKind
from shared.events.case import Category, Facts
from shared.events.catalogue import Queue
from shared.events.tags import Fault, Flag, Pressure, Tone
from tests.unit.decision.cases import DUE, MakeCase, decision_of

NOBODY_BEFORE = Known()


def _late(hours: int) -> Facts:
    return Facts(due_at=DUE, paid_at=DUE + timedelta(hours=hours))


def test_a_late_payment_told_politely_is_forgiven(make_case: MakeCase, policy: Policy) -> None:
    decision = decision_of(decide(make_case(facts=_late(3)), NOBODY_BEFORE, policy))
    assert (decision.disposition, decision.basis) == (Disposition.GOODWILL, Basis.GOODWILL)
    assert decision.remedies[0].kind is RemedyKind.RESTORED_GRACE
    assert decision.remedies[1].money is not None
    assert decision.remedies[1].money.amount == Decimal("12.50")
    assert not decision.boundary


@pytest.mark.parametrize(
    ("tone", "pressure"),
    [
        (Tone.COURTEOUS, Pressure.LEVERAGE),
        (Tone.ABUSIVE, Pressure.NONE),
        (Tone.RUDE, Pressure.NONE),
    ],
)
def test_an_own_slip_told_unconstructively_goes_by_the_contract(
    make_case: MakeCase, policy: Policy, tone: Tone, pressure: Pressure
) -> None:
    case = make_case(facts=_late(3), tone=tone, pressure=pressure)
    decision = decision_of(decide(case, NOBODY_BEFORE, policy))
    assert (decision.disposition, decision.basis) == (Disposition.DECLINED, Basis.CONTRACT)
    assert decision.boundary
    assert decision.recourse


def test_naming_a_lawful_remedy_costs_nothing(make_case: MakeCase, policy: Policy) -> None:
    quiet = decide(make_case(facts=_late(3)), NOBODY_BEFORE, policy)
    named = decide(make_case(facts=_late(3), pressure=Pressure.RECOURSE), NOBODY_BEFORE, policy)
    assert named == quiet


@pytest.mark.parametrize(("hours", "given"), [(1, True), (72, True), (73, False), (400, False)])
def test_the_size_of_the_slip_matters(
    make_case: MakeCase, policy: Policy, *, hours: int, given: bool
) -> None:
    decision = decision_of(decide(make_case(facts=_late(hours)), NOBODY_BEFORE, policy))
    assert (decision.disposition is Disposition.GOODWILL) is given
    assert given or decision.reasons == ("own_slip_too_late",)


@pytest.mark.parametrize(
    ("history", "given"),
    [
        (History(times=1, euros=Decimal(20)), True),
        (History(times=2, euros=Decimal(20)), False),
        (History(times=1, euros=Decimal("187.50")), True),
        (History(times=1, euros=Decimal(190)), False),
    ],
)
def test_the_third_own_slip_of_a_year_goes_by_the_contract(
    make_case: MakeCase, policy: Policy, *, history: History, given: bool
) -> None:
    decision = decision_of(decide(make_case(facts=_late(3)), Known(history=history), policy))
    assert (decision.disposition is Disposition.GOODWILL) is given


def test_a_promise_that_the_bank_broke_is_made_good_with_a_little_more(
    make_case: MakeCase, policy: Policy
) -> None:
    facts = Facts(promised_by=DUE, delivered_at=DUE + timedelta(days=2))
    case = make_case(fault=Fault.COMPANY, facts=facts, category=Category.SERVICE_DELAY)
    decision = decision_of(decide(case, NOBODY_BEFORE, policy))
    assert (decision.disposition, decision.basis) == (Disposition.UPHELD, Basis.ENTITLEMENT)
    kinds = [remedy.kind for remedy in decision.remedies]
    assert kinds[0] is RemedyKind.REFUND
    assert {RemedyKind.CREDIT, RemedyKind.APOLOGY, RemedyKind.EXPLANATION} <= set(kinds)
    assert decision.reasons == ("promise_broken",)


def test_a_small_claim_shown_by_the_message_alone_is_trusted(
    make_case: MakeCase, policy: Policy
) -> None:
    case = make_case(fault=Fault.COMPANY, category=Category.PAYMENT_FAILED)
    outcome = decide(case, NOBODY_BEFORE, policy)
    decision = decision_of(outcome)
    assert (decision.disposition, decision.basis) == (Disposition.UPHELD, Basis.TRUST)
    assert isinstance(outcome, Decided)
    assert outcome.answer.scales is not None
    assert outcome.answer.scales.expected_loss <= outcome.answer.scales.cost_of_checking


def test_an_unauthorised_payment_is_refunded(make_case: MakeCase, policy: Policy) -> None:
    case = make_case(
        fault=Fault.THIRD_PARTY,
        category=Category.FRAUD,
        facts=Facts(authorised=False),
        claim=("80.00", "EUR"),
    )
    decision = decision_of(decide(case, NOBODY_BEFORE, policy))
    assert (decision.disposition, decision.basis) == (Disposition.UPHELD, Basis.ENTITLEMENT)
    assert decision.remedies[0].kind is RemedyKind.REFUND


def test_an_unauthorised_payment_above_the_certificate_goes_to_a_person(
    make_case: MakeCase, policy: Policy
) -> None:
    case = make_case(
        fault=Fault.THIRD_PARTY,
        category=Category.FRAUD,
        facts=Facts(authorised=False),
        claim=("412.00", "GBP"),
    )
    outcome = decide(case, NOBODY_BEFORE, policy)
    assert isinstance(outcome, Referred)
    assert (outcome.queue, outcome.reason) == (Queue.FRAUD, "above_the_automatic_certificate")
    assert outcome.proposal is not None
    assert outcome.proposal.decision.disposition is Disposition.UPHELD


def test_help_is_owed_where_a_third_party_erred_whatever_the_tone(
    make_case: MakeCase, policy: Policy
) -> None:
    polite = decision_of(decide(make_case(fault=Fault.THIRD_PARTY), NOBODY_BEFORE, policy))
    abusive = decision_of(
        decide(make_case(fault=Fault.THIRD_PARTY, tone=Tone.ABUSIVE), NOBODY_BEFORE, policy)
    )
    assert polite.basis is Basis.GOODWILL
    assert (abusive.disposition, abusive.basis) == (Disposition.DECLINED, Basis.CONTRACT)
    help_owed = [remedy for remedy in polite.remedies if remedy.share == "entitlement"]
    kinds = [remedy.kind for remedy in help_owed]
    assert kinds == [RemedyKind.TRACE, RemedyKind.LETTER, RemedyKind.EXPLANATION]
    assert list(abusive.remedies) == help_owed


def test_a_shared_fault_is_upheld_for_the_banks_part(make_case: MakeCase, policy: Policy) -> None:
    decision = decision_of(
        decide(make_case(fault=Fault.SHARED, claim=("30.01", "EUR")), NOBODY_BEFORE, policy)
    )
    assert decision.disposition is Disposition.PARTLY_UPHELD
    money = next(r.money for r in decision.remedies if r.money is not None)
    assert money.amount == Decimal("15.01")


def test_a_lawful_change_of_terms_is_explained_and_left_open(
    make_case: MakeCase, policy: Policy
) -> None:
    case = make_case(
        category=Category.TERMS_CHANGE,
        fault=Fault.UNCLEAR,
        claim=None,
        facts=Facts(terms_accepted=True),
    )
    decision = decision_of(decide(case, NOBODY_BEFORE, policy))
    assert (decision.disposition, decision.basis) == (Disposition.DECLINED, Basis.CONTRACT)
    assert [r.kind for r in decision.remedies] == [RemedyKind.EXPLANATION, RemedyKind.ALTERNATIVE]


@pytest.mark.parametrize(
    ("flag", "queue"),
    [
        (Flag.SAFETY, Queue.SAFETY),
        (Flag.LEGAL, Queue.LEGAL),
    ],
)
def test_a_flag_that_needs_a_person_gets_one_with_a_proposal(
    make_case: MakeCase, policy: Policy, flag: Flag, queue: Queue
) -> None:
    outcome = decide(make_case(facts=_late(3), flags=(flag,)), NOBODY_BEFORE, policy)
    assert isinstance(outcome, Referred)
    assert outcome.queue is queue
    assert outcome.proposal is not None


def test_safety_comes_before_everything(make_case: MakeCase, policy: Policy) -> None:
    outcome = decide(
        make_case(flags=tuple(Flag), pressure=Pressure.VIOLENCE), NOBODY_BEFORE, policy
    )
    assert isinstance(outcome, Referred)
    assert (outcome.queue, outcome.priority) == (Queue.SAFETY, 0)


def test_a_vulnerable_customer_gets_the_answer_at_once_and_a_specialist_is_told(
    make_case: MakeCase, policy: Policy
) -> None:
    outcome = decide(make_case(facts=_late(3), flags=(Flag.VULNERABLE,)), NOBODY_BEFORE, policy)
    assert isinstance(outcome, Decided)
    assert outcome.told is Queue.SPECIALIST


def test_a_vulnerable_customer_is_never_declined_by_the_policy_alone(
    make_case: MakeCase, policy: Policy
) -> None:
    case = make_case(facts=_late(300), flags=(Flag.VULNERABLE,), tone=Tone.ABUSIVE)
    outcome = decide(case, NOBODY_BEFORE, policy)
    assert isinstance(outcome, Referred)
    assert outcome.queue is Queue.SPECIALIST


def test_an_uncertain_fault_goes_to_a_person(make_case: MakeCase, policy: Policy) -> None:
    outcome = decide(make_case(facts=_late(3), confidence=0.2), NOBODY_BEFORE, policy)
    assert isinstance(outcome, Referred)
    assert outcome.reason == "fault_uncertain"


def test_a_currency_without_a_rate_goes_to_a_person(make_case: MakeCase, policy: Policy) -> None:
    outcome = decide(make_case(facts=_late(3), claim=("10", "JPY")), NOBODY_BEFORE, policy)
    assert isinstance(outcome, Referred)
    assert outcome.reason == "currency_without_a_rate"


def test_a_question_is_answered_where_the_facts_hold_the_answer(
    make_case: MakeCase, policy: Policy
) -> None:
    asked = {"category": Category.INFORMATION, "fault": Fault.UNCLEAR, "claim": None}
    known = decision_of(decide(make_case(**asked, facts=_late(0)), NOBODY_BEFORE, policy))
    assert (known.disposition, known.basis) == (Disposition.UPHELD, Basis.ENTITLEMENT)
    unknown = decide(make_case(**asked), NOBODY_BEFORE, policy)
    assert isinstance(unknown, Referred)
    assert unknown.reason == "question_without_facts"


@pytest.mark.parametrize(
    ("tone", "pressure"), [(Tone.RUDE, Pressure.NONE), (Tone.COURTEOUS, Pressure.LEVERAGE)]
)
def test_nobody_is_declined_for_conduct_on_a_guess(
    make_case: MakeCase, policy: Policy, tone: Tone, pressure: Pressure
) -> None:
    told = {"facts": _late(3), "confidence": 0.5, "fault_confidence": 0.9}
    outcome = decide(make_case(**told, tone=tone, pressure=pressure), NOBODY_BEFORE, policy)
    assert isinstance(outcome, Referred)
    assert outcome.reason == "conduct_uncertain"
    polite = decide(make_case(**told), NOBODY_BEFORE, policy)
    assert decision_of(polite).disposition is Disposition.GOODWILL
