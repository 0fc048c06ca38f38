"""A link leads to one case until one day; whatever else is shown leads nowhere."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.status_page.links import Expired, Good, Links
from services.notifier.status_page.pace import Pace

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
OLD, NEW = "o" * 32, "n" * 32
LIFE = timedelta(days=90)
LINKS = Links("https://bank.example/cases/", [NEW], LIFE)


@given(case_id=st.uuids())
def test_a_link_leads_to_its_case_until_its_time_is_over(case_id: UUID) -> None:
    link = LINKS.link(case_id, NOW)
    assert link.startswith("https://bank.example/cases/s/")
    token = link.rpartition("/")[2]
    found = LINKS.read(token, NOW + LIFE)
    assert isinstance(found, Good)
    assert (found.case_id, found.token) == (case_id, token)
    assert NOW + LIFE <= found.expires_at <= NOW + LIFE + timedelta(hours=1)
    assert LINKS.read(token, found.expires_at) == Expired(case_id, token)


@given(position=st.integers(0, 47), letter=st.sampled_from("AQZaz09-_"))
def test_a_link_with_any_letter_changed_is_like_none(position: int, letter: str) -> None:
    token = LINKS.token(UUID(int=1), NOW)
    changed = token[:position] + letter + token[position + 1 :]
    found = LINKS.read(changed, NOW)
    assert (found is None) == (changed != token)


@given(text=st.text(max_size=60))
def test_what_is_no_link_is_none_and_never_an_error(text: str) -> None:
    assert LINKS.read(text, NOW) is None
    assert LINKS.act_of(LINKS.token(UUID(int=1), NOW), text) is None


def test_a_message_that_is_sent_again_has_the_same_link() -> None:
    case_id = uuid4()
    assert LINKS.link(case_id, NOW) == LINKS.link(case_id, NOW + timedelta(minutes=20))


def test_while_a_secret_is_changed_links_of_both_are_good_and_the_new_one_signs() -> None:
    old, both = Links("https://x", [OLD], LIFE), Links("https://x", [NEW, OLD], LIFE)
    case_id = uuid4()
    assert isinstance(both.read(old.token(case_id, NOW), NOW), Good)
    assert both.token(case_id, NOW) == LINKS.token(case_id, NOW)
    assert old.read(both.token(case_id, NOW), NOW) is None


@pytest.mark.parametrize("secrets", [[], ["short"], [NEW, ""]])
def test_there_is_no_link_without_a_good_secret(secrets: list[str]) -> None:
    with pytest.raises(ValueError, match="32"):
        Links("https://x", secrets, LIFE)


def test_a_form_is_good_for_its_own_link_and_each_has_its_own_name() -> None:
    mine, other = LINKS.token(uuid4(), NOW), LINKS.token(uuid4(), NOW)
    first, second = LINKS.form(mine), LINKS.form(mine)
    assert LINKS.act_of(mine, first) is not None
    assert LINKS.act_of(mine, first) != LINKS.act_of(mine, second)
    assert LINKS.act_of(other, first) is None
    nonce, _, signature = first.partition(".")
    assert LINKS.act_of(mine, f"{second.partition('.')[0]}.{signature}") is None
    assert LINKS.act_of(mine, f"{nonce}.{signature[:-1]}") is None


@given(gaps=st.lists(st.floats(0, 30), min_size=20, max_size=200))
def test_a_link_is_never_used_more_than_its_burst_and_its_pace_allow(gaps: list[float]) -> None:
    now = 0.0
    pace = Pace(10, 6, lambda: now)
    uses = []
    for gap in gaps:
        now += gap
        if pace.allows("link"):
            uses.append(now)
            assert pace.allows("other") or len(uses) > 10
    for start in uses:
        within = [use for use in uses if start <= use <= start + 60]
        assert len(within) <= 10 + 6 + 1


def test_who_waits_as_long_as_was_said_may_go_on() -> None:
    now = 0.0
    pace = Pace(2, 60, lambda: now)
    assert [pace.allows("x") for _ in range(3)] == [True, True, False]
    now += pace.wait("x")
    assert pace.allows("x")
    assert not pace.allows("x")
