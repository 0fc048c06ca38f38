"""The texts of the page in one language, checked when they are loaded.

Invariant: every status, category, refusal and question has its text in every language, with exactly
the placeholders of its place; a text that is missing stops the start.
"""

from pathlib import Path
from typing import Annotated, Final

from pydantic import model_validator

from services.notifier.domain import Channel, Language
from services.notifier.messages.placeholders import (
    Part,
    Plain,
    WithCase,
    WithDate,
    WithMoment,
    WithName,
    complete,
    holding,
)
from services.notifier.status_page.uploads import Refusal
from shared.events.case import Category, Status
from shared.events.catalogue import Question
from shared.yaml_file import parsed

WithLimits = Annotated[str, holding("size", "most")]
WithSize = Annotated[str, holding("size")]
WithMost = Annotated[str, holding("most")]

SAID: Final = frozenset({"reply", "person", "document", "checking"})
"""What a customer can have done on the page, and is thanked for."""


class StatusTexts(Part):
    """A status: its name, what it means, and what happens next."""

    name: Plain
    meaning: Plain
    next: Plain


class NextTexts(Part):
    heading: Plain
    due: WithDate
    checking: WithMoment
    answer_by: WithDate
    silence: Plain


class HappenedTexts(Part):
    """A sentence for each thing that can happen."""

    heading: Plain
    opened: Plain
    message: Plain
    document: WithName
    person: Plain
    on_its_way: Plain
    refused: Plain
    review: Plain
    review_again: Plain
    check: Plain
    question: Plain
    delay: WithDate
    answer: Plain
    better_answer: Plain
    closed: Plain
    told: dict[Channel, Plain]
    not_told: dict[Channel, Plain]
    your_words: Plain


class ReplyTexts(Part):
    heading: Plain
    label: Plain
    hint: Plain
    send: Plain
    blank: Plain
    too_long: WithMost
    too_many: Plain


class DocumentTexts(Part):
    heading: Plain
    label: Plain
    hint: WithLimits
    send: Plain
    list_heading: Plain
    states: dict[str, Plain]
    refusals: dict[Refusal, Plain]
    too_large: WithSize
    message: WithName


class PersonTexts(Part):
    heading: Plain
    hint: Plain
    send: Plain
    asked: Plain
    message: Plain


class ErrorTexts(Part):
    """Pages that are shown in place of the case."""

    heading: Plain
    text: Plain


class ExpiredTexts(ErrorTexts):
    send: Plain


class PageTexts(Part):
    """Everything that the page says in one language."""

    language: Plain
    title: Plain
    skip: Plain
    languages: Plain
    case: WithCase
    about: Plain
    categories: dict[Category, Plain]
    statuses: dict[Status, StatusTexts]
    checking: StatusTexts
    questions: dict[Question, Plain]
    next: NextTexts
    answer: Plain
    happened: HappenedTexts
    reply: ReplyTexts
    document: DocumentTexts
    person: PersonTexts
    said: dict[str, Plain]
    problem: Plain
    live: Plain
    news: Plain
    reload: Plain
    as_of: WithDate
    link: WithDate
    expired: ExpiredTexts
    sent: ErrorTexts
    unknown: ErrorTexts
    too_large: ErrorTexts
    too_fast: ErrorTexts
    stale: ErrorTexts
    unreadable: ErrorTexts
    away: ErrorTexts

    @model_validator(mode="after")
    def _nothing_is_missing(self) -> "PageTexts":
        complete("categories", {*self.categories}, {*Category})
        complete("statuses", {*self.statuses}, {*Status})
        complete("questions", {*self.questions}, {*Question})
        complete("said", set(self.said), SAID)
        complete("document.states", set(self.document.states), {"quarantined", "refused"})
        refusals = {*Refusal} - {Refusal.TOO_LARGE}
        complete("document.refusals", {*self.document.refusals}, {*refusals})
        complete("happened.told", {*self.happened.told}, {*Channel})
        complete("happened.not_told", {*self.happened.not_told}, {*Channel})
        return self


def load(language: Language) -> PageTexts:
    """Read the texts of a language.

    Raises:
        pydantic.ValidationError: a text is missing, unknown or has wrong placeholders.

    """
    path = Path(__file__).with_name(f"{language}.yaml")
    return PageTexts.model_validate(parsed(path.read_text(encoding="utf-8")))
