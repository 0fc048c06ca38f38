"""The texts of one language, checked when they are loaded.

Invariant: every disposition, basis and remedy has its text in every language, and each text has
exactly the placeholders that its place allows; a text that is missing stops the start.
"""

from pathlib import Path
from string import Formatter
from typing import Annotated, Final

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

from services.notifier.domain import Language
from shared.events.answer import Basis, Disposition, RemedyKind

REASONS: Final = frozenset(
    {
        "company_at_fault",
        "promise_broken",
        "malfunction",
        "wrong_fee",
        "unauthorised_payment",
        "own_slip_forgiven",
        "own_slip_by_contract",
        "own_slip_too_late",
        "own_slip_repeated",
        "terms_accepted",
        "lawful_change_of_terms",
        "third_party_help",
        "trusted",
        "shared_fault",
        "information",
    }
)
"""Reason codes that customers are told of; all others are for the bank."""

PLACES: Final = frozenset({"PL", "GB", "IE", "EU", "UA", "RU", "US"})
"""Where we name the bodies that a customer can turn to."""

UNSAID: Final = frozenset({RemedyKind.BOUNDARY})
"""Remedies that the customer is not told of as such: a boundary has its own sentence."""


def _placeholders(text: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(text) if field is not None}


def _holding(*names: str) -> AfterValidator:
    def check(text: str) -> str:
        if _placeholders(text) != set(names):
            raise ValueError(f"must have exactly these placeholders: {sorted(names)}")
        if not text.strip():
            raise ValueError("must not be empty")
        return text

    return AfterValidator(check)


Plain = Annotated[str, _holding()]
WithName = Annotated[str, _holding("name")]
WithCase = Annotated[str, _holding("case")]
WithDate = Annotated[str, _holding("date")]
WithAmount = Annotated[str, _holding("amount")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RemedyTexts(_Part):
    """One remedy, without and with its amount; where there is no second, a note says the sum."""

    plain: Plain
    with_amount: WithAmount | None = None


class ReceiptTexts(_Part):
    subject: Plain
    paragraphs: tuple[Plain, ...]


class InReviewTexts(_Part):
    subject: Plain
    paragraphs: tuple[Plain, ...]
    due: WithDate
    no_due: Plain
    closing: Plain


class FinalAnswerTexts(_Part):
    subject: Plain
    answer: dict[Disposition, Plain]
    granted: dict[Basis, Plain]
    refused: dict[Basis, Plain]
    remedies_heading: Plain
    remedies: dict[RemedyKind, RemedyTexts]
    amount_note: WithAmount
    reasons_heading: Plain
    reasons: dict[str, Plain]
    boundary: Plain
    review: Plain
    recourse: Plain
    recourse_by_place: dict[str, Plain]

    @model_validator(mode="after")
    def _nothing_is_missing(self) -> "FinalAnswerTexts":
        for field, found, wanted in (
            ("answer", set(self.answer), set(Disposition)),
            ("granted", set(self.granted), set(Basis)),
            ("refused", set(self.refused), set(Basis)),
            ("remedies", set(self.remedies), set(RemedyKind) - UNSAID),
            ("reasons", set(self.reasons), REASONS),
            ("recourse_by_place", set(self.recourse_by_place), PLACES),
        ):
            if found != wanted:
                raise ValueError(f"{field}: differs in {sorted(found ^ wanted)}")
        return self


class Texts(_Part):
    """Everything that is said in one language."""

    greeting: WithName
    greeting_unnamed: Plain
    case: WithCase
    closing: Plain
    receipt: ReceiptTexts
    in_review: InReviewTexts
    final_answer: FinalAnswerTexts


def load(language: Language) -> Texts:
    """Read the texts of a language.

    Raises:
        pydantic.ValidationError: a text is missing, unknown or has wrong placeholders.

    """
    path = Path(__file__).with_name(f"{language}.yaml")
    return Texts.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
