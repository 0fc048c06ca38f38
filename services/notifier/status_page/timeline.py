"""What has happened in a case, line by line, in the words of a language. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never
from uuid import UUID

from services.notifier.domain import Channel, Language
from services.notifier.messages import wording
from services.notifier.messages.texts import Texts
from services.notifier.places import last_day
from services.notifier.status_page.happenings import (
    Answer,
    Body,
    Check,
    Closing,
    Delay,
    Message,
    Question,
    Review,
)
from services.notifier.status_page.store import Case, Told, Written
from services.notifier.status_page.story import Story
from services.notifier.status_page.texts.load import PageTexts


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the timeline; `words` are the customer's own."""

    at: datetime
    when: str
    what: str
    words: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """How things are said to this reader."""

    page: PageTexts
    messages: Texts
    language: Language
    jurisdiction: str

    def last_day(self, deadline: datetime) -> str:
        """Write the last day before a deadline."""
        return wording.day_of(last_day(deadline, self.jurisdiction), self.language)

    def moment(self, instant: datetime) -> str:
        """Write a date and time."""
        return wording.moment(instant, self.language, self.jurisdiction)


def steps(case: Case, story: Story, words: Words) -> Iterator[Step]:
    """Return what has happened, one thing after the other."""
    # A document or a wish for a person comes back as a message, too: it is shown as what it was.
    known = {one.sequence: one for one in case.written if one.kind != "reply"}
    there = set()
    answers = 0
    for happening in story.happened:
        body = happening.body
        if isinstance(body, Message):
            there.add(body.sequence)
            if body.sequence in known:
                continue
        answers += isinstance(body, Answer)
        what, said = _what(body, words, first=answers <= 1)
        yield Step(happening.at, words.moment(happening.at), what, said)
    documents = {kept.id: kept.name for kept in case.documents}
    for one in case.written:
        if one.kind == "reply" and one.sequence in there:
            continue
        yield _written(one, documents, words)
    for told in case.told:
        if step := _told(told, words):
            yield step


def _what(body: Body, words: Words, *, first: bool) -> tuple[str, str | None]:
    texts = words.page.happened
    said: str | None = None
    match body:
        case Message(sequence=sequence):
            said = body.text
            what = texts.message if sequence else texts.opened
        case Review(again=again):
            what = texts.review_again if again else texts.review
        case Check():
            what = texts.check
        case Question():
            what = texts.question
        case Delay(delay=delay):
            what = texts.delay.format(date=words.last_day(delay.due_at))
        case Answer():
            what = texts.answer if first else texts.better_answer
        case Closing():
            what = texts.closed
        case _:
            assert_never(body)
    return what, said


def _written(one: Written, documents: dict[UUID, str], words: Words) -> Step:
    """Show what was written on the page; a document's message has the document's id."""
    texts = words.page.happened
    said = None
    match one.kind:
        case "reply":
            what, said = texts.message, one.body or None
        case "person":
            what = texts.person
        case "document":
            what = texts.document.format(name=documents.get(one.id, "…"))
        case _:
            assert_never(one.kind)
    note = None
    if one.outcome is None:
        note = texts.on_its_way
    elif one.outcome == "refused":
        note = texts.refused
    return Step(one.at, words.moment(one.at), what, said, note)


def _told(told: Told, words: Words) -> Step | None:
    texts = words.page.happened
    if told.outcome not in {"sent", "failed"}:
        return None
    said = texts.told if told.outcome == "sent" else texts.not_told
    return Step(told.at, words.moment(told.at), said[Channel(told.channel)])
