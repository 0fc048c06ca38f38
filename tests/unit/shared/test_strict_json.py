"""What two parsers could read differently is refused, and no bytes break the reader."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.http import strict_json
from shared.http.flaws import Invalid, Unreadable


def _field(body: bytes) -> str:
    read = strict_json.read(body)
    if isinstance(read, Unreadable):
        return read.flaw.field
    assert isinstance(read, Invalid)
    return read.flaws[0].field


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b'{"a": 1} 2', "body"),
        (b"\xff\xfe", "body"),
        (b'\xef\xbb\xbf{"a": 1}', "body"),
        (b'{"a": NaN}', "body"),
        (b'{"a": -Infinity}', "body"),
        (b'{"a": 1e999}', "body"),
        (b'{"a": ' + b"9" * 101 + b"}", "body"),
        (b'{"a": "\x00"}', "body"),
        (b"[" * 33 + b"]" * 33, "body"),
        (b"[" * 100_000, "body"),
        (b'{"a":' * 100_000, "body"),
        (b'{"a": 1, "a": 1}', "a"),
        (b'{"a": {"b": [{"c": 1, "c": 2}]}}', "a.b.0.c"),
        (b'{"a": {"b": 1, "b": 2}, "a": 1}', "a"),
        (b'{"a": {"b": 1, "b": 2}, "c": NaN}', "body"),
        (b'{"a": {"b": "x\\u0000"}}', "a.b"),
        (b'{"a": ["\\ud83d"]}', "a.0"),
        (b'{"a": {"\\udc00": 1}}', "a"),
    ],
)
def test_doubtful_json_is_refused_by_the_name_of_its_field(body: bytes, field: str) -> None:
    assert _field(body) == field


@pytest.mark.parametrize(
    "value",
    [
        None,
        {"a": [1, 2.5, "x", None, True]},
        {"emoji": "\U0001f600", "backslash": "\\u0000", "key\\ud800": 1},
        {"large": 10**99, "deep": json.loads("[" * 31 + "]" * 31)},
    ],
)
def test_plain_json_is_read_as_it_is(value: object) -> None:
    assert strict_json.read(json.dumps(value).encode()) == value


@given(st.binary())
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    read = strict_json.read(body)
    if not isinstance(read, Unreadable | Invalid):
        assert read == json.loads(body)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(_JSON)
def test_json_is_read_unless_it_cannot_be_stored(value: object) -> None:
    body = json.dumps(value)
    read = strict_json.read(body.encode())
    if isinstance(read, Invalid):
        assert "\\u0000" in body or "\\ud" in body
    elif not isinstance(read, Unreadable):
        assert read == value


@pytest.mark.parametrize(
    ("body", "place"),
    [(b'{"a" 1}', "(column 6)"), (b'{"a": 1,\n "b" 2}', "(line 2, column 6)")],
)
def test_the_place_of_a_flaw_has_a_line_only_where_there_are_several(
    body: bytes, place: str
) -> None:
    read = strict_json.read(body)
    assert isinstance(read, Unreadable)
    assert read.flaw.detail.endswith(place)
