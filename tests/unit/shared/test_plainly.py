"""What pydantic refuses is said as a person would, and what was sent is not repeated."""

from datetime import timedelta
from typing import Annotated

import pytest
from pydantic import AnyHttpUrl, BaseModel, Field, FilePath, ValidationError, field_validator

from shared.plainly import told


class _Asked(BaseModel):
    share: Annotated[float, Field(ge=0, le=1)] = 0.5
    wait: Annotated[timedelta, Field(gt=timedelta(0), le=timedelta(minutes=1))] = timedelta(1)
    often: int = 1
    loud: bool = False
    url: AnyHttpUrl | None = None
    file: FilePath | None = None
    key: str = ""

    @field_validator("key")
    @classmethod
    def _has_no_space(cls, key: str) -> str:
        if " " in key:
            raise ValueError("must have no spaces")
        return key


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("share", "1.5", "must be at most 1"),
        ("share", "half", "must be a number"),
        ("wait", "PT2M", "must be at most 1 minute"),
        ("wait", "PT0S", "must be more than 0 seconds"),
        ("wait", "soon", "must be a length of time such as PT4S, or seconds"),
        ("often", "many", "must be a whole number"),
        ("loud", "loud", "must be true or false"),
        ("url", "nowhere", "must be an address such as https://bank.example"),
        ("url", "ftp://bank.example", "must begin with 'http' or 'https'"),
        ("file", "/no/such/file", "names no file"),
        ("key", "a b", "must have no spaces"),
    ],
)
def test_what_is_wrong_is_the_end_of_a_sentence(field: str, value: str, said: str) -> None:
    with pytest.raises(ValidationError) as raised:
        _Asked.model_validate({field: value})
    assert [told(flaw) for flaw in raised.value.errors()] == [said]


def test_a_field_that_is_missing_is_called_required() -> None:
    class Needed(BaseModel):
        share: float

    with pytest.raises(ValidationError) as refused:
        Needed.model_validate({})
    (flaw,) = refused.value.errors()
    assert told(flaw) == "is required"
