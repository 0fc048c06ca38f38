"""By which ways a customer is reached: one at a time, the preferred one first, each once."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain import (
    Channel,
    Language,
    Outgoing,
    Plan,
    Receipt,
    Recipient,
    Unreachable,
)
from services.notifier.reaching import PERSONAL, address, fall_back, phone_of, ways_to

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
EVERYTHING = frozenset(Channel)
ANNA = Recipient(
    "Anna", "anna@example.com", None, "pl", "PL", phone="+48 600 100 200", preferred=None
)


def _plan() -> Plan:
    return Plan(uuid4(), "C-1", 0, Receipt(), "pl", uuid4(), "", NOW)


def _outgoing(recipient: Recipient, channel: Channel, again_at: datetime | None = None) -> Outgoing:
    return Outgoing(uuid4(), uuid4(), 0, NOW, _plan(), channel, Language.PL, recipient, again_at)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+48 600-100-200", "+48600100200"),
        ("+1 (212) 555.0100", "+12125550100"),
        ("600 100 200", None),
        ("0048600100200", None),
        ("+0600100200", None),
        ("+48600", None),
        ("+4860010020012345", None),
        ("+48600100200\r\nx", None),
        ("+４８600100200", None),  # noqa: RUF001 - digits of full width
        ("", None),
        (None, None),
    ],
)
def test_a_phone_number_is_international_or_none(text: str | None, number: str | None) -> None:
    assert phone_of(text) == number


@pytest.mark.parametrize(
    ("preferred", "first"), [(None, "email"), ("email", "email"), ("phone", "sms")]
)
def test_the_preferred_contact_comes_first(
    preferred: Literal["email", "phone"] | None, first: str
) -> None:
    ways = ways_to(replace(ANNA, preferred=preferred), EVERYTHING)
    assert ways[0] == first
    assert set(ways) == set(PERSONAL)


def test_without_a_gateway_there_is_no_sms_and_that_is_said() -> None:
    offered = {Channel.EMAIL, Channel.WEBHOOK}
    assert ways_to(ANNA, offered) == [Channel.EMAIL]
    nobody = address(_plan(), replace(ANNA, email=None), offered)
    assert isinstance(nobody, Unreachable)
    assert nobody.why == "there is no SMS gateway"


def test_what_an_operator_sends_again_goes_by_no_other_way() -> None:
    assert fall_back(_outgoing(ANNA, Channel.EMAIL), (), EVERYTHING) is not None
    assert fall_back(_outgoing(ANNA, Channel.EMAIL, NOW), (), EVERYTHING) is None


RECIPIENTS = st.builds(
    Recipient,
    name=st.none(),
    email=st.sampled_from([None, "anna@example.com"]),
    webhook=st.sampled_from([None, "https://bank.example/hook"]),
    language=st.none(),
    jurisdiction=st.none(),
    phone=st.sampled_from([None, "600", "+48600100200"]),
    preferred=st.sampled_from([None, "email", "phone"]),
    unusable=st.frozensets(st.sampled_from(["email", "sms"])),
)


@given(RECIPIENTS, st.frozensets(st.sampled_from(list(Channel))))
def test_falling_back_tries_each_way_once_and_ends(
    recipient: Recipient, offered: frozenset[Channel]
) -> None:
    found = address(_plan(), recipient, offered)
    planned = [] if isinstance(found, Unreachable) else found
    personal = [one for one in planned if one.channel in PERSONAL]
    assert len(personal) <= 1
    tried = []
    following = personal[0] if personal else None
    while following is not None:
        assert following.channel not in tried
        assert following.channel in offered
        assert following.channel not in recipient.unusable
        tried.append(following.channel)
        following = fall_back(_outgoing(recipient, following.channel), (), offered)
    assert tried == ways_to(recipient, offered)
