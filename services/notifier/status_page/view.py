"""What stands on the page: the story of a case in the words of a language. Pure.

Invariant: everything shown is a text of ours, a date, or what the customer wrote; never a tag, a
queue, a score, a name or an address.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never
from uuid import UUID

from services.notifier.domain import Channel, FinalAnswer, Language
from services.notifier.messages import wording
from services.notifier.messages.answering import Answering, Bullets
from services.notifier.messages.texts import Texts
from services.notifier.status_page.happenings import (
    Answer,
    Body,
    Delay,
    Message,
    Question,
    Review,
)
from services.notifier.status_page.links import Good
from services.notifier.status_page.store import Case, Told, Written
from services.notifier.status_page.story import Story, tell
from services.notifier.status_page.texts.load import PageTexts
from shared.events.case import Status

_KILOBYTE = 1024


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the timeline; `words` are the customer's own."""

    at: datetime
    when: str
    what: str
    words: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """A paragraph of the bank's answer, or a list where it has a heading."""

    heading: str | None
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A document that was added."""

    id: UUID
    name: str
    size: str
    when: str


@dataclass(frozen=True, slots=True)
class Page:
    """Everything that the page shows, as it is said."""

    case: str
    about: str
    status: Status
    name: str
    meaning: str
    why: tuple[str, ...]
    question: str | None
    next: tuple[str, ...]
    answer: tuple[Said, ...] | None
    steps: tuple[Step, ...]
    documents: tuple[Shown, ...]
    person_asked: bool
    as_of: str
    link: str
    version: int
    already_heading: str
    already: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """How things are said to this reader."""

    page: PageTexts
    messages: Texts
    language: Language
    jurisdiction: str

    def day(self, instant: datetime) -> str:
        """Write a date."""
        return wording.day(instant, self.language, self.jurisdiction)

    def moment(self, instant: datetime) -> str:
        """Write a date and time."""
        return wording.moment(instant, self.language, self.jurisdiction)


def show(case: Case, link: Good, words: Words, now: datetime) -> Page:
    """Put a case into words."""
    texts = words.page
    story = tell(case.happenings)
    status = texts.statuses[story.status]
    return Page(
        case=texts.case.format(case=link.case_id),
        about=texts.categories[story.category] if story.category else "",
        status=story.status,
        name=status.name,
        meaning=status.meaning,
        why=tuple(_why(story, words)),
        question=texts.questions[story.question] if story.question else None,
        next=tuple(_next(story, words)),
        answer=_answer(story.answer, words) if story.answer else None,
        steps=tuple(sorted(_steps(case, story, words), key=lambda step: step.at)),
        documents=tuple(
            Shown(kept.id, kept.name, _size(kept.size), words.moment(kept.at))
            for kept in case.documents
        ),
        person_asked=_person_asked(case.written, story),
        as_of=texts.as_of.format(date=words.moment(now)),
        link=texts.link.format(date=words.day(link.expires_at)),
        version=case.version,
        already_heading=words.messages.in_review.at_once,
        already=wording.sentences(
            story.review.at_once if story.review else (),
            words.messages.final_answer,
            words.language,
        ),
    )


def _why(story: Story, words: Words) -> Iterator[str]:
    """Say what the notice of this status says beside its date."""
    if story.status is Status.DELAYED and story.delay is not None:
        texts, delay = words.messages.delayed, story.delay
        yield texts.reasons.get(delay.reason or "other", texts.reasons["other"])
        yield texts.in_return.get(delay.in_return or "priority", texts.in_return["priority"])
    elif story.review is not None and story.review.urgent:
        yield words.messages.in_review.urgent


def _next(story: Story, words: Words) -> Iterator[str]:
    texts = words.page
    if story.due_at is not None:
        said = texts.next.answer_by if story.question else texts.next.due
        yield said.format(date=words.day(story.due_at))
    yield texts.statuses[story.status].next
    if story.question:
        yield texts.next.silence


def _person_asked(written: Sequence[Written], story: Story) -> bool:
    """Say whether a person was asked for since the answer that stands."""
    return any(
        one.kind == "person" and (story.answered_at is None or one.at >= story.answered_at)
        for one in written
    )


def _answer(content: FinalAnswer, words: Words) -> tuple[Said, ...]:
    texts = words.messages.final_answer
    blocks = Answering(content, texts, words.language, words.jurisdiction).blocks()
    return tuple(
        Said(block.heading, block.items) if isinstance(block, Bullets) else Said(None, (block,))
        for block in blocks
    )


def _steps(case: Case, story: Story, words: Words) -> Iterator[Step]:
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
    documents = {kept.at: kept.name for kept in case.documents}
    for one in case.written:
        if one.kind == "reply" and one.sequence in there:
            continue
        yield _written(one, documents, words)
    for told in case.told:
        if step := _told(told, words):
            yield step


def _what(body: Body, words: Words, *, first: bool) -> tuple[str, str | None]:
    texts = words.page.happened
    match body:
        case Message(sequence=0, text=text):
            return texts.opened, text
        case Message(text=text):
            return texts.message, text
        case Review(again=again):
            return (texts.review_again if again else texts.review), None
        case Question():
            return texts.question, None
        case Delay(delay=delay):
            return texts.delay.format(date=words.day(delay.due_at)), None
        case Answer():
            return (texts.answer if first else texts.better_answer), None
        case _:
            assert_never(body)


def _written(one: Written, documents: dict[datetime, str], words: Words) -> Step:
    """Show what was written on the page; a document has the same instant as its message."""
    texts = words.page.happened
    said = None
    match one.kind:
        case "reply":
            what, said = texts.message, one.body or None
        case "person":
            what = texts.person
        case "document":
            what = texts.document.format(name=documents.get(one.at, "…"))
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


def _size(size: int) -> str:
    if size < _KILOBYTE * _KILOBYTE:
        return f"{max(1, round(size / _KILOBYTE))} KB"
    return f"{size / _KILOBYTE / _KILOBYTE:.1f} MB"
