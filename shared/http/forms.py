"""Bodies as models: what was sent becomes a form, or the list of all that is wrong with it."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from shared.http import strict_json
from shared.http.flaws import Flaw, Invalid, Unreadable, path_of

_MOST_FLAWS = 50


class Form(BaseModel):
    """Unknown keys are refused: a misspelt one would be ignored in silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


AnyForm = TypeVar("AnyForm", bound=BaseModel)


def read_form(
    kind: type[AnyForm], body: bytes, context: Mapping[str, Any] | None = None
) -> tuple[AnyForm, Any] | Unreadable | Invalid:
    """Read a body strictly; returns the form and the JSON that it was read from."""
    value = strict_json.read(body)
    if isinstance(value, Unreadable | Invalid):
        return value
    if not isinstance(value, dict):
        return Invalid((Flaw("body", "must be a JSON object"),))
    try:
        form = kind.model_validate(value, context=dict(context or {}))
    except ValidationError as error:
        flaws = error.errors(include_url=False, include_input=False)[:_MOST_FLAWS]
        return Invalid(tuple(Flaw(path_of(flaw["loc"]), _say(flaw)) for flaw in flaws))
    return form, value


_WORDS: Final = {
    "missing": "is required",
    "extra_forbidden": "is not a field of this request; check the spelling or remove it",
    "string_type": "must be a string",
    "bool_type": "must be true or false",
    "model_type": "must be a JSON object",
    "string_too_short": "must not be empty",
    "string_too_long": "is longer than {max_length:,} characters; shorten it",
    "string_pattern_mismatch": "must match {pattern}",
    "too_short": "must not be empty",
    "too_long": "has more than {max_length:,} parts; send fewer",
    "int_type": "must be a whole number, without quotes",
    "float_type": "must be a number, without quotes",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than_equal": "must be at most {le:g}",
}
_CHOICE: Final = frozenset({"enum", "literal_error"})


def _say(flaw: ErrorDetails) -> str:
    context = flaw.get("ctx", {})
    if flaw["type"] in _CHOICE:
        return f"must be one of {context['expected']}".replace("'", "").replace(" or ", ", ")
    words = _WORDS.get(flaw["type"])
    return flaw["msg"] if words is None else words.format(**context)
