"""The texts of a final answer as types: every case that it tells apart has its sentence."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from services.notifier.domain import Boundary, Language
from services.notifier.messages.codes import CHECKED, ELSEWHERE, LAWS, REASONS, UNSAID
from services.notifier.messages.placeholders import (
    Part,
    Plain,
    Plural,
    WithAmount,
    WithDate,
    WithRemedy,
    complete,
    holding,
    placeholders,
)
from shared.events.answer import Basis, Disposition, RemedyKind


class BodyKind(StrEnum):
    """Whom a customer can turn to."""

    OMBUDSMAN = "ombudsman"
    REGULATOR = "regulator"
    ARBITRATION = "arbitration"


class Counts(Part):
    """Counts as they stand in the sentences below, each in the case that its sentence asks for."""

    days: Plural
    forgiven: Plural
    exceptions: Plural
    months: Plural


class RemedyTexts(Part):
    """One remedy, without and with its amount; where there is no second, a note says the sum.

    `terms`: what it means where a change of terms is undone.
    """

    plain: Plain
    with_amount: WithAmount | None = None
    terms: Plain | None = None


class ChangesTexts(Part):
    """What a later answer changes against the earlier one."""

    heading: Plain
    earlier: dict[Disposition, Plain]
    added: WithRemedy
    dropped: WithRemedy
    stands: Plain
    same: Plain

    @model_validator(mode="after")
    def _nothing_is_missing(self) -> "ChangesTexts":
        complete("earlier", {*self.earlier}, {*Disposition})
        return self


class OnTrustTexts(Part):
    """A grant on trust: what is being checked, and that it stays."""

    checked: dict[str, Plain]
    stays: Plain

    @model_validator(mode="after")
    def _nothing_is_missing(self) -> "OnTrustTexts":
        complete("checked", set(self.checked), CHECKED)
        return self


class Body(Part):
    """A body to turn to, in its own language, and what it is called in others."""

    kind: BodyKind
    name: str
    names: dict[Language, str] = Field(default_factory=dict)
    address: str
    site: str
    months: int | None = None
    before_court: bool = False
    source: str
    mark: str


class RecourseTexts(Part):
    heading: Plain
    kinds: dict[BodyKind, Plain]
    body: Annotated[str, holding("kind", "name", "address", "site")]
    within: Annotated[str, holding("months")]
    elsewhere: Plain
    court: Plain
    court_afterwards: Plain
    places: dict[str, tuple[Body, ...]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _nothing_is_missing(self) -> "RecourseTexts":
        complete("kinds", {*self.kinds}, {*BodyKind})
        return self


class TakenBackTexts(Part):
    """A grant on trust is taken back: what was compared, who decided, what it means for money."""

    granted: WithDate
    granted_before: Plain
    checked: dict[str, Plain]
    people: Plain
    money: Plain
    wrong: Plain

    @model_validator(mode="after")
    def _nothing_is_missing(self) -> "TakenBackTexts":
        complete("checked", set(self.checked), CHECKED)
        return self


class Law(Part):
    """The countries of a law on decisions without a person."""

    countries: tuple[str, ...]
    source: str
    mark: str


class AutomaticTexts(Part):
    """No person had a part in a decision, and what follows from that, by the law of the place."""

    said: Plain
    rights: dict[str, Plain]
    laws: dict[str, Law] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _nothing_is_missing(self) -> "AutomaticTexts":
        complete("rights", set(self.rights), {*LAWS, ELSEWHERE})
        return self

    def right(self, place: str) -> str:
        """Return what the law of a place gives; where we know of none, what we give."""
        found = (law for law, one in self.laws.items() if place in one.countries)
        return self.rights[next(found, ELSEWHERE)]


class RightsTexts(Part):
    """On what a right rests."""

    promise: Plain
    agreed: Plain
    law: Plain


class RecordsTexts(Part):
    """What the bank's records show, for a customer who asks."""

    due: WithDate
    paid: WithDate
    promised: WithDate
    delivered: WithDate


class FinalAnswerTexts(Part):
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
    taken_back: TakenBackTexts
    enquiry: Plain
    records_heading: Plain
    records: RecordsTexts
    remedies_heading: Plain
    extra_heading: Plain
    options_heading: Plain
    paid_by: WithDate
    apology_in_part: Plain
    remedies: dict[RemedyKind, RemedyTexts]
    amount_note: WithAmount
    reasons_heading: Plain
    reasons: dict[str, dict[str, str]]
    boundary: dict[Boundary, Plain]
    review: Plain
    automatic: AutomaticTexts
    recourse: RecourseTexts
    counts: Counts

    @model_validator(mode="after")
    def _nothing_is_missing(self) -> "FinalAnswerTexts":
        complete("answer", {*self.answer}, {*Disposition})
        complete("granted", {*self.granted}, {*Basis})
        complete("refused", {*self.refused}, {*Basis})
        complete("remedies", {*self.remedies}, {*RemedyKind} - UNSAID)
        complete("boundary", {*self.boundary}, {*Boundary})
        complete("reasons", set(self.reasons), REASONS.keys() | set())
        for code, said in self.reasons.items():
            complete(f"reasons.{code}", set(said), {"plain", *REASONS[code]})
            for variant, text in said.items():
                wanted = REASONS[code].get(variant, frozenset())
                if placeholders(text) != wanted or not text.strip():
                    place = f"reasons.{code}.{variant}"
                    raise ValueError(f"{place}: must have exactly {sorted(wanted)} in braces")
        return self
