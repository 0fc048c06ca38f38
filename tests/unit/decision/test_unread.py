"""A message in no language that is read: a person answers it, whatever the bank's facts show."""

from datetime import timedelta

import pytest
from hypothesis import given

from services.decision.desk.reasons import sentence
from services.decision.merits.decide import decide
from services.decision.merits.known import Known
from services.decision.merits.outcome import Decided, Referred
from services.decision.policy.model import Policy
from shared.events.answer import Disposition
from shared.events.case import Category, Facts
from shared.events.catalogue import CaseClassified, Queue
from shared.events.tags import UNREAD, Fault, Flag
from tests.unit.decision.cases import BROKEN, DUE, MakeCase
from tests.unit.decision.spaces import Drawn, answer_in, knowledge, manners, many, matters

HOUR = timedelta(hours=1)
COVERED = Facts(
    due_at=DUE,
    paid_at=DUE + HOUR,
    incident="INC-1",
    incident_from=DUE - HOUR,
    incident_to=DUE + HOUR,
)
SHOWN = [
    (Category.MISSED_DUE_DATE, Facts(due_at=DUE, paid_at=DUE)),
    (Category.SERVICE_DELAY, BROKEN),
    (Category.FRAUD, Facts(authorised=False)),
    (Category.APP_OUTAGE, COVERED),
]


def unread(case: CaseClassified) -> CaseClassified:
    """Return the case as it is where nobody could read the message."""
    tags = case.tags.model_copy(update={"language": UNREAD})
    return case.model_copy(update={"tags": tags})


@pytest.mark.parametrize(("category", "facts"), SHOWN)
def test_what_facts_prove_of_an_unread_message_is_proposed_to_a_person(
    make_case: MakeCase, policy: Policy, category: Category, facts: Facts
) -> None:
    case = make_case(category=category, facts=facts, fault=Fault.UNCLEAR, confidence=0.2)
    read, outcome = decide(case, Known(), policy), decide(unread(case), Known(), policy)
    assert isinstance(read, Decided)
    assert isinstance(outcome, Referred)
    assert outcome.reason == "language_not_read"
    assert outcome.proposal == read.answer
    assert outcome.at_once == ()


@pytest.mark.parametrize(
    ("flags", "queue"), [((), Queue.FRAUD), ((Flag.VULNERABLE,), Queue.SPECIALIST)]
)
def test_an_unread_report_of_theft_keeps_its_queue_and_its_refund(
    make_case: MakeCase, policy: Policy, flags: tuple[Flag, ...], queue: Queue
) -> None:
    facts = Facts(authorised=False)
    case = make_case(category=Category.FRAUD, facts=facts, fault=Fault.UNCLEAR, flags=flags)
    outcome = decide(unread(case), Known(), policy)
    assert isinstance(outcome, Referred)
    assert outcome.queue is queue
    assert answer_in(outcome).decision.disposition is Disposition.UPHELD


@many
@given(matter=matters, manner=manners, known=knowledge)
def test_nothing_unread_is_answered_without_a_person_nor_answered_otherwise(
    make_case: MakeCase, policy: Policy, matter: Drawn, manner: Drawn, known: Known
) -> None:
    case = make_case(**matter, **manner)
    outcome = decide(unread(case), known, policy)
    assert isinstance(outcome, Referred)
    assert answer_in(outcome) == answer_in(decide(case, known, policy))


def test_the_person_is_told_that_nobody_has_read_it() -> None:
    assert "language" in sentence(Queue.REVIEW, "language_not_read")
    assert "(" not in sentence(Queue.REVIEW, "language_not_read")
