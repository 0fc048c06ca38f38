"""What stands on the page: the story of a case in the words of a language. Pure.

Invariant: everything shown is a text of ours, a date, or what the customer wrote; never a tag, a
queue, a score, a name or an address.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notifier.domain import FinalAnswer
from services.notifier.messages import wording
from services.notifier.messages.answering import Answering, Bullets
from services.notifier.status_page.links import Good
from services.notifier.status_page.store import Case, Written
from services.notifier.status_page.story import Story, tell
from services.notifier.status_page.timeline import Step, Words, steps
from shared.events.case import Status

_KILOBYTE = 1024


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
    there: bool
    note: str | None


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


def show(case: Case, link: Good, words: Words, now: datetime) -> Page:
    """Put a case into words."""
    texts = words.page
    story = tell(case.happenings)
    status = texts.checking if story.checking else texts.statuses[story.status]
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
        steps=tuple(sorted(steps(case, story, words), key=lambda step: step.at)),
        documents=tuple(
            Shown(
                kept.id,
                kept.name,
                _size(kept.size),
                words.moment(kept.at),
                kept.state == "kept",
                texts.document.states.get(kept.state),
            )
            for kept in case.documents
        ),
        person_asked=_person_asked(case.written, story),
        as_of=texts.as_of.format(date=words.moment(now)),
        link=texts.link.format(date=words.last_day(link.expires_at)),
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
        if delay.in_return in texts.in_return:
            yield texts.in_return[delay.in_return]
        if said := wording.sentences(delay.granted, words.messages.final_answer, words.language):
            yield " ".join((texts.granted, *said))
    elif story.review is not None:
        if story.review.urgent:
            yield words.messages.in_review.urgent
        if (limit := story.review.deadline) is not None:
            day = wording.day_of(limit, words.language)
            yield words.messages.in_review.deadline.format(date=day)
        if story.review.danger:
            yield words.messages.in_review.danger


def _next(story: Story, words: Words) -> Iterator[str]:
    texts = words.page
    if story.due_at is not None:
        if story.checking:
            yield texts.next.checking.format(moment=words.moment(story.due_at))
        else:
            said = texts.next.answer_by if story.question else texts.next.due
            yield said.format(date=words.last_day(story.due_at))
    yield (texts.checking if story.checking else texts.statuses[story.status]).next
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


def _size(size: int) -> str:
    if size < _KILOBYTE * _KILOBYTE:
        return f"{max(1, round(size / _KILOBYTE))} KB"
    return f"{size / _KILOBYTE / _KILOBYTE:.1f} MB"
