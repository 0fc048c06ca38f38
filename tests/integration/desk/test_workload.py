"""What a forecast starts from is what the desk's queues hold and what people really did."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from evenhand import sla_inputs
from evenhand.sla_inputs import Shift
from services.decision import log, workload
from services.decision.log import Entry
from services.decision.workload import Workload
from shared.events.catalogue import Queue
from tests.integration.decision_parts import NOW, Migrated
from tests.integration.desk_service import Running, broken_promise

BACK = timedelta(days=28)
_AS_PROPOSED = {
    "disposition": "upheld",
    "remedies": [
        {"kind": "refund", "money": {"amount": "250", "currency": "EUR"}},
        {"kind": "expedite"},
        {"kind": "credit", "money": {"amount": "5", "currency": "EUR"}},
        {"kind": "apology"},
        {"kind": "explanation"},
    ],
    "reasons": ["seen"],
}


async def _workload(desk: Running) -> Workload:
    async with desk.pool.acquire() as connection:
        return await workload.workload(connection, BACK)


async def test_without_cases_there_is_nothing_to_forecast(desk: Running) -> None:
    assert (await _workload(desk)).queues == ()


async def test_open_cases_stand_in_their_queue_with_their_last_day(desk: Running) -> None:
    await desk.arrive(broken_promise(), due=timedelta(days=9))
    await desk.arrive(broken_promise(), due=timedelta(days=2))
    await desk.arrive(broken_promise(), queue=Queue.FRAUD, due=timedelta(days=1))
    fraud, review = (await _workload(desk)).queues
    assert (fraud.name, len(fraud.open), fraud.arrived) == ("fraud", 1, 1)
    assert [one.due for one in review.open] == [NOW + timedelta(days=2), NOW + timedelta(days=9)]
    assert {*review.to_decide} == {timedelta(days=2), timedelta(days=9)}
    assert (review.handling, review.people) == (None, {})


async def test_what_is_done_tells_how_long_it_took_and_an_answered_case_is_not_open(
    desk: Running,
) -> None:
    case_id = await desk.arrive(broken_promise())
    await desk.take("clerk", case_id)
    held = await _workload(desk)
    assert (len(held.queues[0].open), held.queues[0].handling) == (1, None)
    decided = await desk.act("clerk", case_id, "decide", **_AS_PROPOSED)
    assert decided.status_code == 200, decided.text
    (review,) = (await _workload(desk)).queues
    assert review.open == ()
    assert review.handling is not None
    assert timedelta(0) < review.handling < timedelta(minutes=1)


async def test_whoever_works_in_two_queues_within_an_hour_counts_for_half_in_each(
    desk: Running,
) -> None:
    review = await desk.arrive(broken_promise())
    fraud = await desk.arrive(broken_promise(), queue=Queue.FRAUD)
    acts = [
        (review, "anna", NOW + timedelta(minutes=5)),
        (fraud, "anna", NOW + timedelta(minutes=50)),
        (fraud, "anna", NOW + timedelta(minutes=55)),
        (fraud, "oleh", NOW + timedelta(minutes=50)),
        (fraud, "oleh", NOW + timedelta(minutes=70)),
        (fraud, "policy", NOW + timedelta(minutes=50)),
    ]
    async with desk.pool.acquire() as connection, connection.transaction():
        await log.append(
            connection, [Entry(case, "released", who, at, "{}") for case, who, at in acts]
        )
    at_fraud, at_review = (await _workload(desk)).queues
    assert at_review.people == {NOW: 0.5}
    assert at_fraud.people == {NOW: 1.5, NOW + timedelta(hours=1): 1.0}


async def test_the_rates_count_from_when_the_first_case_came(desk: Running) -> None:
    await desk.arrive(broken_promise())
    found = await _workload(desk)
    assert found.since == NOW
    inputs = sla_inputs.measured(found, "Europe/Warsaw")
    days = (found.at - NOW) / timedelta(days=1)
    assert inputs.queues[0].arrivals_per_hour * 24 == pytest.approx(1 / days)
    assert inputs.queues[0].assumed == ("shifts", "handling_minutes", "verification_minutes")


async def test_nobody_of_less_than_half_the_weeks_is_the_usual_week(desk: Running) -> None:
    await desk.arrive(broken_promise())
    hour = datetime(2026, 11, 17, 9, tzinfo=UTC)
    found = await _workload(desk)
    (queue,) = found.queues
    queue.people.update({hour: 2.0, hour + timedelta(hours=1): 0.4})
    (shift,) = sla_inputs.measured(found, "Europe/Warsaw").queues[0].shifts
    assert shift == Shift(days=("tue",), since=10, until=11, people=2)
    assert hour.astimezone(ZoneInfo("Europe/Warsaw")).hour == shift.since


async def test_a_role_that_may_not_write_can_read_it(desk: Running, database: Migrated) -> None:
    await desk.arrive(broken_promise())
    connection = await asyncpg.connect(database.admin)
    await connection.execute("SET search_path TO decision; SET default_transaction_read_only = on")
    assert len((await workload.workload(connection, BACK)).queues) == 1
    await connection.close()
