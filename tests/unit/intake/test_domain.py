"""Ids grow with time, fingerprints ignore form, cursors fit their own list only."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake import openapi
from services.intake.batch import lines_of
from services.intake.domain import fingerprint, new_case_id
from services.intake.store import Filter
from services.intake.views import cursor_of, place_of
from shared.http import codes
from shared.http.requests import BODY_LIMIT

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_a_later_case_has_a_greater_id() -> None:
    ids = [new_case_id(NOW + timedelta(milliseconds=n)) for n in range(50)]
    assert ids == sorted(ids)
    assert {(identity.version, identity.variant) for identity in ids} == {
        (7, "specified in RFC 4122")
    }


def test_cases_of_one_instant_have_different_ids() -> None:
    assert len({new_case_id(NOW) for _ in range(1000)}) == 1000


def test_the_order_of_keys_makes_no_other_request() -> None:
    first, second = {"a": 1, "b": [1.5]}, {"b": [1.5], "a": 1}
    assert fingerprint("case", first) == fingerprint("case", second)
    assert fingerprint("case", first) != fingerprint("message", first)
    assert fingerprint("case", {"a": 10**30}) != fingerprint("case", {"a": 10**30 + 1})


@given(st.uuids(), st.text(max_size=5))
def test_a_cursor_leads_back_to_its_case(identity: UUID, customer: str) -> None:
    chosen = Filter(customer=customer)
    assert place_of(cursor_of(identity, chosen), chosen) == identity
    assert place_of(cursor_of(identity, chosen), Filter(status="decided")) is None


@given(st.text(max_size=40))
def test_a_cursor_of_somebody_elses_making_is_refused(text: str) -> None:
    assert place_of(text, Filter()) is None


@given(st.uuids(), st.integers(0, 29), st.sampled_from("Ab9_"))
def test_a_changed_cursor_is_refused(identity: UUID, place: int, letter: str) -> None:
    cursor = cursor_of(identity, Filter())
    changed = cursor[:place] + letter + cursor[place + 1 :]
    assert (place_of(changed, Filter()) is None) == (changed != cursor)


def test_code_lists_are_those_of_iso() -> None:
    assert len(codes.countries()) == 249
    assert {"PL", "GB", "UA"} <= codes.countries()
    assert {"EUR", "PLN", "UAH", "RUB", "GBP", "USD"} <= codes.currencies()
    assert not {"DEM", "XAU", "XXX"} & codes.currencies()


async def _lines(chunks: list[bytes]) -> list[bytes | None]:
    async def stream() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    return [line async for line in lines_of(stream())]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
async def test_lines_are_the_same_however_they_are_cut(size: int) -> None:
    body = b'{"a":1}\n\n{"b":2}\r\nlast'
    chunks = [body[start : start + size] for start in range(0, len(body), size)]
    assert await _lines(chunks) == [b'{"a":1}', b"", b'{"b":2}\r', b"last"]


async def test_a_line_over_the_limit_is_dropped_and_the_next_is_read() -> None:
    long = b"x" * (BODY_LIMIT + 1)
    assert await _lines([long[:100_000], long[100_000:], b"\nnext\n"]) == [None, b"next"]
    assert await _lines([long + b"\nnext"]) == [None, b"next"]
    assert await _lines([b"x" * BODY_LIMIT, b"\n"]) == [b"x" * BODY_LIMIT]
    assert await _lines([long, b"more"]) == [None]


def test_the_api_page_speaks_the_version_that_it_names() -> None:
    told = json.dumps(openapi.schemas())
    assert '"null"' not in told
    assert '"const"' not in told
    assert '"$defs"' not in told
    assert '"nullable": true' in told
