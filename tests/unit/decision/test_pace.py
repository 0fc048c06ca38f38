"""New cases go first: timers take a small share of the time while cases wait."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from services.decision.timing.pace import Pace
from shared.hop import Received
from shared.outbox import Saying
from shared.postgres import Connection

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LONG_AGO, JUST_NOW = NOW - timedelta(minutes=5), NOW - timedelta(milliseconds=200)


class _Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def _batch(*said_at: datetime) -> Any:  # noqa: ANN401 - no more than the pace looks at
    return [SimpleNamespace(envelope=SimpleNamespace(time=at)) for at in said_at]


async def _decide(pace: Pace, batch: Any, fails: bool = False) -> None:  # noqa: ANN401, FBT001, FBT002 - pytest
    was_behind = []

    async def handle(_tx: Connection, _batch: Sequence[Received], /) -> Sequence[Saying]:
        was_behind.append(pace.is_behind())
        if fails:
            raise ValueError("poison")
        return ()

    try:
        await pace.around(handle)(None, batch)  # type: ignore[arg-type]  # nothing is read
    except ValueError:
        assert fails
    assert was_behind == [pace.is_behind()]


def test_timers_do_not_wait_where_no_case_comes_in() -> None:
    assert Pace(lambda: NOW, _Time()).pause(0.5) == 0


async def test_timers_do_not_wait_while_cases_are_decided_as_they_come() -> None:
    pace = Pace(lambda: NOW, _Time())
    await _decide(pace, _batch(JUST_NOW))
    assert not pace.is_behind()
    assert pace.pause(0.5) == 0


async def test_an_old_case_that_is_sent_again_among_new_ones_holds_up_no_timer() -> None:
    pace = Pace(lambda: NOW, _Time())
    await _decide(pace, _batch(LONG_AGO, JUST_NOW))
    assert not pace.is_behind()


@pytest.mark.parametrize("fails", [False, True])
async def test_timers_take_a_fifth_of_the_time_while_cases_wait(fails: bool) -> None:  # noqa: FBT001 - pytest
    time = _Time()
    pace = Pace(lambda: NOW, time)
    await _decide(pace, _batch(LONG_AGO, LONG_AGO), fails)
    assert pace.is_behind()
    assert pace.pause(0.1) == pytest.approx(0.4)
    assert pace.pause(10) == 2.0  # never long, so that nobody waits for ever
    time.now += 5
    assert not pace.is_behind()
    assert pace.pause(0.1) == 0
