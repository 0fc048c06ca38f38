"""How sure a tag must be, by its value: below its threshold a case is not decided on a guess.

The values are named here once more, because a policy is read by what may not import tags.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from services.decision.policy.matrix import Part

UNNAMED: Final = 0.6
"""The threshold of a value that is left out: rather a person than a guess."""


def _number(given: object) -> object:
    """Refuse `true` and `false`, which count as 1 and 0 where a number is asked for."""
    if isinstance(given, bool):
        raise PydanticCustomError("float_type", "must be a number")
    return given


Probability = Annotated[float, BeforeValidator(_number), Field(ge=0, le=1)]
_PROBABILITY: Final = TypeAdapter[float](Probability)


def _probability(given: object) -> float | None:
    """Read one number for many values; nothing if it is none, so that it is refused once."""
    try:
        return _PROBABILITY.validate_python(given)
    except ValidationError:
        return None


class _ByValue(Part):
    """A threshold for each value of a tag. One number stands for all; what is left out: UNNAMED."""

    @model_validator(mode="before")
    @classmethod
    def _spread(cls, given: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
        if isinstance(given, Mapping):
            return given
        values = tuple(cls.model_fields)
        bound = _probability(given)
        if bound is None:
            raise PydanticCustomError(
                "thresholds",
                "must be a number from 0 to 1, or one for each of {values}",
                {"values": ", ".join(values)},
            )
        return dict.fromkeys(values, bound)

    def of(self, value: str) -> float:
        """Return the confidence below which a tag of this value is a guess."""
        bound: float = getattr(self, value)
        return bound


class FaultThresholds(_ByValue):
    """Below these it is not known who erred, unless the bank's facts prove it."""

    company: Probability = UNNAMED
    customer: Probability = UNNAMED
    third_party: Probability = UNNAMED
    shared: Probability = UNNAMED
    unclear: Probability = UNNAMED


class ToneThresholds(_ByValue):
    """Below these it is not known how the customer speaks."""

    courteous: Probability = UNNAMED
    upset: Probability = UNNAMED
    rude: Probability = UNNAMED
    abusive: Probability = UNNAMED


class PressureThresholds(_ByValue):
    """Below these it is not known what the customer holds over the bank."""

    none: Probability = UNNAMED
    recourse: Probability = UNNAMED
    leverage: Probability = UNNAMED
    violence: Probability = UNNAMED


class Thresholds(Part):
    """Confidence below which a tag is a guess, on which nobody is refused anything.

    `fault` decides substance, `tone` and `pressure` only goodwill. Policies of before say `conduct`
    instead of these two: one number for both.
    """

    fault: FaultThresholds
    tone: ToneThresholds
    pressure: PressureThresholds

    @model_validator(mode="before")
    @classmethod
    def _of_conduct(cls, given: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
        if not isinstance(given, Mapping) or "conduct" not in given:
            return given
        kept = {name: value for name, value in given.items() if name != "conduct"}
        if kept.keys() & {"tone", "pressure"}:
            raise PydanticCustomError(
                "conduct", "conduct stands for tone and pressure; give it or these two"
            )
        bound = _probability(given["conduct"])
        if bound is None:
            raise PydanticCustomError("conduct", "conduct must be a number from 0 to 1")
        return {**kept, "tone": bound, "pressure": bound}
