"""Nobody is rung at night or told too often; what the law asks for is never kept back."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.channels.pacing import Pace, QuietHours
from services.notifier.domain import (
    Asked,
    Channel,
    Content,
    Delayed,
    FinalAnswer,
    InReview,
    Language,
    NewLink,
    Outgoing,
    Plan,
    Receipt,
    Recipient,
)
from shared.events.answer import Basis, Disposition
from shared.events.catalogue import Question

NIGHT = QuietHours(time(21), time(8))
TWO_AT_NIGHT = datetime(2026, 11, 20, 1, tzinfo=UTC)  # in Warsaw


@dataclass
class Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now


def _notice(content: Content, jurisdiction: str = "PL") -> Outgoing:
    recipient = Recipient("Anna", None, None, None, jurisdiction, phone="+48600100200")
    plan = Plan(uuid4(), "C-1", 0, content, None, uuid4(), "", TWO_AT_NIGHT)
    return Outgoing(uuid4(), uuid4(), 0, TWO_AT_NIGHT, plan, Channel.SMS, Language.PL, recipient)


@pytest.mark.parametrize(
    "content",
    [
        InReview(),
        Delayed(due_at=TWO_AT_NIGHT),
        FinalAnswer(disposition=Disposition.UPHELD, basis=Basis.PERSON),
    ],
)
def test_what_the_law_asks_for_never_waits(content: Content) -> None:
    pace = Pace(1, Clock(TWO_AT_NIGHT), NIGHT)
    assert [pace.wait(_notice(content), "x") for _ in range(5)] == [None] * 5


def test_a_receipt_waits_for_the_morning_of_its_customer() -> None:
    pace = Pace(10, Clock(TWO_AT_NIGHT), NIGHT)
    asked = Asked(question=Question.WHAT_HAPPENED, answer_by=TWO_AT_NIGHT)
    assert pace.wait(_notice(Receipt()), "x") == timedelta(hours=6)
    assert pace.wait(_notice(asked), "x") == timedelta(hours=6)


def test_it_is_night_by_the_clocks_at_the_customers_place() -> None:
    assert NIGHT.left(TWO_AT_NIGHT, "PL") == timedelta(hours=6)
    assert NIGHT.left(TWO_AT_NIGHT, "US") is None  # eight in the evening in New York
    assert NIGHT.left(TWO_AT_NIGHT, None) == timedelta(hours=7)


def test_a_night_in_which_the_clocks_go_back_is_an_hour_longer() -> None:
    before = datetime(2026, 10, 24, 20, tzinfo=UTC)  # ten in the evening in Warsaw
    assert NIGHT.left(before, "PL") == timedelta(hours=11)


def test_a_link_that_somebody_waits_for_comes_at_night() -> None:
    assert Pace(10, Clock(TWO_AT_NIGHT), NIGHT).wait(_notice(NewLink()), "x") is None


def test_too_many_to_one_contact_wait_for_the_next_hour_and_others_do_not() -> None:
    clock = Clock(TWO_AT_NIGHT)
    pace = Pace(2, clock)
    assert [pace.wait(_notice(Receipt()), "a") for _ in range(3)] == [
        None,
        None,
        timedelta(hours=1),
    ]
    assert pace.wait(_notice(Receipt()), "b") is None
    clock.now += timedelta(minutes=59)
    assert pace.wait(_notice(Receipt()), "a") == timedelta(minutes=1)
    clock.now += timedelta(minutes=1)
    assert pace.wait(_notice(Receipt()), "a") is None


def test_what_an_operator_sends_again_does_not_wait() -> None:
    pace = Pace(1, Clock(TWO_AT_NIGHT), NIGHT)
    again = replace(_notice(Receipt()), again_at=TWO_AT_NIGHT)
    assert pace.wait(again, "x") is None


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds the zone
    st.times(),
    st.times(),
    st.sampled_from(["PL", "US", "UA", None]),
)
def test_after_the_wait_the_night_is_over(
    now: datetime, begin: time, end: time, jurisdiction: str | None
) -> None:
    quiet = QuietHours(begin.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0))
    left = quiet.left(now, jurisdiction)
    if left is not None and quiet.begin != quiet.end:
        assert timedelta() < left <= timedelta(hours=25)
        assert quiet.left(now + left, jurisdiction) is None
