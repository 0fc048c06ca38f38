"""Puts a notice into words: plain text and accessible HTML of the same content.

Invariant: what is said depends on the notice and its link alone, so that a repeat says the same;
tags, tone and codes without a text never appear.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import assert_never
from uuid import UUID

from services.notifier.domain import (
    Asked,
    Closed,
    Content,
    Delayed,
    DocumentRefused,
    FinalAnswer,
    InReview,
    Language,
    NewLink,
    Receipt,
    Verifying,
    called,
)
from services.notifier.messages import catalogue, progress, short, wording
from services.notifier.messages.answering import Answering, Block
from services.notifier.messages.layout import (
    END,
    Frame,
    html_of,
    paragraph,
    plain_of,
    ways,
)
from services.notifier.messages.texts import Texts
from services.notifier.places import load_zones


@dataclass(frozen=True, slots=True)
class Message:
    """A notice in words; `body` is the part of `html` that a reader sees, without any style."""

    subject: str
    plain: str
    html: str
    body: str


class Voice:
    """Speaks all languages; made once, at the start.

    `body` is everything it can say, as JSON, and `version` what that is known by: proof of what was
    said, once a message was sent.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: the machine has no time zones (package tzdata).

    """

    def __init__(self, texts: Mapping[Language, Texts]) -> None:
        load_zones()
        self._texts = texts
        self.body = json.dumps({name: said.model_dump(mode="json") for name, said in texts.items()})
        self.version = hashlib.sha256(self.body.encode()).hexdigest()[:16]
        self._frames = {language: Frame.of(language, words) for language, words in texts.items()}
        # Many cases have the same answer; most of a message is therefore said before.
        self._middle = lru_cache(maxsize=1024)(self._render_middle)

    @classmethod
    def load(cls, own: Path | None = None) -> "Voice":
        """Read the texts; `own` is the folder of the bank's own.

        Raises:
            TextsError: a text is missing or wrong.

        """
        return cls(catalogue.load(own))

    def say(  # noqa: PLR0913 - what a message depends on
        self,
        content: Content,
        *,
        case_id: UUID,
        name: str | None,
        language: Language,
        jurisdiction: str | None,
        link: str | None = None,
        again_at: datetime | None = None,
    ) -> Message:
        """Put a notice into words; `link` leads to the status page of the case.

        `again_at` is when this was said before, where somebody asked to send it again.
        """
        texts, frame = self._texts[language], self._frames[language]
        said = self._middle(content, language, (jurisdiction or "").upper())
        named = wording.isolated(called(name))
        greeting = texts.greeting.format(name=named) if named else texts.greeting_unnamed
        subject, html_subject = said.subject, said.html_subject
        if again_at is not None:
            day = wording.day(again_at, language, (jurisdiction or "").upper())
            greeting = f"{greeting}\n\n{texts.again.opening.format(date=day)}"
            subject = texts.again.subject.format(subject=subject)
            html_subject = escape(subject)
        case = texts.case.format(case=case_id)
        plain_links, html_links = ways(texts, link)
        body = f"{paragraph(greeting)}{said.html}{html_links}{paragraph(case)}{frame.html_foot}"
        return Message(
            subject,
            f"{greeting}{said.plain}{plain_links}\n\n{case}{frame.plain_foot}",
            f"{frame.html_title}{html_subject}{frame.html_body}{body}{END}",
            body,
        )

    def say_shortly(
        self,
        content: Content,
        *,
        language: Language,
        jurisdiction: str | None,
        link: str,
        again_at: datetime | None = None,
    ) -> str:
        """Put a notice into few words, in one line; the link leads to the rest."""
        place = (jurisdiction or "").upper()
        texts = self._texts[language]
        said = " ".join(short.sentences(content, texts.short, language, place))
        if again_at is not None:
            day = wording.day(again_at, language, place)
            said = f"{texts.again.opening.format(date=day)} {said}"
        return f"{said} {texts.short.follow.format(link=link)}"

    def _render_middle(self, content: Content, language: Language, place: str) -> "_Middle":
        texts = self._texts[language]
        subject, said = _said(content, texts, language, place)
        blocks = list(said)
        plain = "\n\n".join(map(plain_of, blocks))
        html = "\n".join(map(html_of, blocks))
        return _Middle(subject, f"\n\n{plain}\n\n", escape(subject), f"\n{html}\n")


@dataclass(frozen=True, slots=True)
class _Middle:
    """What the messages of the same content, language and place have in common."""

    subject: str
    plain: str
    html_subject: str
    html: str


def _said(
    content: Content, texts: Texts, language: Language, place: str
) -> tuple[str, Iterator[Block]]:
    """Return the subject and the blocks of a notice."""
    match content:
        case FinalAnswer():
            answer = texts.final_answer
            subject = answer.subject_corrected if content.revision else answer.subject
            if content.taken_back:
                subject = answer.subject_taken_back
            return subject, Answering(content, answer, language, place).blocks()
        case NewLink():
            return texts.new_link.subject, iter(texts.new_link.paragraphs)
        case DocumentRefused():
            refused = texts.document_refused
            return refused.subject, progress.document_refused(content, refused)
        case _:
            return _said_on_the_way(content, texts, language, place)


def _said_on_the_way(
    content: Receipt | InReview | Delayed | Asked | Verifying | Closed,
    texts: Texts,
    language: Language,
    place: str,
) -> tuple[str, Iterator[Block]]:
    match content:
        case Receipt():
            return texts.receipt.subject, progress.receipt(content, texts, language)
        case InReview():
            return texts.in_review.subject, progress.in_review(content, texts, language, place)
        case Delayed():
            return texts.delayed.subject, progress.delayed(content, texts, language, place)
        case Asked():
            return texts.question.subject, progress.question(content, texts, language, place)
        case Verifying():
            return texts.verifying.subject, progress.verifying(content, texts, language, place)
        case Closed():
            return texts.closed.subject, progress.closed(content, texts, language, place)
        case _:
            assert_never(content)
