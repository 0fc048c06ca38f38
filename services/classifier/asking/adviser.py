"""Asks about a batch: what is unsure, several questions at a time, and for so long only.

Invariant: every message comes back with tags, in order; one about which nothing was learnt has its
own tags, with a mark that says why. Called outside any transaction.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client import Counter, Histogram

from services.classifier.asking.budget import Budget, Permit
from services.classifier.asking.endpoint import ANSWER_TOKENS, Endpoint, Unsaid
from services.classifier.asking.opinions import (
    Failed,
    Manner,
    Opinion,
    doubts,
    marked,
    opinion_of,
    with_fault,
    with_manner,
)
from services.classifier.asking.questions import (
    Kind,
    Question,
    fault_question,
    manner_question,
)
from services.classifier.asking.settings import AskingSettings
from services.classifier.masking import masked
from services.classifier.tagging import Matter, Message, Tagger
from services.classifier.tagging.markup import Plain, plain
from shared.events.tags import Tags

_log = logging.getLogger(__name__)

ASKED: Final = Counter(
    "evenhand_llm_questions", "Questions to the language model", ["question", "result"]
)
SECONDS: Final = Histogram("evenhand_llm_seconds", "Time of one question, answered or not")
TOKENS: Final = Counter("evenhand_llm_tokens", "Tokens that the endpoint has counted")

_LETTERS_A_TOKEN: Final = 2
"""Fewer than any tokenizer makes of a word, so that a reservation is rather too large."""


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A tagged message, and what of the customer must not be told."""

    message: Message
    tags: Tags
    known: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question about one message of the batch."""

    place: int
    question: Question
    matter: Matter
    read: Plain


class Adviser:
    """Improves the tags of batches."""

    def __init__(self, settings: AskingSettings, tagger: Tagger, budget: Budget) -> None:
        self._settings = settings
        self._tagger = tagger
        self._budget = budget
        self._endpoint = Endpoint(settings)
        self._free = asyncio.Semaphore(settings.at_once)

    async def close(self) -> None:
        """Close what is open."""
        await self._endpoint.close()

    async def advise(self, batch: Sequence[Doubtful]) -> list[Tags]:
        """Return the tags of each message, better where the model was asked and knew."""
        asked = self._questions(batch)
        tags = [each.tags for each in batch]
        if not asked:
            return tags
        tasks = [asyncio.create_task(self._ask(one.question)) for one in asked]
        try:
            await asyncio.wait(tasks, timeout=self._settings.batch_within.total_seconds())
        finally:
            for task in tasks:
                task.cancel()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        marks: list[list[tuple[Kind, str]]] = [[] for _ in batch]
        for one, said in zip(asked, found, strict=True):
            said = _outcome(said)  # noqa: PLW2901 - what became of the task, in our words
            kind, place = one.question.kind, one.place
            ASKED.labels(kind, said.why if isinstance(said, Failed) else "answered").inc()
            if isinstance(said, Failed):
                marks[place].append((kind, said.why))
                continue
            marks[place].append((kind, self._settings.model or ""))
            tags[place] = self._joined(tags[place], said, one)
        return [
            marked(each, notes) if notes else each for each, notes in zip(tags, marks, strict=True)
        ]

    def _joined(self, tags: Tags, said: Opinion, asked: _Asked) -> Tags:
        settings = self._settings
        if isinstance(said, Manner):
            return with_manner(tags, said.placed(asked.read), settings.below, settings.trust)
        return with_fault(tags, said, asked.matter.placed(asked.read), settings.trust)

    def _questions(self, batch: Sequence[Doubtful]) -> list[_Asked]:
        asked = [
            (place, each, wanted)
            for place, each in enumerate(batch)
            if (wanted := doubts(each.tags, self._settings.below))
        ]
        read = [plain(each.message.text) for _, each, _ in asked]
        covered = [masked(r.text, each.known) for (_, each, _), r in zip(asked, read, strict=True)]
        matters = self._tagger.matters(covered) if asked else []
        questions = []
        for (place, each, wanted), text, matter, of in zip(
            asked, covered, matters, read, strict=True
        ):
            if "manner" in wanted:
                questions.append(_Asked(place, manner_question(text), matter, of))
            if "fault" in wanted:
                question = fault_question(matter, each.message, each.known)
                questions.append(_Asked(place, question, matter, of))
        return questions

    async def _ask(self, question: Question) -> Opinion | Failed:
        async with self._free:
            letters = len(question.system) + len(question.data)
            permit = self._budget.permit(letters // _LETTERS_A_TOKEN + ANSWER_TOKENS)
            if not isinstance(permit, Permit):
                return Failed(permit)
            began = time.monotonic()
            settled = False
            try:
                said = await self._endpoint.ask(question)
                opinion = said if isinstance(said, Unsaid) else opinion_of(question, said.text)
                if isinstance(said, Unsaid):
                    self._budget.failed(said.wait)
                elif isinstance(opinion, Failed):
                    TOKENS.inc(said.tokens or 0)
                    self._budget.failed()
                else:
                    TOKENS.inc(said.tokens or 0)
                    self._budget.answered(permit, said.tokens)
                settled = True
            finally:
                SECONDS.observe(time.monotonic() - began)
                if not settled:
                    self._cut_off(time.monotonic() - began)
        return opinion

    def _cut_off(self, waited: float) -> None:
        """Settle a question when the batch's time is over: one that had its time has failed.

        In a large batch the last ones have hardly been asked.
        """
        settings = self._settings
        if waited >= min(settings.timeout, settings.batch_within / 2).total_seconds():
            self._budget.failed()
        else:
            self._budget.cut_off()


def _outcome(found: Opinion | Failed | BaseException) -> Opinion | Failed:
    """Say what became of a question; one that was cut off is late, a defect of ours costs no case.

    Raises:
        BaseException: the process ends.

    """
    if isinstance(found, asyncio.CancelledError):
        return Failed("timeout")
    if isinstance(found, Exception):
        _log.error("a question to the language model failed: %s", type(found).__name__)
        return Failed("defect")
    if isinstance(found, BaseException):
        raise found
    return found
