"""Bodies as models: what was sent becomes a form, or the list of all that is wrong with it."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.http import strict_json
from shared.http.flaws import Flaw, Invalid, Unreadable, path_of
from shared.plainly import told

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
        return Invalid(flaws_of(error)[:_MOST_FLAWS])
    return form, value


def flaws_of(error: ValidationError) -> tuple[Flaw, ...]:
    """Return all that is wrong, each with its field."""
    flaws = error.errors(include_url=False, include_input=False)
    return tuple(Flaw(path_of(flaw["loc"]), told(flaw)) for flaw in flaws)
