"""New cases go first: timers take a small share of the time while they come in."""

from collections.abc import Sequence

import pytest

from services.decision.timing.pace import Pace
from shared.hop import Received
from shared.outbox import Saying
from shared.postgres import Connection


class _Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_timers_do_not_wait_where_no_case_comes_in() -> None:
    assert Pace(_Time()).pause(0.5) == 0


@pytest.mark.parametrize("fails", [False, True])
async def test_timers_take_an_eighth_of_the_time_while_cases_come_in(fails: bool) -> None:  # noqa: FBT001 - pytest
    time = _Time()
    pace = Pace(time)

    async def handle(_tx: Connection, _batch: Sequence[Received], /) -> Sequence[Saying]:
        time.now += 1
        if fails:
            raise ValueError("poison")
        return ()

    try:
        await pace.around(handle)(None, ())  # type: ignore[arg-type]  # nothing is read
    except ValueError:
        assert fails
    assert not pace.is_quiet()
    assert pace.pause(0.1) == pytest.approx(0.7)
    assert pace.pause(10) == 2.0  # never long, so that nobody waits for ever
    time.now += 5
    assert pace.is_quiet()
    assert pace.pause(0.1) == 0
