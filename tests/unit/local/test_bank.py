"""The sandbox bank answers from the facts of the question, by the rules that it states."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from deploy.local.bank.knowing import RULES, say
from shared.events.case import Facts
from shared.events.catalogue import VerificationRequested

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _asked(facts: Facts, question: str = "unclear") -> VerificationRequested:
    return VerificationRequested(
        case_id=UUID(int=1), customer_id="C-1", question=question, facts=facts, requested_at=NOW
    )


@pytest.mark.parametrize(
    ("facts", "question", "answer", "rule"),
    [
        (Facts(incident="INC-1"), "malfunction", "verified", 1),
        (Facts(promised_by=NOW, delivered_at=NOW + HOUR), "broken_promise", "verified", 1),
        (Facts(promised_by=NOW), "broken_promise", "verified", 1),
        (Facts(promised_by=NOW, delivered_at=NOW), "broken_promise", "contradicted", 4),
        (Facts(due_at=NOW, paid_at=NOW), "wrong_fee", "verified", 2),
        (Facts(due_at=NOW, paid_at=NOW + HOUR), "wrong_fee", "contradicted", 3),
        (Facts(authorised=True), "unauthorised_payment", "contradicted", 5),
        (Facts(authorised=False), "unauthorised_payment", "verified", 5),
        (Facts(authorised=True), "company_error", "verified", 6),
        (Facts(), "unclear", "unknown", 7),
    ],
)
def test_the_first_rule_that_fits_answers(
    facts: Facts, question: str, answer: str, rule: int
) -> None:
    said = say(_asked(facts, question))
    assert (said.answer, said.rule) == (answer, rule)
    assert 1 <= said.rule <= len(RULES)
    # The decision service takes no contradiction without something that shows it.
    assert said.evidence or said.answer != "contradicted"
