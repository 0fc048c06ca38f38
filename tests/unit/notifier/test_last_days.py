"""A date that a customer is told as a day is the last day on which it holds, at their place."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain import (
    Asked,
    Closed,
    Content,
    Delayed,
    InReview,
    Language,
    Receipt,
    Verifying,
)
from services.notifier.messages import catalogue
from services.notifier.messages.render import Voice
from services.notifier.places import ZONES, last_day, last_moment, there
from services.notifier.telling import with_last_days
from shared.events.answer import Disposition
from shared.events.catalogue import Question

CASE = UUID(int=7)
HOUR = timedelta(hours=1)
MIDNIGHT = datetime(2026, 12, 20, 23, tzinfo=UTC)
"""The midnight in Warsaw that ends 20 December."""
LAST = datetime(2026, 12, 20, 22, 59, 59, tzinfo=UTC)
EARLIER = datetime(2026, 11, 30, 23, tzinfo=UTC)
VOICE = Voice(catalogue.load())
BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
HOURS = 20 * 365 * 24
INSTANTS = st.one_of(
    st.integers(0, HOURS * 3_600_000).map(lambda n: BEGIN + n * timedelta(milliseconds=1)),
    # Full hours: some of them are midnight somewhere.
    st.integers(0, HOURS).map(lambda n: BEGIN + n * HOUR),
)


@pytest.mark.parametrize(
    ("place", "midnight"),
    [
        ("PL", MIDNIGHT),
        ("PL", datetime(2026, 10, 24, 22, tzinfo=UTC)),  # the next day has 25 hours
        ("PL", datetime(2026, 10, 25, 23, tzinfo=UTC)),
        ("PL", datetime(2026, 3, 28, 23, tzinfo=UTC)),  # the next day has 23 hours
        ("PL", datetime(2026, 3, 29, 22, tzinfo=UTC)),
        ("US", datetime(2026, 12, 21, 5, tzinfo=UTC)),  # west of UTC
        ("US", datetime(2026, 11, 1, 4, tzinfo=UTC)),
        ("US", datetime(2026, 11, 2, 5, tzinfo=UTC)),
        ("RU", datetime(2026, 12, 20, 21, tzinfo=UTC)),
        ("", datetime(2026, 12, 21, tzinfo=UTC)),  # no place: the clock is UTC
        ("XX", datetime(2026, 12, 21, tzinfo=UTC)),
    ],
)
def test_a_deadline_at_midnight_holds_to_the_last_second_of_the_day_before(
    place: str, midnight: datetime
) -> None:
    last = last_moment(midnight, place)
    assert last == midnight - timedelta(seconds=1)
    assert there(last, place).date() == last_day(midnight, place)
    assert there(midnight, place).date() - there(last, place).date() == timedelta(days=1)


@pytest.mark.parametrize(
    ("place", "instant"),
    [
        ("PL", datetime(2026, 12, 20, 16, tzinfo=UTC)),  # 17:00
        ("PL", datetime(2026, 12, 21, tzinfo=UTC)),  # midnight elsewhere
        ("US", datetime(2026, 12, 21, tzinfo=UTC)),
        ("US", MIDNIGHT),
        ("", MIDNIGHT),
        ("", datetime(2026, 12, 20, 17, tzinfo=UTC)),
    ],
)
def test_a_deadline_within_a_day_stays_as_it_is(place: str, instant: datetime) -> None:
    assert last_moment(instant, place) == instant


@given(instant=INSTANTS, place=st.sampled_from([*ZONES, "", "XX"]))
def test_the_day_that_is_told_is_the_last_before_the_deadline_and_told_again_stays(
    instant: datetime, place: str
) -> None:
    last = last_moment(instant, place)
    assert there(last, place).date() == last_day(instant, place) == last_day(last, place)
    assert last_moment(last, place) == last
    assert last in {instant, instant - timedelta(seconds=1)}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (InReview(answer_due_at=MIDNIGHT), InReview(answer_due_at=LAST)),
        (InReview(), InReview()),
        (
            Delayed(promised=EARLIER, due_at=MIDNIGHT, reason="checking"),
            Delayed(promised=EARLIER - timedelta(seconds=1), due_at=LAST, reason="checking"),
        ),
        (Delayed(due_at=MIDNIGHT), Delayed(due_at=LAST)),
        (Delayed(due_at=MIDNIGHT - 7 * HOUR), Delayed(due_at=MIDNIGHT - 7 * HOUR)),
        (
            Asked(question=Question.WHAT_HAPPENED, answer_by=MIDNIGHT),
            Asked(question=Question.WHAT_HAPPENED, answer_by=LAST),
        ),
        (Receipt(next_on=MIDNIGHT.date()), Receipt(next_on=MIDNIGHT.date())),
        # Told with its time of day, and an instant that has been.
        (Verifying(answer_by=MIDNIGHT), Verifying(answer_by=MIDNIGHT)),
        (
            Closed(answered_at=MIDNIGHT, disposition=Disposition.UPHELD),
            Closed(answered_at=MIDNIGHT, disposition=Disposition.UPHELD),
        ),
    ],
)
def test_a_notice_ends_its_days_in_time_and_says_nothing_else_anew(
    content: Content, told: Content
) -> None:
    assert with_last_days(content, "PL") == told


@pytest.mark.parametrize(
    "content",
    [
        InReview(answer_due_at=MIDNIGHT),
        Delayed(promised=EARLIER, due_at=MIDNIGHT),
        Asked(question=Question.WHAT_HAPPENED, answer_by=MIDNIGHT),
    ],
)
def test_mail_and_sms_name_the_last_day_and_not_the_day_after_it(content: Content) -> None:
    told = with_last_days(content, "PL")
    mail = VOICE.say(told, case_id=CASE, name=None, language=Language.PL, jurisdiction="PL").plain
    sms = VOICE.say_shortly(told, language=Language.PL, jurisdiction="PL", link="x")
    for said in (mail, sms):
        assert "20 grudnia 2026" in said
        assert "21 grudnia" not in said
    assert ("30 listopada 2026" in mail) is isinstance(content, Delayed)
    assert "1 grudnia 2026" not in mail
