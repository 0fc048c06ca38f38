"""Texts with placeholders, as types: each has exactly those of its place."""

from string import Formatter
from typing import Annotated

from babel import Locale
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationInfo

from services.notifier.domain import Language
from services.notifier.messages.codes import LOCALES


def placeholders(text: str) -> set[str]:
    """Return the names in braces.

    Raises:
        ValueError: a brace is not closed, or a placeholder is more than a name.

    """
    names = set()
    for _, field, form, conversion in Formatter().parse(text):
        if field is None:
            continue
        if not field.isidentifier() or form or conversion:
            raise ValueError(f"{{{field}}} must be a name in braces and nothing more")
        names.add(field)
    return names


class Part(BaseModel):
    """A group of texts."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def complete(field: str, found: set[str], wanted: set[str] | frozenset[str]) -> None:
    """Check that there is a text for each of these and for nothing else.

    Raises:
        ValueError: one is missing, or one too many.

    """
    if found != wanted:
        raise ValueError(f"{field}: differs in {sorted(found ^ wanted)}")


def holding(*names: str) -> AfterValidator:
    def check(text: str) -> str:
        if placeholders(text) != set(names):
            raise ValueError(f"must have exactly these placeholders: {sorted(names)}")
        if not text.strip():
            raise ValueError("must not be empty")
        return text

    return AfterValidator(check)


def _plural(forms: dict[str, str], info: ValidationInfo) -> dict[str, str]:
    language = Language((info.context or {})["language"])
    rule = Locale.parse(LOCALES[language]).plural_form
    wanted = {rule(n) for n in range(1000)}
    if set(forms) != wanted:
        raise ValueError(f"needs exactly the plural forms {sorted(wanted)}")
    return forms


Plain = Annotated[str, holding()]
WithName = Annotated[str, holding("name")]
WithCase = Annotated[str, holding("case")]
WithDate = Annotated[str, holding("date")]
WithMoment = Annotated[str, holding("moment")]
WithLink = Annotated[str, holding("link")]
WithAmount = Annotated[str, holding("amount")]
WithSubject = Annotated[str, holding("subject")]
WithRemedy = Annotated[str, holding("remedy")]
Counted = Annotated[str, holding("count")]
Plural = Annotated[dict[str, Counted], AfterValidator(_plural)]
"""A count in words, by the plural categories (CLDR) that whole numbers have in the language."""
