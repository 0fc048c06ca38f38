"""How long a case takes is learnt from what people did with the last ones of its queue."""

import base64
import json
from datetime import timedelta
from uuid import UUID

import pytest

from services.decision import log
from services.decision.desk import effort, queue
from services.decision.desk.queue import After, Filter
from services.decision.log import Entry
from shared.events.catalogue import Queue
from tests.integration.decision_parts import NOW
from tests.integration.desk.deadlines import waiting
from tests.integration.desk_service import Running


async def _handled(desk: Running, minutes: list[int]) -> None:
    """Let a person have handled cases, each in so many minutes."""
    entries = []
    for number, taken in enumerate(minutes):
        case_id = await waiting(desk)
        at = NOW - timedelta(days=number)
        done = at + timedelta(minutes=taken)
        entries += [Entry(case_id, "taken", "p1", at, "{}"), Entry(case_id, "x", "p1", done, "{}")]
        machine = at + timedelta(seconds=5)
        entries.append(Entry(case_id, "deliberated", "policy", machine, "{}"))
    async with desk.pool.acquire() as connection, connection.transaction():
        await log.append(connection, entries)


async def test_how_long_a_case_takes_is_learnt_from_the_last_ones_of_its_queue(
    desk: Running,
) -> None:
    await _handled(desk, [40] * 7)
    async with desk.pool.acquire() as connection:
        assert await effort.learn(connection) == effort.ASSUMED  # too few
    await _handled(desk, [41, 42, 400, 40])
    async with desk.pool.acquire() as connection:
        learnt = await effort.learn(connection)
        assert learnt == {**effort.ASSUMED, Queue.REVIEW: 40}
        cases, cursor = await queue.listed(connection, Filter("p2"), After(), 2, learnt)
        assert all("it takes about 40 minutes" in case["place_why"] for case in cases)
        assert cursor is not None
        after = queue.place_of(cursor, Filter("p2"))
        assert after is not None
        more, _ = await queue.listed(connection, Filter("p2"), after, 20, effort.ASSUMED)
    assert all("it takes about 40 minutes" in case["place_why"] for case in more)
    places = [case["place"] for case in (*cases, *more)]
    assert places == list(range(1, 12))
    assert len({case["case_id"] for case in (*cases, *more)}) == 11


@pytest.mark.parametrize("kind", ["answer_expected", "tags_corrected", "text_shown", "released"])
async def test_what_is_done_to_a_case_on_the_way_is_not_how_long_it_takes(
    desk: Running, kind: str
) -> None:
    await _handled(desk, [40] * 8)
    entries = []
    for number in range(20):
        case_id = await waiting(desk)
        at = NOW - timedelta(days=number)
        entries += [
            Entry(case_id, "taken", "p1", at, "{}"),
            Entry(case_id, kind, "p1", at + timedelta(minutes=1), "{}"),
        ]
        if kind != "released":
            entries.append(Entry(case_id, "decided", "p1", at + timedelta(minutes=40), "{}"))
    async with desk.pool.acquire() as connection, connection.transaction():
        await log.append(connection, entries)
        assert (await effort.learn(connection))[Queue.REVIEW] == 40


@pytest.mark.parametrize("minutes", [0, -1, 10**6, 10**30, 1.5, "15", None])
def test_a_cursor_with_an_effort_that_no_case_has_is_none(minutes: object) -> None:
    wide: list[object] = ["", False, True, NOW.isoformat(), 15, str(UUID(int=1)), 2]
    chosen = Filter("clerk")
    wide[0] = chosen.key()
    sound = [*effort.ASSUMED.values()]
    assert queue.place_of(_cursor([*wide, sound]), chosen) is not None
    assert queue.place_of(_cursor([*wide, [*sound[1:], minutes]]), chosen) is None
    wide[4] = minutes
    assert queue.place_of(_cursor([*wide, sound]), chosen) is None


def _cursor(parts: list[object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()
