"""Says in plain words what pydantic refused: of bodies, settings and files alike.

Invariant: what was sent is never repeated.
"""

from collections.abc import Mapping
from typing import Any, Final

from pydantic_core import ErrorDetails

_WORDS: Final = {
    "missing": "is required",
    "extra_forbidden": "is not a field of this request; check the spelling or remove it",
    "string_type": "must be a string",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "model_type": "must be a JSON object",
    "dict_type": "must be a JSON object",
    "string_too_short": "must not be empty",
    "string_too_long": "is longer than {max_length:,} characters; shorten it",
    "string_pattern_mismatch": "must match {pattern}",
    "too_short": "must not be empty",
    "too_long": "has more than {max_length:,} parts; send fewer",
    "int_type": "must be a whole number, without quotes",
    "int_parsing": "must be a whole number",
    "float_type": "must be a number, without quotes",
    "float_parsing": "must be a number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "time_delta_parsing": "must be a length of time such as PT4S, or seconds",
    "url_parsing": "must be an address such as https://bank.example",
    "url_scheme": "must begin with {expected_schemes}",
    "path_not_file": "names no file",
    "value_error": "{error}",
}
_CHOICE: Final = frozenset({"enum", "literal_error"})


def told(flaw: ErrorDetails) -> str:
    """Return what is wrong as the end of a sentence that begins with the field's name."""
    context = flaw.get("ctx", {})
    if flaw["type"] in _CHOICE:
        return f"must be one of {context['expected']}".replace("'", "").replace(" or ", ", ")
    words = _WORDS.get(flaw["type"])
    return flaw["msg"] if words is None else words.format(**_shown(context))


def _shown(context: Mapping[str, Any]) -> dict[str, Any]:
    """Leave the point out of whole numbers: a bound reads as it was written."""
    return {
        name: f"{part:g}" if isinstance(part, float) else part for name, part in context.items()
    }
