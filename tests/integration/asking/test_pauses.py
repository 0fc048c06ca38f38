"""Nobody asks beyond the budget, nor an endpoint that fails."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from services.classifier.asking.adviser import Doubtful
from services.classifier.asking.budget import Budget, Permit
from services.classifier.asking.endpoint import wait_of
from services.classifier.tagging import Message
from shared.events.tags import Tone
from tests.integration.asking.parts import FAR_OFF, GOOD, TEXT, UNSURE, Clock, Make
from tests.integration.llm_server import (
    ChatServer,
    hanging,
    raw,
    saying,
)


async def test_a_minute_s_budget_ends_with_the_minute(chat: ChatServer, asking: Make) -> None:
    asker = asking(per_minute=2)
    assert "over_budget" not in (await asker.ask()).model
    assert (await asker.ask()).model == "local+llm.manner:over_budget+llm.fault:over_budget"
    assert len(chat.asked) == 2
    asker.clock.at += 61
    assert (await asker.ask()).tone.value is Tone.RUDE


async def test_a_day_s_tokens_end_with_the_day(chat: ChatServer, asking: Make) -> None:
    asker = asking(tokens_per_day=4000)
    models = [(await asker.ask()).model for _ in range(20)]
    assert "over_budget" not in models[0]
    assert models[-1] == "local+llm.manner:over_budget+llm.fault:over_budget"
    asked = len(chat.asked)
    assert 2 <= asked <= 20
    asker.clock.at += 86_400
    await asker.ask()
    assert len(chat.asked) == asked + 2


async def test_after_failures_on_end_nobody_asks_until_one_question_got_through(
    chat: ChatServer, asking: Make
) -> None:
    chat.answer = raw("500 Internal Server Error", b"{}")
    asker = asking(at_once=1)
    for _ in range(5):
        await asker.ask()
    asked = len(chat.asked)
    assert asked == 5
    assert (await asker.ask()).model == "local+llm.manner:paused+llm.fault:paused"
    asker.clock.at += 16
    await asker.ask()
    assert len(chat.asked) == asked + 1  # one tries, the other waits for what comes of it
    asker.clock.at += 16
    await asker.ask()
    assert len(chat.asked) == asked + 1  # each pause is twice the last
    chat.answer = saying(**GOOD)
    asker.clock.at += 15
    assert (await asker.ask()).tone.value is Tone.RUDE
    assert "paused" not in (await asker.ask()).model


async def test_an_endpoint_that_asks_for_rest_is_left_alone_so_long(
    chat: ChatServer, asking: Make
) -> None:
    chat.answer = raw("429 Too Many Requests", b"{}", "retry-after: 90")
    asker = asking(at_once=1)
    assert "busy" in (await asker.ask()).model
    asker.clock.at += 89
    assert (await asker.ask()).model == "local+llm.manner:paused+llm.fault:paused"
    assert len(chat.asked) == 1
    chat.answer = saying(**GOOD)
    asker.clock.at += 2
    assert (await asker.ask()).tone.value is Tone.RUDE


def test_a_burst_of_refusals_makes_one_pause_as_long_as_was_asked_for() -> None:
    clock = Clock()
    budget = Budget(100, 1_000_000, clock)
    for _ in range(8):
        assert isinstance(budget.permit(1), Permit)
    for _ in range(8):
        budget.failed(wait=2.0)
    clock.at += 1.5
    assert budget.permit(1) == "paused"
    clock.at += 1
    assert isinstance(budget.permit(1), Permit)


async def test_a_large_batch_is_no_fault_of_the_endpoint(chat: ChatServer, asking: Make) -> None:
    async def slowly(asked: dict[str, Any], writer: Any) -> None:  # noqa: ANN401 - a stream
        await asyncio.sleep(0.7)
        await saying(**GOOD)(asked, writer)

    chat.answer = slowly
    asker = asking(at_once=6, batch_within=timedelta(seconds=1.2))
    told = await asker.adviser.advise([Doubtful(Message(TEXT), UNSURE)] * 20)
    assert told[0].tone.value is Tone.RUDE
    assert "llm.fault:timeout" in told[-1].model
    chat.answer = saying(**GOOD)
    assert "paused" not in (await asker.ask()).model


async def test_an_endpoint_that_lets_every_question_hang_is_left_alone(
    chat: ChatServer, asking: Make
) -> None:
    chat.answer = hanging
    asker = asking(at_once=6, timeout=timedelta(hours=1), batch_within=timedelta(seconds=0.3))
    await asker.adviser.advise([Doubtful(Message(TEXT), UNSURE)] * 20)
    assert "paused" in (await asker.ask()).model


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [
        ("30", 30, 30),
        ("0.5", 0.5, 0.5),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 1e9, 1e10),
        ("Fri, 01 Jan 2021 00:00:00 GMT", 0, 0),
        ("-5", 0, 0),
        ("nan", 0, 0),
        ("inf", 0, 0),
        (FAR_OFF, 0, 0),
        ("Mon, 1 Jan 999999999999999999999999 00:00:00", 0, 0),
        ("soon", 0, 0),
        ("", 0, 0),
    ],
)
def test_a_wait_is_read_in_every_form_and_nonsense_is_none(
    said: str, least: float, most: float
) -> None:
    assert least <= wait_of({"retry-after": said}) <= most


def test_no_wait_is_longer_than_ten_minutes() -> None:
    clock = Clock()
    budget = Budget(10, 10_000, clock)
    assert isinstance(budget.permit(1), Permit)
    budget.failed(wait=1e9)
    clock.at += 599
    assert budget.permit(1) == "paused"
    clock.at += 2
    assert isinstance(budget.permit(1), Permit)
