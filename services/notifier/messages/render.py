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
    Content,
    Delayed,
    FinalAnswer,
    InReview,
    Language,
    NewLink,
    Receipt,
    called,
)
from services.notifier.messages import catalogue, progress, short, wording
from services.notifier.messages.answering import Answering, Block, Bullets
from services.notifier.messages.texts import Texts

PERSON = "#person"
"""Where on the status page a person is asked for."""


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
        wording.load_zones()
        self._texts = texts
        self.body = json.dumps({name: said.model_dump(mode="json") for name, said in texts.items()})
        self.version = hashlib.sha256(self.body.encode()).hexdigest()[:16]
        self._frames = {language: _Frame.of(language, words) for language, words in texts.items()}
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
        plain_links, html_links = _ways(texts, link)
        body = f"{_paragraph(greeting)}{said.html}{html_links}{_paragraph(case)}{frame.html_foot}"
        return Message(
            subject,
            f"{greeting}{said.plain}{plain_links}\n\n{case}{frame.plain_foot}",
            f"{frame.html_title}{html_subject}{frame.html_body}{body}{_END}",
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
        plain = "\n\n".join(map(_plain, blocks))
        html = "\n".join(map(_html, blocks))
        return _Middle(subject, f"\n\n{plain}\n\n", escape(subject), f"\n{html}\n")


@dataclass(frozen=True, slots=True)
class _Middle:
    """What the messages of the same content, language and place have in common."""

    subject: str
    plain: str
    html_subject: str
    html: str


_END = "\n</main>\n</body>\n</html>\n"


@dataclass(frozen=True, slots=True)
class _Frame:
    """The parts that are the same in all messages of a language."""

    html_title: str
    html_body: str
    html_foot: str
    plain_foot: str

    @classmethod
    def of(cls, language: Language, texts: Texts) -> "_Frame":
        return cls(
            f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>',
            "</title>\n</head>\n"
            '<body style="margin:0;background:#ffffff;color:#1a1a1a">\n'
            '<main style="max-width:38em;margin:0 auto;padding:1.5em;'
            'font:16px/1.5 system-ui,sans-serif">\n',
            f"\n{_paragraph(texts.closing)}",
            f"\n\n{texts.closing}\n",
        )


def _said(
    content: Content, texts: Texts, language: Language, place: str
) -> tuple[str, Iterator[Block]]:
    """Return the subject and the blocks of a notice."""
    match content:
        case Receipt():
            return texts.receipt.subject, progress.receipt(content, texts, language)
        case InReview():
            return texts.in_review.subject, progress.in_review(content, texts, language, place)
        case Delayed():
            return texts.delayed.subject, progress.delayed(content, texts.delayed, language, place)
        case Asked():
            return texts.question.subject, progress.question(content, texts, language, place)
        case NewLink():
            return texts.new_link.subject, iter(texts.new_link.paragraphs)
        case FinalAnswer():
            answer = texts.final_answer
            subject = answer.subject_corrected if content.revision else answer.subject
            if content.taken_back:
                subject = answer.subject_taken_back
            return subject, Answering(content, answer, language, place).blocks()
        case _:
            assert_never(content)


def _ways(texts: Texts, link: str | None) -> tuple[str, str]:
    """Say how to follow the case and how to reach a person: one click, or a reply."""
    if link is None:
        return texts.reply, _paragraph(texts.reply)
    ways = ((texts.follow, link), (texts.person, link + PERSON))
    return (
        "\n".join(text.format(link=address) for text, address in ways),
        "\n".join(_linked(text, address) for text, address in ways),
    )


def _linked(text: str, address: str) -> str:
    """Make the words before the address the link; where there are none, the address itself."""
    before, _, after = text.partition("{link}")
    words = before.rstrip().removesuffix(":") or address
    return f'<p><a href="{escape(address)}">{escape(words)}</a>{escape(after)}</p>\n'


def _paragraph(text: str) -> str:
    return f"<p>{escape(text).replace(chr(10), '<br>' + chr(10))}</p>"


def _plain(block: Block) -> str:
    match block:
        case Bullets(heading, items):
            return "\n".join([heading, *(f"- {item}" for item in items)])
        case str():
            return block
        case _:
            assert_never(block)


def _html(block: Block) -> str:
    match block:
        case Bullets(heading, items):
            lines = "\n".join(f"<li>{escape(item)}</li>" for item in items)
            head = f'<p role="heading" aria-level="2"><strong>{escape(heading)}</strong></p>'
            return f"{head}\n<ul>\n{lines}\n</ul>"
        case str():
            return f"<p>{escape(block)}</p>"
        case _:
            assert_never(block)
