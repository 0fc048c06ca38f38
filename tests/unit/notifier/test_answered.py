"""A customer who has the answer is not told that a person is still looking."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.notifier.telling import content_of
from shared.events.catalogue import CaseReferred, Queue


@pytest.mark.parametrize("answered", [True, False])
def test_in_review_is_told_only_where_the_answer_is_open(*, answered: bool) -> None:
    referral = CaseReferred(
        case_id=UUID(int=1),
        customer_id="C-1",
        queue=Queue.SPECIALIST,
        priority=10,
        reason="vulnerable",
        answered=answered,
        language="en",
        referred_at=datetime(2026, 11, 20, tzinfo=UTC),
    )
    assert (content_of(referral) is None) is answered
