"""How far a notice has come is told by the last thing that is known of it."""

from datetime import UTC, datetime

import pytest

from services.notifier.domain import Recipient
from services.notifier.records.views import contacts_json, state_of

AT = datetime(2026, 11, 20, 10, tzinfo=UTC)
NOTHING = dict.fromkeys(("outcome", "bounced_at", "read_at", "delivered_at"))


@pytest.mark.parametrize(
    ("known", "state"),
    [
        ({}, "queued"),
        ({"delivered_at": AT}, "queued"),
        ({"outcome": "failed"}, "failed"),
        ({"outcome": "no_contact"}, "no_contact"),
        ({"outcome": "sent"}, "sent"),
        ({"outcome": "sent", "delivered_at": AT}, "delivered"),
        ({"outcome": "sent", "delivered_at": AT, "read_at": AT}, "read"),
        ({"outcome": "sent", "bounced_at": AT}, "bounced"),
        ({"outcome": "sent", "bounced_at": AT, "read_at": AT}, "bounced"),
    ],
)
def test_the_state_is_the_last_thing_that_is_known(known: dict[str, object], state: str) -> None:
    assert state_of({**NOTHING, **known}) == state


def test_contacts_are_told_without_being_shown() -> None:
    recipient = Recipient(
        "Anna",
        "anna@example.com",
        None,
        None,
        None,
        phone="600 100 200",
        preferred="phone",
        unusable=frozenset({"email"}),
    )
    assert contacts_json(recipient) == {
        "email": "not usable",
        "phone": "not usable",
        "webhook": "none",
        "preferred": "phone",
    }
