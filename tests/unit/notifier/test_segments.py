"""SMS are coded and counted as the standard says: 160 and 153, 70 and 67."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.channels.segments import short


@pytest.mark.parametrize(
    ("text", "coding", "parts"),
    [
        ("a" * 160, 0, 1),
        ("a" * 161, 0, 2),
        ("a" * 306, 0, 2),
        ("a" * 307, 0, 3),
        ("€" * 80, 0, 1),
        ("€" * 81, 0, 2),
        ("a" * 152 + "€" + "a" * 152, 0, 3),  # an escape is not parted from its letter
        ("ł" * 70, 2, 1),
        ("ł" * 71, 2, 2),
        ("ł" * 134, 2, 2),
        ("ł" * 135, 2, 3),
        ("😀" * 35, 2, 1),
        ("😀" * 36, 2, 2),
        ("ł" * 66 + "😀" + "ł" * 66, 2, 3),  # a pair of surrogates is not parted
        ("", 0, 1),
    ],
)
def test_parts_are_counted_as_the_network_does(text: str, coding: int, parts: int) -> None:
    found = short(text)
    assert (found.coding, found.parts) == (coding, parts)


def test_curly_quotes_and_hard_spaces_do_not_cost_half_the_room() -> None:
    found = short("1\u00a0000\u202fEUR \u2013 \u201eyes\u201d \u2026 it\u2019s")
    assert (found.text, found.coding) == ('1 000 EUR - "yes" ... it\'s', 0)


@given(st.text(max_size=400))
def test_a_longer_text_never_takes_fewer_parts(text: str) -> None:
    longer = text + text[:1]
    assert short(longer).parts >= short(text).parts
