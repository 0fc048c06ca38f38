"""The rules that need saying twice."""

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
from tests.unit.decision.cases import (
    BROKEN,
    COMPANY,
    DUE,
    LATE,
    SOME_MANNERS,
    MakeCase,
    decision_of,
    kinds_of,
)


@pytest.mark.parametrize("manner", SOME_MANNERS)
def test_the_boundary_sentence_appears_exactly_when_conduct_is_unconstructive(
    make_case: MakeCase, policy: Policy, manner: dict[str, object]
) -> None:
    decision = decision_of(decide(make_case(**COMPANY, **manner), Known(), policy))
    firm = manner.get("tone") is Tone.ABUSIVE or manner.get("pressure") is Pressure.LEVERAGE
    assert decision.boundary is firm
    assert decision.recourse


@pytest.mark.parametrize("category", [Category.PAYMENT_FAILED, Category.FEE_DISPUTE])
@pytest.mark.parametrize("manner", SOME_MANNERS)
def test_what_a_message_shows_of_the_company_is_trusted_whatever_the_tone(
    make_case: MakeCase, policy: Policy, category: Category, manner: dict[str, object]
) -> None:
    outcome = decide(make_case(fault=Fault.COMPANY, category=category, **manner), Known(), policy)
    decision = decision_of(outcome)
    assert (decision.disposition, decision.basis) == (Disposition.UPHELD, Basis.TRUST)
    assert isinstance(outcome, Decided)
    assert outcome.check


@pytest.mark.parametrize("manner", SOME_MANNERS)
def test_an_imposed_change_without_acceptance_is_undone(
    make_case: MakeCase, policy: Policy, manner: dict[str, object]
) -> None:
    case = make_case(
        fault=Fault.COMPANY,
        category=Category.TERMS_CHANGE,
        facts=Facts(terms_accepted=False),
        **manner,
    )
    outcome = decide(case, Known(), policy)
    decision = decision_of(outcome)
    assert (decision.disposition, decision.basis) == (Disposition.UPHELD, Basis.ENTITLEMENT)
    assert decision.reasons == ("imposed_change",)
    assert isinstance(outcome, Decided)
    assert outcome.answer.cause == "imposed_change:terms_change"


def test_a_lawful_change_is_declined_with_its_explanation_and_a_way_out(
    make_case: MakeCase, policy: Policy
) -> None:
    case = make_case(category=Category.TERMS_CHANGE, claim=None)
    decision = decision_of(decide(case, Known(), policy))
    assert (decision.disposition, decision.basis) == (Disposition.DECLINED, Basis.CONTRACT)
    assert kinds_of(decision) == {RemedyKind.EXPLANATION, RemedyKind.ALTERNATIVE}


def test_an_automatic_decline_has_reasons_and_recourse_and_fits_the_certificate(
    make_case: MakeCase, policy: Policy
) -> None:
    told = {"facts": LATE, "tone": Tone.ABUSIVE}
    decision = decision_of(decide(make_case(**told), Known(), policy))
    assert decision.reasons
    assert decision.recourse
    large = decide(make_case(**told, claim=("100.01", "EUR")), Known(), policy)
    assert isinstance(large, Referred)


def test_staff_conduct_gets_its_apology_at_once_and_a_person_finds_out(
    make_case: MakeCase, policy: Policy
) -> None:
    case = make_case(fault=Fault.COMPANY, category=Category.STAFF_CONDUCT, claim=None)
    outcome = decide(case, Known(), policy)
    assert isinstance(outcome, Referred)
    assert outcome.queue is Queue.STAFF_CONDUCT
    assert [remedy.kind for remedy in outcome.at_once] == [RemedyKind.APOLOGY]


def test_a_stolen_payment_beside_a_staff_matter_is_not_kept_waiting(
    make_case: MakeCase, policy: Policy
) -> None:
    case = make_case(
        fault=Fault.THIRD_PARTY,
        category=Category.FRAUD,
        facts=Facts(authorised=False),
        flags=(Flag.STAFF_CONDUCT,),
        claim=("500", "EUR"),
    )
    outcome = decide(case, Known(), policy)
    assert isinstance(outcome, Referred)
    assert (outcome.queue, outcome.reason) == (Queue.FRAUD, "above_the_automatic_certificate")


@pytest.mark.parametrize("manner", SOME_MANNERS)
def test_legal_letters_change_the_queue_and_not_the_substance(
    make_case: MakeCase, policy: Policy, manner: dict[str, object]
) -> None:
    plain = decision_of(decide(make_case(**COMPANY, **manner), Known(), policy))
    outcome = decide(make_case(**COMPANY, **manner, flags=(Flag.LEGAL,)), Known(), policy)
    assert isinstance(outcome, Referred)
    assert outcome.queue is Queue.LEGAL
    assert outcome.proposal is not None
    assert outcome.proposal.decision == plain


@pytest.mark.parametrize(
    ("fault", "facts", "cause"),
    [
        (Fault.COMPANY, Facts(incident="INC-7"), "malfunction:INC-7"),
        (Fault.COMPANY, Facts(incident="Anna Nowak, +48 600"), "malfunction:fee_dispute"),
        (Fault.COMPANY, Facts(terms_accepted=False), "wrong_fee:fee_dispute"),
        (Fault.SHARED, BROKEN, "broken_promise:fee_dispute"),
        (Fault.CUSTOMER, Facts(), None),
        (Fault.THIRD_PARTY, Facts(), None),
    ],
)
def test_each_fault_of_the_company_has_a_cause_without_personal_data(
    make_case: MakeCase, policy: Policy, fault: Fault, facts: Facts, cause: str | None
) -> None:
    case = make_case(fault=fault, facts=facts, category=Category.FEE_DISPUTE)
    outcome = decide(case, Known(), policy)
    assert isinstance(outcome, Decided)
    assert outcome.answer.cause == cause


@pytest.mark.parametrize(
    ("hours", "severity"),
    [(1, "slight"), (24, "slight"), (24.01, "moderate"), (72, "moderate"), (72.01, "serious")],
)
def test_severity_follows_the_facts_and_not_the_words(
    make_case: MakeCase, policy: Policy, hours: float, severity: str
) -> None:
    facts = Facts(due_at=DUE, paid_at=DUE + timedelta(hours=hours))
    for manner in SOME_MANNERS:
        outcome = decide(make_case(facts=facts, **manner), Known(), policy)
        assert isinstance(outcome, Decided)
        assert outcome.answer.severity == severity


def test_the_past_is_told_only_to_whom_it_was_counted_against(
    make_case: MakeCase, policy: Policy
) -> None:
    past = Known(history=History(times=1, euros=Decimal(5)))
    slip = decision_of(decide(make_case(facts=LATE), past, policy)).particulars
    owed = decision_of(decide(make_case(**COMPANY), past, policy)).particulars
    assert slip is not None
    assert owed is not None
    assert (slip.exceptions, slip.days_forgiven, slip.days_late) == (1, 3, 1)
    assert (owed.exceptions, owed.days_forgiven) == (None, None)
