"""The queue of the desk: safety first, then in the work order, every case once with its place."""

from datetime import timedelta

from services.decision.clock.work_order import order
from services.decision.desk import queue
from services.decision.desk.queue import After, Filter
from shared.events.catalogue import Queue
from shared.events.tags import Flag
from tests.integration.decision_parts import NOW
from tests.integration.desk.deadlines import arm, let_pass, polish
from tests.integration.desk_service import Running, broken_promise, errors_of
from tests.integration.timing_service import DAY


async def test_safety_comes_first_then_whatever_is_to_be_begun_first(
    desk: Running,
) -> None:
    late = await desk.arrive(broken_promise(), due=timedelta(days=9))
    soon = await desk.arrive(broken_promise(), due=timedelta(days=2))
    special = await desk.arrive(
        broken_promise(), queue=Queue.SPECIALIST, reason="violence", due=timedelta(days=30)
    )
    safety = await desk.arrive(
        broken_promise(flags=(Flag.SAFETY,)), queue=Queue.SAFETY, reason="safety"
    )
    shown = (await desk.get("clerk", "/queue")).json()["cases"]
    assert [case["case_id"] for case in shown] == [
        str(one) for one in (safety, soon, special, late)
    ]
    assert [case["place"] for case in shown] == [1, 2, 3, 4]
    assert "safety" in shown[0]["why"].lower()
    assert shown[1]["reason"] == "above_the_automatic_certificate"
    assert all(case["why"].endswith(".") for case in shown)
    assert shown[0]["place_why"].startswith("first in the queue because somebody's safety")


async def test_pages_of_the_queue_show_every_case_once_with_its_place(desk: Running) -> None:
    for day in range(5):
        await desk.arrive(broken_promise(), due=timedelta(days=day))
    whole = (await desk.get("clerk", "/queue")).json()["cases"]
    paged, cursor = [], ""
    while True:
        page = (await desk.get("clerk", f"/queue?limit=2{cursor}")).json()
        paged += page["cases"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert paged == whole
    other = await desk.get("clerk", f"/queue?limit=2&queue=fraud{cursor}")
    assert "cursor" in errors_of(other)


async def test_the_queue_can_be_narrowed(desk: Running) -> None:
    mine = await desk.arrive(broken_promise())
    await desk.arrive(broken_promise(), queue=Queue.LEGAL, reason="legal")
    await desk.take("clerk", mine)

    async def listed(who: str, query: str) -> list[str]:
        cases = (await desk.get(who, f"/queue?{query}")).json()["cases"]
        return [case["case_id"] for case in cases]

    assert await listed("clerk", "mine=true") == [str(mine)]
    assert await listed("clerk-2", "mine=true") == []
    assert await listed("clerk-2", "assignee=clerk") == [str(mine)]
    assert await listed("clerk", "queue=review") == [str(mine)]
    assert "queue" in errors_of(await desk.get("clerk", "/queue?queue=nowhere"))
    assert "sort" in errors_of(await desk.get("clerk", "/queue?sort=date"))


async def test_the_queue_is_in_the_work_order_and_says_who_was_called(desk: Running) -> None:
    queues = list(Queue)
    for number in range(12):
        case = polish()
        await desk.arrive(
            case, queue=queues[number % len(queues)], due=timedelta(hours=30 * (12 - number))
        )
        if number % 2:
            await arm(desk, case)
    await let_pass(desk, 29)
    async with desk.pool.acquire() as connection:
        rows, _ = await queue.rows_of(connection, Filter("clerk"), After(), 50)
    places = order([queue.waiting_of(row) for row in rows], NOW + 29 * DAY)
    assert [place.case.case_id for place in places] == [row["case_id"] for row in rows]
    shown = (await desk.get("clerk", "/queue")).json()["cases"]
    assert [each["case_id"] for each in shown] == [str(row["case_id"]) for row in rows]
    called = {each["summoned"] for each in shown}
    assert called == {None, "executive"}
    assert all("in the queue because" in each["place_why"] for each in shown)
