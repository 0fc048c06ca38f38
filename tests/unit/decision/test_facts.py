"""Facts: what they prove, what they contradict, and who must look where they do not tell."""

from datetime import timedelta

import pytest

from services.decision.merits.decide import decide
from services.decision.merits.known import Known
from services.decision.merits.outcome import Decided, Referred
from services.decision.policy.model import Policy
from shared.events.answer import Basis, Disposition, RemedyKind
from shared.events.case import Category, Facts
from shared.events.catalogue import Queue
from shared.events.tags import Fault, Tone
from tests.unit.decision.cases import BROKEN, DUE, LATE, MakeCase

COVERED = Facts(
    due_at=DUE,
    paid_at=DUE + timedelta(hours=2),
    incident="INC-1",
    incident_from=DUE - timedelta(hours=2),
    incident_to=DUE + timedelta(hours=1),
)
IN_TIME = Facts(due_at=DUE, paid_at=DUE)


@pytest.mark.parametrize(
    ("facts", "category"),
    [
        (IN_TIME, Category.MISSED_DUE_DATE),
        (IN_TIME, Category.FEE_DISPUTE),
        (BROKEN, Category.SERVICE_DELAY),
        (COVERED, Category.MISSED_DUE_DATE),
        (Facts(terms_accepted=False), Category.FEE_DISPUTE),
        (Facts(terms_accepted=False), Category.TERMS_CHANGE),
    ],
)
@pytest.mark.parametrize("tone", [Tone.COURTEOUS, Tone.ABUSIVE])
@pytest.mark.parametrize("confidence", [0.9, 0.1])
def test_what_the_banks_facts_prove_is_owed_whatever_the_tone_and_the_confidence(  # noqa: PLR0913, PLR0917 - drawn
    make_case: MakeCase,
    policy: Policy,
    facts: Facts,
    category: Category,
    tone: Tone,
    confidence: float,
) -> None:
    case = make_case(
        fault=Fault.COMPANY, facts=facts, category=category, tone=tone, confidence=confidence
    )
    outcome = decide(case, Known(), policy)
    assert isinstance(outcome, Decided)
    decision = outcome.answer.decision
    assert (decision.disposition, decision.basis) == (Disposition.UPHELD, Basis.ENTITLEMENT)


def test_a_doubtful_fault_stops_what_only_the_message_shows(
    make_case: MakeCase, policy: Policy
) -> None:
    outcome = decide(make_case(fault=Fault.COMPANY, confidence=0.1), Known(), policy)
    assert isinstance(outcome, Referred)
    assert outcome.reason == "fault_uncertain"


@pytest.mark.parametrize("facts", [BROKEN, COVERED, IN_TIME])
@pytest.mark.parametrize("fault", [Fault.CUSTOMER, Fault.THIRD_PARTY])
def test_blame_that_the_facts_contradict_goes_to_a_person_with_what_the_facts_show(
    make_case: MakeCase, policy: Policy, fault: Fault, facts: Facts
) -> None:
    outcome = decide(make_case(fault=fault, facts=facts), Known(), policy)
    assert isinstance(outcome, Referred)
    assert (outcome.queue, outcome.reason) == (Queue.REVIEW, "facts_contradict")
    assert outcome.proposal is not None
    assert outcome.proposal.decision.disposition is Disposition.UPHELD


def test_an_incident_that_was_over_contradicts_nothing(make_case: MakeCase, policy: Policy) -> None:
    over = COVERED.model_copy(update={"incident_to": DUE - timedelta(hours=1)})
    outcome = decide(make_case(facts=over), Known(), policy)
    assert isinstance(outcome, Decided)
    assert outcome.answer.decision.disposition is Disposition.GOODWILL


NAMED_ONLY = Facts(due_at=DUE, paid_at=DUE + timedelta(hours=2), incident="INC-1")


@pytest.mark.parametrize(
    ("fault", "disposition"),
    [
        (Fault.COMPANY, Disposition.UPHELD),
        (Fault.SHARED, Disposition.PARTLY_UPHELD),
        (Fault.CUSTOMER, Disposition.GOODWILL),
        (Fault.THIRD_PARTY, Disposition.GOODWILL),
    ],
)
@pytest.mark.parametrize("facts", [NAMED_ONLY, Facts(incident="INC-1")])
def test_an_incident_of_unknown_time_bears_out_what_the_message_says_and_contradicts_nothing(
    make_case: MakeCase, policy: Policy, fault: Fault, disposition: Disposition, facts: Facts
) -> None:
    outcome = decide(make_case(fault=fault, facts=facts), Known(), policy)
    assert isinstance(outcome, Decided)
    assert outcome.answer.decision.disposition is disposition
    if fault is Fault.COMPANY:
        assert outcome.answer.decision.basis is Basis.ENTITLEMENT


