"""The classifier's hop: one answer for each message, and nobody waited for in a transaction."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import cache
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from prometheus_client import REGISTRY

from services.classifier import drift, handlers, tagging
from services.classifier.asking.adviser import Adviser
from services.classifier.asking.budget import Budget
from services.classifier.asking.settings import AskingSettings
from services.classifier.tagging import Tagger
from shared.events.catalogue import CaseSubmitted, Topic
from shared.events.tags import Tone
from shared.hop import Handler, Hop, Prepare, Received
from shared.outbox import Saying
from shared.postgres import Connection, Pool
from tests.integration.classifier_service import record, runner_of, said, submitted
from tests.integration.conftest import Database
from tests.integration.llm_server import ChatServer, chat_server, raw, saying

TEXT = "Well, I have written to you, Anna Nowak, about that thing of Monday."
FORMAT = {
    "manner": {
        "tone": "rude",
        "tone_words": "that thing",
        "pressure": "none",
        "pressure_words": None,
    },
    "fault": {"fault": "unclear", "fault_words": None},
}


@cache
def tagger() -> Tagger:
    return tagging.load()


@pytest.fixture
async def chat() -> AsyncIterator[ChatServer]:
    async with chat_server(saying(**FORMAT)) as running:
        yield running


@pytest.fixture
async def adviser(chat: ChatServer) -> AsyncIterator[Adviser]:
    settings = AskingSettings.model_validate({"url": chat.url, "model": "m", "below": 1.0})
    adviser = Adviser(settings, tagger(), Budget(10_000, 10_000_000, lambda: 0.0))
    yield adviser
    await adviser.close()


def window() -> drift.Window:
    return drift.Window(drift.read(drift.SHIPPED), "shipped")


def hop_with(adviser: Adviser) -> Hop:
    seen = window()
    return Hop(
        "evenhand-classifier",
        (Topic.SUBMITTED,),
        handlers.build(tagger(), seen),
        handlers.preparing(tagger(), adviser, seen),
    )


async def test_each_message_is_answered_once_with_the_adviser_s_tags(
    pool: Pool, adviser: Adviser
) -> None:
    events = [submitted(f"{TEXT} {n}", name="Anna Nowak") for n in range(5)]
    records = [record(Topic.SUBMITTED, event, uuid4()) for event in events]
    runner = runner_of(hop_with(adviser), pool)
    await runner([*records, records[0]])
    await runner(records)
    answers = await said(pool)
    assert sorted(a.text for a in answers) == sorted(e.text for e in events)
    assert {a.tags.tone.value for a in answers} == {Tone.RUDE}
    assert all("+llm.manner:m" in a.tags.model for a in answers)


async def test_what_was_said_is_measured_and_a_repeat_is_not(pool: Pool, adviser: Adviser) -> None:
    def measured() -> float:
        labels = {"target": "tone", "value": "rude"}
        return REGISTRY.get_sample_value("evenhand_tags_total", labels) or 0.0

    records = [record(Topic.SUBMITTED, submitted(f"{TEXT} {n}"), uuid4()) for n in range(3)]
    runner, before = runner_of(hop_with(adviser), pool), measured()
    await runner(records)
    await runner(records)
    assert measured() == before + 3


async def test_the_customer_s_name_never_leaves(
    pool: Pool, adviser: Adviser, chat: ChatServer
) -> None:
    await runner_of(hop_with(adviser), pool)(
        [record(Topic.SUBMITTED, submitted(TEXT, name="Anna Nowak"))]
    )
    assert chat.asked
    assert not any(word in str(chat.asked).casefold() for word in ("anna", "nowak", "c-1029"))


async def test_nobody_is_asked_while_a_transaction_is_open(
    pool: Pool, chat: ChatServer, database: Database
) -> None:
    open_ones: list[int] = []
    admin = await asyncpg.connect(database.admin)

    async def looking(asked: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        open_ones.append(await admin.fetchval(_OPEN))
        await saying(**FORMAT)(asked, writer)

    chat.answer = looking
    settings = AskingSettings.model_validate(
        {"url": chat.url, "model": "m", "below": 1.0, "at_once": 1}
    )
    one = Adviser(settings, tagger(), Budget(100, 10_000_000, lambda: 0.0))
    await runner_of(hop_with(one), pool)([record(Topic.SUBMITTED, submitted(TEXT))])
    await one.close()
    await admin.close()
    assert open_ones
    assert set(open_ones) == {0}


_OPEN = """
SELECT count(*) FROM pg_stat_activity
 WHERE usename = 'evenhand_classifier' AND datname = current_database()
   AND (state LIKE 'idle in transaction%' OR state = 'active')
"""


async def test_an_endpoint_that_fails_holds_up_no_message(
    pool: Pool, adviser: Adviser, chat: ChatServer
) -> None:
    chat.answer = raw("500 Internal Server Error", b"")
    events = [submitted(f"{TEXT} {n}") for n in range(20)]
    await runner_of(hop_with(adviser), pool)([record(Topic.SUBMITTED, e) for e in events])
    answers = await said(pool)
    assert len(answers) == 20
    marks = {mark for a in answers for mark in ("status", "paused") if mark in a.tags.model}
    assert marks == {"status", "paused"}


async def topics_said(pool: Pool, prepare: Prepare, events: Sequence[CaseSubmitted]) -> list[str]:
    """Let a hop that prepares its batches take these; returns the topics of what it said."""

    async def never(_: Connection, __: Sequence[Received]) -> list[Saying]:
        raise AssertionError("the prepared handler handles")

    hop = Hop("test", (Topic.SUBMITTED,), never, prepare)
    await runner_of(hop, pool)([record(Topic.SUBMITTED, event) for event in events])
    return [row["topic"] for row in await pool.fetch("SELECT topic FROM outbox")]


async def test_a_batch_is_prepared_once_though_its_halves_are_committed_apart(pool: Pool) -> None:
    prepared: list[int] = []
    poison = submitted("poison")

    async def prepare(batch: Sequence[Received]) -> Handler:
        prepared.append(len(batch))

        async def handle(_: Connection, part: Sequence[Received]) -> list[Saying]:
            if any(r.event.case_id == poison.case_id for r in part):
                raise ValueError("poison")
            return [r.say(Topic.SUBMITTED, r.event) for r in part]

        return handle

    events = [submitted(f"{TEXT} {n}") for n in range(7)]
    topics = await topics_said(pool, prepare, [*events, poison])
    assert topics.count(Topic.SUBMITTED) == 7
    assert topics.count(Topic.DLQ) == 1
    assert prepared == [8]


async def test_a_message_that_cannot_be_prepared_is_parked_and_its_neighbours_pass(
    pool: Pool,
) -> None:
    poison = submitted("poison")

    async def prepare(batch: Sequence[Received]) -> Handler:
        if any(r.event.case_id == poison.case_id for r in batch):
            raise ValueError("poison")

        async def handle(_: Connection, part: Sequence[Received]) -> list[Saying]:
            return [r.say(Topic.SUBMITTED, r.event) for r in part]

        return handle

    events = [submitted(f"{TEXT} {n}") for n in range(3)]
    topics = await topics_said(pool, prepare, [poison, *events])
    assert (topics.count(Topic.SUBMITTED), topics.count(Topic.DLQ)) == (3, 1)
