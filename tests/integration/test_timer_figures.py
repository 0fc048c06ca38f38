"""The figures of the clock: lapses by what they break, from zero on; and cases near a deadline."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from prometheus_client import REGISTRY

from services.decision.timing import measures
from tests.integration.decision_parts import Migrated
from tests.integration.timing_service import DAY, RECEIVED, Clocks, clocks_of, polish


@pytest.fixture
async def clocks(database: Migrated) -> AsyncIterator[Clocks]:
    async with clocks_of(database) as found:
        yield found


def _lapses(pack: str, kind: str, effect: str) -> float | None:
    labels = {"pack": pack, "kind": kind, "effect": effect}
    return REGISTRY.get_sample_value("evenhand_lapses_total", labels)


async def test_lapses_of_every_pack_are_counted_from_zero(clocks: Clocks) -> None:
    measures.LAPSES.clear()
    async with clocks.running(), asyncio.timeout(10):
        while _lapses("promise", "promise", "none") is None:  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.01)
    found = [_lapses(pack.id, pack.kind, pack.lateness.effect) for pack in clocks.packs.packs]
    assert found == [0.0] * len(found)


async def test_a_lapse_is_counted_by_the_kind_of_its_clock(clocks: Clocks) -> None:
    measures.LAPSES.clear()
    await clocks.wait_for_people(polish().model_copy(update={"jurisdiction": "GB"}))
    await clocks.at(RECEIVED + 6 * DAY)
    await clocks.drain()
    assert _lapses("uk_disp_1_5", "option", "final_response_owed") == 1
    assert _lapses("uk_disp_1_6", "statutory", "ombudsman_rights") is None


@pytest.mark.parametrize("country", ["PL", "CH"], ids=["of_the_law", "of_our_own"])
async def test_a_case_is_near_the_deadline_of_its_answer_whoever_set_it(
    clocks: Clocks, country: str
) -> None:
    await clocks.wait_for_people(polish().model_copy(update={"jurisdiction": country}))
    deadline: datetime = await clocks.pool.fetchval(
        "SELECT deadline FROM clocks WHERE role = 'answer'"
    )
    await clocks.at(deadline - timedelta(hours=2))
    async with clocks.pool.acquire() as connection:
        await measures.sample(connection)
    near = {
        within: REGISTRY.get_sample_value(
            "evenhand_cases_near_deadline", {"queue": "review", "within": within}
        )
        for within in ("overdue", "4h", "1d")
    }
    assert near == {"overdue": 0, "4h": 1, "1d": 1}
