"""The texts of one language as types: what there is to say, and with which placeholders.

Invariant: every disposition, basis, remedy and reason has its text in every language, each text
has exactly the placeholders of its place, and every count the plural forms of its language.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, model_validator

from services.notifier.domain import Boundary, Language
from services.notifier.messages.codes import CHECKED, DELAYS, IN_RETURN, REASONS, UNSAID
from services.notifier.messages.placeholders import (
    Plain,
    Plural,
    WithAmount,
    WithCase,
    WithDate,
    WithLink,
    WithName,
    WithRemedy,
    WithSubject,
    holding,
    placeholders,
)
from shared.events.answer import Basis, Disposition, RemedyKind
from shared.events.catalogue import Question


class BodyKind(StrEnum):
    """Whom a customer can turn to."""

    OMBUDSMAN = "ombudsman"
    REGULATOR = "regulator"
    ARBITRATION = "arbitration"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _complete(field: str, found: set[str], wanted: set[str] | frozenset[str]) -> None:
    if found != wanted:
        raise ValueError(f"{field}: differs in {sorted(found ^ wanted)}")


class Counts(_Part):
    """Counts as they stand in the sentences below, each in the case that its sentence asks for."""

    days: Plural
    forgiven: Plural
    exceptions: Plural
    months: Plural


class RemedyTexts(_Part):
    """One remedy, without and with its amount; where there is no second, a note says the sum.

    `terms`: what it means where a change of terms is undone.
    """

    plain: Plain
    with_amount: WithAmount | None = None
    terms: Plain | None = None


class ReceiptTexts(_Part):
    subject: Plain
    paragraphs: tuple[Plain, ...]
    next: WithDate
    closing: Plain


class InReviewTexts(_Part):
    subject: Plain
    apology: Plain
    opening: Plain
    due: WithDate
    urgent: Plain
    no_due: Plain
    at_once: Plain
    closing: Plain


class DelayedTexts(_Part):
    subject: Plain
    promised: WithDate
    sorry: Plain
    reasons: dict[str, Plain]
    letter: dict[str, Plain]
    due: WithDate
    in_return: dict[str, Plain]
    closing: Plain

    @model_validator(mode="after")
    def _nothing_is_missing(self) -> "DelayedTexts":
        _complete("reasons", set(self.reasons), DELAYS)
        _complete("letter", set(self.letter), {"reason", "facts_to_establish"})
        _complete("in_return", set(self.in_return), IN_RETURN)
        return self


class QuestionTexts(_Part):
    subject: Plain
    opening: Plain
    asked: dict[Question, Plain]
    due: WithDate
    silence: Plain

    @model_validator(mode="after")
    def _nothing_is_missing(self) -> "QuestionTexts":
        _complete("asked", {*self.asked}, {*Question})
        return self


class NewLinkTexts(_Part):
    subject: Plain
    paragraphs: tuple[Plain, ...]


class ChangesTexts(_Part):
    """What a later answer changes against the earlier one."""

    heading: Plain
    earlier: dict[Disposition, Plain]
    added: WithRemedy
    dropped: WithRemedy
    stands: Plain
    same: Plain

    @model_validator(mode="after")
    def _nothing_is_missing(self) -> "ChangesTexts":
        _complete("earlier", {*self.earlier}, {*Disposition})
        return self


class OnTrustTexts(_Part):
    """A grant on trust: what is being checked, and that it stays."""

    checked: dict[str, Plain]
    stays: Plain

    @model_validator(mode="after")
    def _nothing_is_missing(self) -> "OnTrustTexts":
        _complete("checked", set(self.checked), CHECKED)
        return self


class Body(_Part):
    """A body to turn to, in its own language, and what it is called in others."""

    kind: BodyKind
    name: str
    names: dict[Language, str] = {}
    address: str
    site: str
    months: int | None = None
    before_court: bool = False
    source: str
    mark: str


class RecourseTexts(_Part):
    heading: Plain
    kinds: dict[BodyKind, Plain]
    body: Annotated[str, holding("kind", "name", "address", "site")]
    within: Annotated[str, holding("months")]
    elsewhere: Plain
    court: Plain
    court_afterwards: Plain
    places: dict[str, tuple[Body, ...]] = {}

    @model_validator(mode="after")
    def _nothing_is_missing(self) -> "RecourseTexts":
        _complete("kinds", {*self.kinds}, {*BodyKind})
        return self


class RightsTexts(_Part):
    """On what a right rests."""

    promise: Plain
    agreed: Plain
    law: Plain


class RecordsTexts(_Part):
    """What the bank's records show, for a customer who asks."""

    due: WithDate
    paid: WithDate
    promised: WithDate
    delivered: WithDate


class FinalAnswerTexts(_Part):
    subject: Plain
    subject_corrected: Plain
    subject_taken_back: Plain
    sorry: Plain
    corrected: Plain
    changes: ChangesTexts
    answer: dict[Disposition, Plain]
    granted: dict[Basis, Plain]
    rights: RightsTexts
    refused: dict[Basis, Plain]
    on_trust: OnTrustTexts
    change: tuple[Plain, ...]
    service_ended: tuple[Plain, ...]
    taken_back: tuple[Plain, ...]
    enquiry: Plain
    records_heading: Plain
    records: RecordsTexts
    remedies_heading: Plain
    options_heading: Plain
    remedies: dict[RemedyKind, RemedyTexts]
    amount_note: WithAmount
    reasons_heading: Plain
    reasons: dict[str, dict[str, str]]
    boundary: dict[Boundary, Plain]
    review: Plain
    recourse: RecourseTexts
    counts: Counts

    @model_validator(mode="after")
    def _nothing_is_missing(self) -> "FinalAnswerTexts":
        _complete("answer", {*self.answer}, {*Disposition})
        _complete("granted", {*self.granted}, {*Basis})
        _complete("refused", {*self.refused}, {*Basis})
        _complete("remedies", {*self.remedies}, {*RemedyKind} - UNSAID)
        _complete("boundary", {*self.boundary}, {*Boundary})
        _complete("reasons", set(self.reasons), REASONS.keys() | set())
        for code, said in self.reasons.items():
            _complete(f"reasons.{code}", set(said), {"plain", *REASONS[code]})
            for variant, text in said.items():
                wanted = REASONS[code].get(variant, frozenset())
                if placeholders(text) != wanted or not text.strip():
                    place = f"reasons.{code}.{variant}"
                    raise ValueError(f"{place}: must have exactly {sorted(wanted)} in braces")
        return self


class AgainTexts(_Part):
    """A message that is sent once more, at somebody's request."""

    subject: WithSubject
    opening: WithDate


class ShortTexts(_Part):
    """Notices in few words, for SMS: what a locked telephone may show to others."""

    receipt: Plain
    in_review: Plain
    due: WithDate
    delayed: WithDate
    question: WithDate
    new_link: Plain
    final_answer: Plain
    corrected: Plain
    follow: WithLink


class Texts(_Part):
    """Everything that is said in one language."""

    greeting: WithName
    greeting_unnamed: Plain
    case: WithCase
    follow: WithLink
    person: WithLink
    reply: Plain
    closing: Plain
    again: AgainTexts
    short: ShortTexts
    receipt: ReceiptTexts
    in_review: InReviewTexts
    delayed: DelayedTexts
    question: QuestionTexts
    new_link: NewLinkTexts
    final_answer: FinalAnswerTexts
