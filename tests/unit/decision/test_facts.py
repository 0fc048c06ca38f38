"""Facts: what they prove, what they contradict, and who must look where they do not tell."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from services.decision.decide import Decided, Referred, decide
from services.decision.goodwill import History
from services.decision.policy.model import Policy
from shared.events.answer import Basis, Disposition, RemedyKind
from shared.events.case import Category, Facts
from shared.events.catalogue import CaseClassified, Queue
from shared.events.tags import Fault, Tone

MakeCase = Callable[..., CaseClassified]
DUE = datetime(2026, 10, 31, 22, 59, 59, tzinfo=UTC)
BROKEN = Facts(promised_by=DUE, delivered_at=DUE + timedelta(days=2))
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
    outcome = decide(case, History(), policy)
    assert isinstance(outcome, Decided)
    decision = outcome.answer.decision
    assert (decision.disposition, decision.basis) == (Disposition.UPHELD, Basis.ENTITLEMENT)


def test_a_doubtful_fault_stops_what_only_the_message_shows(
    make_case: MakeCase, policy: Policy
) -> None:
    outcome = decide(make_case(fault=Fault.COMPANY, confidence=0.1), History(), policy)
    assert isinstance(outcome, Referred)
    assert outcome.reason == "fault_uncertain"


@pytest.mark.parametrize("facts", [BROKEN, COVERED, IN_TIME])
@pytest.mark.parametrize("fault", [Fault.CUSTOMER, Fault.THIRD_PARTY])
def test_blame_that_the_facts_contradict_goes_to_a_person_with_what_the_facts_show(
    make_case: MakeCase, policy: Policy, fault: Fault, facts: Facts
) -> None:
    outcome = decide(make_case(fault=fault, facts=facts), History(), policy)
    assert isinstance(outcome, Referred)
    assert (outcome.queue, outcome.reason) == (Queue.REVIEW, "facts_contradict")
    assert outcome.proposal is not None
    assert outcome.proposal.decision.disposition is Disposition.UPHELD


def test_an_incident_that_was_over_contradicts_nothing(make_case: MakeCase, policy: Policy) -> None:
    over = COVERED.model_copy(update={"incident_to": DUE - timedelta(hours=1)})
    outcome = decide(make_case(facts=over), History(), policy)
    assert isinstance(outcome, Decided)
    assert outcome.answer.decision.disposition is Disposition.GOODWILL


@pytest.mark.parametrize(
    ("fault", "accepted", "lawful"),
    [
        (Fault.CUSTOMER, None, True),
        (Fault.CUSTOMER, True, True),
        (Fault.UNCLEAR, True, True),
        (Fault.UNCLEAR, None, False),
        (Fault.UNCLEAR, False, False),
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
    outcome = decide(case, History(), policy)
    assert isinstance(outcome, Decided) is lawful
    if isinstance(outcome, Decided):
        assert outcome.answer.decision.disposition is Disposition.DECLINED
    else:
        assert outcome.proposal is not None


@pytest.mark.parametrize(
    ("category", "claim"),
    [(Category.OTHER, None), (Category.APP_OUTAGE, None), (Category.INFORMATION, ("20", "EUR"))],
)
def test_only_a_plain_question_is_answered_as_information(
    make_case: MakeCase, policy: Policy, category: Category, claim: tuple[str, str] | None
) -> None:
    case = make_case(category=category, fault=Fault.UNCLEAR, claim=claim, facts=IN_TIME)
    outcome = decide(case, History(), policy)
    assert isinstance(outcome, Referred)
    assert outcome.reason == "fault_unclear"


def test_a_payment_in_time_restores_the_grace_period(make_case: MakeCase, policy: Policy) -> None:
    outcome = decide(make_case(fault=Fault.COMPANY, facts=IN_TIME), History(), policy)
    assert isinstance(outcome, Decided)
    assert outcome.answer.decision.remedies[0].kind is RemedyKind.RESTORED_GRACE