def test_an_incident_bears_out_nothing_that_no_outage_causes(
    make_case: MakeCase, policy: Policy
) -> None:
    facts = Facts(incident="INC-1")
    case = make_case(fault=Fault.COMPANY, facts=facts, category=Category.TERMS_CHANGE)
    outcome = decide(case, Known(), policy)
    assert isinstance(outcome, Decided)
    assert outcome.answer.decision.basis is Basis.TRUST


@pytest.mark.parametrize(
    ("facts", "category"),
    [
        (BROKEN, Category.SERVICE_DELAY),
        (COVERED, Category.MISSED_DUE_DATE),
        (IN_TIME, Category.MISSED_DUE_DATE),
        (Facts(promised_by=DUE), Category.PROMISE_BROKEN),
        (Facts(terms_accepted=False), Category.TERMS_CHANGE),
        (Facts(terms_accepted=False), Category.FEE_DISPUTE),
    ],
)
@pytest.mark.parametrize("tone", [Tone.COURTEOUS, Tone.ABUSIVE])
def test_what_the_facts_prove_is_owed_although_the_message_leaves_it_unclear(
    make_case: MakeCase, policy: Policy, facts: Facts, category: Category, tone: Tone
) -> None:
    case = make_case(fault=Fault.UNCLEAR, facts=facts, category=category, tone=tone)
    outcome = decide(case, Known(), policy)
    assert isinstance(outcome, Decided)
    decision = outcome.answer.decision
    assert (decision.disposition, decision.basis) == (Disposition.UPHELD, Basis.ENTITLEMENT)


KEPT = Facts(promised_by=DUE, delivered_at=DUE - timedelta(days=1))
OVER = COVERED.model_copy(update={"incident_to": DUE - timedelta(hours=1)})
AHEAD = Facts(promised_by=DUE + timedelta(days=60))


@pytest.mark.parametrize(
    ("fault", "category", "facts", "named"),
    [
        (Fault.COMPANY, Category.MISSED_DUE_DATE, LATE, ("paid_at", "due_at")),
        (Fault.COMPANY, Category.FEE_DISPUTE, LATE, ("paid_at", "due_at")),
        (Fault.COMPANY, Category.MISSED_DUE_DATE, OVER, ("incident", "due_at")),
        (Fault.COMPANY, Category.PROMISE_BROKEN, KEPT, ("delivered_at", "promised_by")),
        (Fault.SHARED, Category.SERVICE_DELAY, KEPT, ("delivered_at", "promised_by")),
        (Fault.COMPANY, Category.SERVICE_DELAY, AHEAD, ("promised_by", "received_at")),
        (Fault.UNCLEAR, Category.PROMISE_BROKEN, KEPT, ("delivered_at", "promised_by")),
        (Fault.CUSTOMER, Category.MISSED_DUE_DATE, IN_TIME, ("paid_at", "due_at", "fault")),
        (Fault.CUSTOMER, Category.MISSED_DUE_DATE, COVERED, ("incident", "due_at", "fault")),
        (Fault.THIRD_PARTY, Category.CARD_PROBLEM, BROKEN, ("promised_by", "delivered_at")),
        (
            Fault.CUSTOMER,
            Category.TERMS_CHANGE,
            Facts(terms_accepted=False),
            ("terms_accepted", "fault"),
        ),
        (
            Fault.CUSTOMER,
            Category.MISSED_DUE_DATE,
            COVERED.model_copy(update={"incident_from": DUE + timedelta(days=1)}),
            ("incident_from", "incident_to"),
        ),
        (
            Fault.CUSTOMER,
            Category.MISSED_DUE_DATE,
            Facts(due_at=DUE, paid_at=DUE + timedelta(days=90)),
            ("paid_at", "received_at"),
        ),
    ],
)
@pytest.mark.parametrize("tone", [Tone.COURTEOUS, Tone.ABUSIVE])
def test_facts_that_contradict_go_to_a_person_and_both_are_named(  # noqa: PLR0913, PLR0917 - drawn
    make_case: MakeCase,
    policy: Policy,
    fault: Fault,
    category: Category,
    facts: Facts,
    named: tuple[str, ...],
    tone: Tone,
) -> None:
    case = make_case(fault=fault, category=category, facts=facts, tone=tone)
    outcome = decide(case, Known(), policy)
    assert isinstance(outcome, Referred)
    assert outcome.reason == "facts_contradict"
    told = [detail.split(":")[0] for detail in outcome.detail]
    assert told[: len(named)] == list(named)
    assert outcome.proposal is not None


