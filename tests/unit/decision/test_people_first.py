"""People first: who hears of a case, and what is given at once all the same."""

import pytest

from services.decision.merits.decide import decide
from services.decision.merits.known import History, Known
from services.decision.merits.outcome import Decided, Referred
from services.decision.policy.model import Policy
from shared.events.answer import Disposition, RemedyKind
from shared.events.case import Category, Facts
from shared.events.catalogue import Queue
from shared.events.tags import Fault, Flag, Pressure, Tone
from tests.unit.decision.cases import BROKEN, LATE, MakeCase


@pytest.mark.parametrize("flag", [Flag.LEGAL, Flag.STAFF_CONDUCT])
def test_a_vulnerable_customer_whom_a_person_must_answer_goes_to_the_specialist(
    make_case: MakeCase, policy: Policy, flag: Flag
) -> None:
    case = make_case(facts=LATE, flags=(flag, Flag.VULNERABLE), tone=Tone.ABUSIVE)
    outcome = decide(case, Known(), policy)
    assert isinstance(outcome, Referred)
    assert (outcome.queue, outcome.reason) == (Queue.SPECIALIST, flag.value)


def test_safety_and_violence_stay_ahead_of_vulnerability(
    make_case: MakeCase, policy: Policy
) -> None:
    safety = decide(make_case(flags=(Flag.SAFETY, Flag.VULNERABLE)), Known(), policy)
    violence = decide(
        make_case(flags=(Flag.VULNERABLE,), pressure=Pressure.VIOLENCE), Known(), policy
    )
    assert isinstance(safety, Referred)
    assert isinstance(violence, Referred)
    assert (safety.queue, violence.reason) == (Queue.SAFETY, "violence")


@pytest.mark.parametrize("category", [Category.SERVICE_DELAY, Category.STAFF_CONDUCT])
def test_what_is_owed_beside_a_staff_matter_is_given_at_once_with_an_apology(
    make_case: MakeCase, policy: Policy, category: Category
) -> None:
    case = make_case(
        fault=Fault.COMPANY, facts=BROKEN, flags=(Flag.STAFF_CONDUCT,), category=category
    )
    outcome = decide(case, Known(), policy)
    assert isinstance(outcome, Decided)
    assert outcome.told is Queue.STAFF_CONDUCT
    kinds = [remedy.kind for remedy in outcome.answer.decision.remedies]
    assert kinds.count(RemedyKind.APOLOGY) == 1


def test_goodwill_beside_a_staff_matter_is_given_at_once_with_an_apology(
    make_case: MakeCase, policy: Policy
) -> None:
    outcome = decide(make_case(facts=LATE, flags=(Flag.STAFF_CONDUCT,)), Known(), policy)
    assert isinstance(outcome, Decided)
    assert outcome.told is Queue.STAFF_CONDUCT
    assert outcome.answer.decision.disposition is Disposition.GOODWILL
    assert outcome.answer.decision.remedies[-1].kind is RemedyKind.APOLOGY


@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize("claim", [None, ("50", "EUR")])
def test_a_finding_about_an_employee_is_a_persons_and_the_apology_is_proposed(
    make_case: MakeCase, policy: Policy, fault: Fault, claim: tuple[str, str] | None
) -> None:
    case = make_case(fault=fault, category=Category.STAFF_CONDUCT, claim=claim)
    outcome = decide(case, Known(), policy)
    assert isinstance(outcome, Referred)
    assert (outcome.queue, outcome.reason) == (Queue.STAFF_CONDUCT, "staff_conduct")
    assert outcome.proposal is not None
    kinds = {remedy.kind for remedy in outcome.proposal.decision.remedies}
    assert RemedyKind.APOLOGY in kinds


def test_a_staff_matter_of_a_vulnerable_customer_is_told_to_the_specialist(
    make_case: MakeCase, policy: Policy
) -> None:
    case = make_case(fault=Fault.COMPANY, facts=BROKEN, flags=(Flag.STAFF_CONDUCT, Flag.VULNERABLE))
    outcome = decide(case, Known(), policy)
    assert isinstance(outcome, Decided)
    assert outcome.told is Queue.SPECIALIST


def test_a_decline_beside_a_staff_matter_is_a_persons(make_case: MakeCase, policy: Policy) -> None:
    case = make_case(facts=LATE, flags=(Flag.STAFF_CONDUCT,), tone=Tone.ABUSIVE)
    outcome = decide(case, Known(), policy)
    assert isinstance(outcome, Referred)
    assert outcome.queue is Queue.STAFF_CONDUCT


@pytest.mark.parametrize("told", [{}, {"facts": Facts(rejected_by="shop"), "claim": ("90", "EUR")}])
def test_a_staff_matter_does_not_wait_for_a_question_or_a_check(
    make_case: MakeCase, policy: Policy, told: dict[str, object]
) -> None:
    case = make_case(
        fault=Fault.UNCLEAR, category=Category.FEE_DISPUTE, flags=(Flag.STAFF_CONDUCT,), **told
    )
    outcome = decide(case, Known(history=History(contradicted=4)), policy)
    assert isinstance(outcome, Referred)
    assert (outcome.queue, outcome.reason) == (Queue.STAFF_CONDUCT, "staff_conduct")
    assert [remedy.kind for remedy in outcome.at_once] == [RemedyKind.APOLOGY]
