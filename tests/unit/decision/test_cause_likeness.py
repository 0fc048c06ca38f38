"""Which cases look like those of a cause; how anybody wrote never counts."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.decision.causes.likeness import (
    LOOK_BACK,
    Likeness,
    Pattern,
    likeness,
    pattern_of,
    with_cause,
)
from services.decision.causes.suggest import suggested, title_of
from services.decision.deliberation import answer_of
from services.decision.merits.decide import decide
from services.decision.merits.known import Known
from services.decision.policy.model import Policy
from shared.events.answer import Basis
from shared.events.case import Category, Facts, Product
from shared.events.catalogue import CaseClassified
from shared.events.tags import Fault, Pressure, Tone
from tests.unit.decision.conftest import RECEIVED, MakeCase

HOUR = timedelta(hours=1)
START = RECEIVED - timedelta(days=5)
END = START + 6 * HOUR


def _incident(make_case: MakeCase, *, window: bool = True) -> CaseClassified:
    facts = Facts(
        due_at=START + HOUR,
        incident="INC-1",
        incident_from=START if window else None,
        incident_to=END if window else None,
    )
    return make_case(fault=Fault.COMPANY, facts=facts)


def _pattern(*cases: CaseClassified) -> Pattern:
    found = pattern_of(cases)
    assert found is not None
    return found


def _due(make_case: MakeCase, due_at: datetime, incident: str | None = None) -> CaseClassified:
    return make_case(facts=Facts(due_at=due_at, paid_at=due_at + HOUR, incident=incident))


def test_no_cases_have_no_pattern() -> None:
    assert pattern_of([]) is None


@pytest.mark.parametrize(
    ("due_at", "expected"),
    [
        (START, "incident_window"),
        (END, "incident_window"),
        (START - HOUR, None),
        (END + HOUR, None),
    ],
)
def test_what_fell_into_the_window_of_an_incident_looks_alike(
    make_case: MakeCase, due_at: datetime, expected: Likeness | None
) -> None:
    pattern = _pattern(_incident(make_case))
    assert likeness(_due(make_case, due_at), pattern) == expected


def test_another_incident_or_category_does_not_look_alike(make_case: MakeCase) -> None:
    pattern = _pattern(_incident(make_case))
    assert likeness(_due(make_case, START, "INC-2"), pattern) is None
    other = _due(make_case, START).model_copy(update={"category": Category.FRAUD})
    assert likeness(other, pattern) is None


def test_without_a_window_the_days_of_the_cases_count(make_case: MakeCase) -> None:
    pattern = _pattern(_incident(make_case, window=False))
    assert likeness(_due(make_case, RECEIVED - HOUR), pattern) == "incident_days"
    assert likeness(_due(make_case, RECEIVED - timedelta(days=3)), pattern) is None


def test_promises_of_the_same_days_look_alike(make_case: MakeCase) -> None:
    def promised(day: int) -> CaseClassified:
        facts = Facts(promised_by=START + timedelta(days=day))
        return make_case(category=Category.SERVICE_DELAY, facts=facts)

    pattern = _pattern(promised(0), promised(4))
    alike = [day for day in range(-3, 8) if likeness(promised(day), pattern) == "promised_days"]
    assert alike == [-1, 0, 1, 2, 3, 4, 5]


def test_otherwise_category_product_and_country_must_be_the_same(make_case: MakeCase) -> None:
    mine = make_case(category=Category.FEE_DISPUTE, fault=Fault.COMPANY)
    pattern = _pattern(mine)
    assert likeness(mine, pattern) == "same_matter"
    for update in ({"product": Product.LOAN}, {"jurisdiction": "DE"}):
        assert likeness(mine.model_copy(update=update), pattern) is None
    long_ago = {"received_at": RECEIVED - LOOK_BACK - HOUR}
    assert likeness(mine.model_copy(update=long_ago), pattern) is None


@given(tone=st.sampled_from(Tone), pressure=st.sampled_from(Pressure), fault=st.sampled_from(Fault))
def test_likeness_does_not_see_how_anybody_wrote(
    make_case: MakeCase, tone: Tone, pressure: Pressure, fault: Fault
) -> None:
    pattern = _pattern(_incident(make_case))
    facts = Facts(due_at=START + HOUR, paid_at=END)
    told = make_case(tone=tone, pressure=pressure, fault=fault, facts=facts)
    assert likeness(told, pattern) == "incident_window"


def test_with_its_cause_an_own_slip_is_owed(policy: Policy, make_case: MakeCase) -> None:
    pattern = _pattern(_incident(make_case))
    slip = make_case(tone=Tone.RUDE, facts=Facts(due_at=START + HOUR, paid_at=END))
    answer = answer_of(decide(with_cause(slip, pattern), Known(), policy))
    assert answer is not None
    assert answer.decision.basis is Basis.ENTITLEMENT


def test_the_suggestion_is_the_answers_cause_with_its_cost(
    policy: Policy, make_case: MakeCase
) -> None:
    case = _incident(make_case)
    answer = answer_of(decide(case, Known(), policy))
    assert answer is not None
    found = suggested(case, answer)
    assert (found.case_id, found.customer_id) == (UUID(int=1), "C-1")
    assert (found.key, found.euros) == (answer.cause, answer.cost)
    assert found.key is not None
    assert found.key.startswith("malfunction:")


def test_without_a_company_fault_no_cause_is_suggested(policy: Policy, make_case: MakeCase) -> None:
    case = make_case(facts=Facts(due_at=START, paid_at=END))
    assert suggested(case, answer_of(decide(case, Known(), policy))).key is None
    assert suggested(case, None).key is None


@pytest.mark.parametrize(
    ("key", "title"),
    [
        ("wrong_fee:fee_dispute", "Wrong fee: fee dispute"),
        ("malfunction:INC_7-a", "Malfunction: INC_7-a"),
        ("fee_table", "Fee table"),
    ],
)
def test_a_key_is_read_as_words(key: str, title: str) -> None:
    assert title_of(key) == title
