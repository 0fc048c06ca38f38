"""Bodies that are refused: every field is named, in words that say what to send instead."""

import json
from typing import Annotated, Literal

import pytest
from pydantic import Field

from shared.http.flaws import Invalid
from shared.http.forms import Form, read_form


class _Order(Form):
    number: Annotated[int, Field(strict=True, ge=1, le=9)] = 1
    size: Literal["small", "large"] = "small"
    code: Annotated[str, Field(pattern="^[a-z]+$", max_length=3)] = "a"
    parts: Annotated[tuple[str, ...], Field(min_length=1, max_length=2)] = ("a",)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"number": 0}, "number must be at least 1"),
        ({"number": 10}, "number must be at most 9"),
        ({"number": "1"}, "number must be a whole number, without quotes"),
        ({"size": "huge"}, "size must be one of small, large"),
        ({"code": "A1"}, "code must match ^[a-z]+$"),
        ({"code": "abcd"}, "code is longer than 3 characters; shorten it"),
        ({"parts": []}, "parts must not be empty"),
        ({"parts": ["a", "b", "c"]}, "parts has more than 2 parts; send fewer"),
        (
            {"{number}": 1},
            "{number} is not a field of this request; check the spelling or remove it",
        ),
    ],
)
def test_a_wrong_field_is_named_with_what_to_send_instead(
    body: dict[str, object], said: str
) -> None:
    read = read_form(_Order, json.dumps(body).encode())
    assert isinstance(read, Invalid)
    assert [f"{flaw.field} {flaw.detail}" for flaw in read.flaws] == [said]
