"""Trust first: believed, checked, asked or referred, by what each costs and what is known."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.decision.merits.decide import decide
from services.decision.merits.known import Checked, History, Known
from services.decision.merits.outcome import Asked, Decided, Referred, Verifying
from services.decision.merits.trust import chance_untrue, weigh
from services.decision.policy.model import Policy
from shared.events.answer import Basis, Disposition, RemedyKind
from shared.events.case import Category, Facts
from shared.events.catalogue import Question, Queue
from shared.events.tags import Fault, Flag, Pressure, Tone
from tests.unit.decision.cases import DUE, MakeCase

UNCLEAR = {"fault": Fault.UNCLEAR, "category": Category.FEE_DISPUTE}
CHECKABLE = Facts(rejected_by="shop")
DOUBTED = Known(history=History(contradicted=4))
histories = st.builds(
    History,
    verified=st.integers(0, 50),
    contradicted=st.integers(0, 50),
    lately=st.integers(0, 20),
    same_story=st.integers(0, 30),
)


def _chance(history: History, policy: Policy, *, checkable: bool = True) -> Decimal:
    return chance_untrue(history, checkable=checkable, trust=policy.trust, abuse=policy.abuse)


@pytest.mark.parametrize(
    ("history", "checkable", "chance"),
    [
        (History(), True, "0.04"),
        (History(), False, "0.12"),
        (History(verified=50), True, "0.02"),
        (History(contradicted=14), True, "0.25"),
        (History(lately=6), True, "0.08"),
        (History(lately=5), True, "0.04"),
        (History(same_story=10), True, "0.12"),
        (History(lately=6, same_story=10), False, "0.72"),
        (History(contradicted=48, lately=9, same_story=99), False, "1"),
    ],
)
def test_the_chance_of_an_untrue_claim(
    policy: Policy, history: History, chance: str, *, checkable: bool
) -> None:
    assert _chance(history, policy, checkable=checkable) == Decimal(chance)


@given(history=histories, more=histories)
def test_doubt_never_makes_a_claim_likelier_to_be_believed(
    policy: Policy, history: History, more: History
) -> None:
    worse = History(
        verified=history.verified,
        contradicted=history.contradicted + more.contradicted,
        lately=history.lately + more.lately,
        same_story=history.same_story + more.same_story,
    )
    assert _chance(worse, policy) >= _chance(history, policy)
    better = history.model_copy(update={"verified": history.verified + more.verified})
    assert _chance(better, policy) <= _chance(history, policy)


@pytest.mark.parametrize(("euros", "now"), [("112.50", True), ("112.51", False)])
def test_a_claim_is_trusted_up_to_the_cost_of_checking(
    policy: Policy, euros: str, *, now: bool
) -> None:
    assert weigh(Decimal(euros), History(), policy, checkable=True).trust_now is now


@pytest.mark.parametrize(("tone", "pressure"), [(t, p) for t in Tone for p in list(Pressure)[:3]])
def test_an_unclear_claim_that_can_be_checked_is_trusted_whatever_the_conduct(
    make_case: MakeCase, policy: Policy, tone: Tone, pressure: Pressure
) -> None:
    case = make_case(**UNCLEAR, facts=CHECKABLE, tone=tone, pressure=pressure)
    outcome = decide(case, Known(), policy)
    assert isinstance(outcome, Decided)
    assert outcome.check
    decision = outcome.answer.decision
    assert (decision.disposition, decision.basis) == (Disposition.UPHELD, Basis.TRUST)


def test_violence_is_never_answered_by_trust(make_case: MakeCase, policy: Policy) -> None:
    case = make_case(**UNCLEAR, facts=CHECKABLE, pressure=Pressure.VIOLENCE)
    assert isinstance(decide(case, Known(), policy), Referred)


def test_an_unclear_claim_that_cannot_be_checked_is_asked_about_once_and_then_trusted_once(
    make_case: MakeCase, policy: Policy
) -> None:
    case = make_case(**UNCLEAR)
    asked = decide(case, Known(), policy)
    assert isinstance(asked, Asked)
    assert asked.question is Question.WHAT_HAPPENED
    assert asked.proposal.decision.disposition is Disposition.UPHELD
    answered = decide(case, Known(asked=True), policy)
    assert isinstance(answered, Decided)
    assert answered.answer.decision.basis is Basis.TRUST
    assert not answered.answer.checkable


@pytest.mark.parametrize("history", [History(contradicted=1), History(trusted_unshown=1)])
def test_what_nothing_shows_is_not_trusted_twice(
    make_case: MakeCase, policy: Policy, history: History
) -> None:
    outcome = decide(make_case(**UNCLEAR), Known(history=history, asked=True), policy)
    assert isinstance(outcome, Referred)
    assert outcome.reason == "history_not_clean"
    assert outcome.proposal is not None


def test_an_unclear_claim_that_is_neither_small_nor_checkable_is_a_persons(
    make_case: MakeCase, policy: Policy
) -> None:
    outcome = decide(make_case(**UNCLEAR, claim=("37.51", "EUR")), Known(), policy)
    assert isinstance(outcome, Referred)
    assert outcome.reason == "fault_unclear"
    assert outcome.proposal is not None
    assert isinstance(decide(make_case(**UNCLEAR, claim=("37.50", "EUR")), Known(), policy), Asked)


@pytest.mark.parametrize("tone", list(Tone))
@pytest.mark.parametrize(
    "told",
    [
        {"fault": Fault.COMPANY, "category": Category.PAYMENT_FAILED},
        {"fault": Fault.SHARED, "category": Category.PAYMENT_FAILED},
        {**UNCLEAR, "facts": CHECKABLE},
    ],
)
def test_what_is_dearer_to_believe_is_verified_first(
    make_case: MakeCase, policy: Policy, tone: Tone, told: dict[str, object]
) -> None:
    case = make_case(**told, claim=("90", "EUR"), tone=tone)
    outcome = decide(case, DOUBTED, policy)
    assert isinstance(outcome, Verifying)
    assert (outcome.queue, outcome.reason) == (Queue.REVIEW, "verification_unanswered")
    verified = decide(case, DOUBTED.model_copy(update={"checked": Checked.VERIFIED}), policy)
    assert isinstance(verified, Decided)
    assert not verified.check
    assert verified.answer.decision.basis is Basis.ENTITLEMENT
    assert "verified" in verified.answer.decision.reasons
    silent = decide(case, DOUBTED.model_copy(update={"checked": Checked.UNANSWERED}), policy)
    assert isinstance(silent, Referred)
    assert silent.reason == "verification_unanswered"
    assert silent.proposal is not None
    wrong = decide(case, DOUBTED.model_copy(update={"checked": Checked.CONTRADICTED}), policy)
    assert isinstance(wrong, Referred)
    assert wrong.reason == "facts_contradict"
    assert wrong.detail[-1] == "checked: contradicted"


def test_a_check_that_nobody_answered_does_not_take_back_what_was_trusted(
    make_case: MakeCase, policy: Policy
) -> None:
    case = make_case(fault=Fault.COMPANY, category=Category.PAYMENT_FAILED)
    outcome = decide(case, Known(checked=Checked.UNANSWERED), policy)
    assert isinstance(outcome, Decided)


def test_what_exceeds_the_certificate_is_not_sent_to_be_verified(
    make_case: MakeCase, policy: Policy
) -> None:
    case = make_case(fault=Fault.COMPANY, category=Category.PAYMENT_FAILED, claim=("101", "EUR"))
    outcome = decide(case, DOUBTED, policy)
    assert isinstance(outcome, Referred)
    assert outcome.reason == "above_the_automatic_certificate"


def test_what_the_facts_show_is_never_weighed(make_case: MakeCase, policy: Policy) -> None:
    facts = Facts(due_at=DUE, paid_at=DUE)
    worst = Known(history=History(times=9, contradicted=50, lately=50, same_story=50))
    case = make_case(fault=Fault.COMPANY, facts=facts)
    assert decide(case, worst, policy) == decide(case, Known(), policy)


@pytest.mark.parametrize("tone", list(Tone))
def test_suspecting_a_customer_of_fraud_is_a_persons_and_the_refund_stays_proposed(
    make_case: MakeCase, policy: Policy, tone: Tone
) -> None:
    case = make_case(
        fault=Fault.UNCLEAR,
        category=Category.FRAUD,
        flags=(Flag.FRAUD,),
        tone=tone,
        claim=("90", "EUR"),
    )
    outcome = decide(case, DOUBTED, policy)
    assert isinstance(outcome, Referred)
    assert (outcome.queue, outcome.reason) == (Queue.FRAUD, "suspicion_needs_a_written_report")
    assert outcome.proposal is not None
    assert outcome.proposal.decision.remedies[0].kind is RemedyKind.REFUND
    trusted = decide(case, Known(), policy)
    assert isinstance(trusted, Decided)


@pytest.mark.parametrize("told", [UNCLEAR, {**UNCLEAR, "facts": CHECKABLE, "claim": ("90", "EUR")}])
def test_a_vulnerable_customer_is_neither_questioned_nor_kept_waiting_without_a_specialist(
    make_case: MakeCase, policy: Policy, told: dict[str, object]
) -> None:
    outcome = decide(make_case(**told, flags=(Flag.VULNERABLE,)), DOUBTED, policy)
    assert isinstance(outcome, Referred)
    assert (outcome.queue, outcome.reason) == (Queue.SPECIALIST, "vulnerable")
