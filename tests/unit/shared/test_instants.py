"""Instants that every event carries."""

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.events.base import Instant


@pytest.mark.parametrize("given", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_an_instant_that_utc_cannot_name_is_refused_like_any_wrong_value(given: str) -> None:
    with pytest.raises(ValidationError, match="cannot be told in UTC"):
        TypeAdapter(Instant).validate_python(given)