@pytest.mark.parametrize("category", [Category.FRAUD, Category.CARD_PROBLEM, Category.OTHER])
@pytest.mark.parametrize("fault", list(Fault))
def test_a_payment_that_was_not_authorised_is_owed_whoever_is_blamed(
    make_case: MakeCase, policy: Policy, fault: Fault, category: Category
) -> None:
    case = make_case(fault=fault, category=category, facts=Facts(authorised=False))
    outcome = decide(case, Known(), policy)
    assert isinstance(outcome, Decided)
    decision = outcome.answer.decision
    assert (decision.disposition, decision.basis) == (Disposition.UPHELD, Basis.ENTITLEMENT)
    assert decision.remedies[0].kind is RemedyKind.REFUND


def test_a_reported_fraud_that_the_records_call_authorised_is_a_persons(
    make_case: MakeCase, policy: Policy
) -> None:
    case = make_case(fault=Fault.UNCLEAR, category=Category.FRAUD, facts=Facts(authorised=True))
    outcome = decide(case, Known(), policy)
    assert isinstance(outcome, Referred)
    assert (outcome.queue, outcome.reason) == (Queue.FRAUD, "facts_contradict")


def test_what_an_authority_changed_is_no_change_of_the_banks(
    make_case: MakeCase, policy: Policy
) -> None:
    case = make_case(
        fault=Fault.THIRD_PARTY,
        category=Category.TERMS_CHANGE,
        facts=Facts(terms_accepted=False, rejected_by="authority"),
    )
    outcome = decide(case, Known(), policy)
    assert isinstance(outcome, Decided)
    assert outcome.answer.decision.reasons == ("third_party_help",)


def test_keys_that_nobody_knows_are_never_used(make_case: MakeCase, policy: Policy) -> None:
    case = make_case(fault=Fault.UNCLEAR, category=Category.FEE_DISPUTE)
    strange = case.model_copy(update={"facts": Facts(other={"vip": True, "refund": "yes"})})
    assert decide(strange, Known(), policy) == decide(case, Known(), policy)


@pytest.mark.parametrize(
    ("fault", "accepted", "lawful"),
    [
        (Fault.CUSTOMER, None, True),
        (Fault.CUSTOMER, True, True),
        (Fault.UNCLEAR, True, True),
        (Fault.UNCLEAR, None, False),
        (Fault.CUSTOMER, False, False),
        (Fault.THIRD_PARTY, None, False),
    ],
)
def test_a_change_of_terms_is_called_lawful_only_where_nothing_contradicts(
    make_case: MakeCase, policy: Policy, fault: Fault, *, accepted: bool | None, lawful: bool
) -> None:
    case = make_case(
        category=Category.TERMS_CHANGE, fault=fault, facts=Facts(terms_accepted=accepted)
    )
    outcome = decide(case, Known(), policy)
    assert isinstance(outcome, Decided) is lawful
    if isinstance(outcome, Decided):
        assert outcome.answer.decision.disposition is Disposition.DECLINED
    else:
        assert isinstance(outcome, Referred)
        assert outcome.proposal is not None


@pytest.mark.parametrize(
    ("category", "claim"),
    [(Category.OTHER, None), (Category.INFORMATION, ("20", "EUR"))],
)
def test_only_a_plain_question_is_answered_as_information(
    make_case: MakeCase, policy: Policy, category: Category, claim: tuple[str, str] | None
) -> None:
    case = make_case(category=category, fault=Fault.UNCLEAR, claim=claim, facts=IN_TIME)
    outcome = decide(case, Known(), policy)
    assert isinstance(outcome, Referred)
    assert outcome.reason == "fault_unclear"


def test_a_payment_in_time_restores_the_grace_period(make_case: MakeCase, policy: Policy) -> None:
    outcome = decide(make_case(fault=Fault.COMPANY, facts=IN_TIME), Known(), policy)
    assert isinstance(outcome, Decided)
    assert outcome.answer.decision.remedies[0].kind is RemedyKind.RESTORED_GRACE
