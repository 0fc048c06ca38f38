"""The same story from many customers is counted, and no words of it are kept."""

from datetime import timedelta

from services.decision.deliberation import read
from shared.events.catalogue import CaseClassified
from tests.integration.decision_parts import NOW, classified
from tests.integration.decision_service import Service

_STORY = (
    "I waited for the new card for three weeks and the app told me every day that it was sent, "
    "so please pay me the taxi that I had to take because nobody could say where it was."
)


async def test_the_same_story_from_many_customers_is_seen(service: Service) -> None:
    many = [
        classified(customer=f"C-{number}", text=f"{_STORY} Yours, customer {number}")
        for number in range(4)
    ]
    await service.take(*many[:2])
    await service.take(*many[2:], classified(customer="C-9", text="Something else. " * 9))
    last = await service.pool.fetch("SELECT body FROM decision_log ORDER BY position")
    seen = [read(row["body"]).known.history.same_story for row in last]
    assert seen == [1, 1, 3, 3, 0]
    stored = await service.pool.fetchrow("SELECT * FROM stories LIMIT 1")
    assert stored is not None
    assert not any("taxi" in str(value) for value in stored.values())


async def test_a_story_counts_each_other_customer_once_and_within_its_days(
    service: Service,
) -> None:
    def tells(customer: str, days_ago: int = 0) -> CaseClassified:
        return classified(
            customer=customer, text=_STORY, received_at=NOW - timedelta(days=days_ago)
        )

    await service.take(tells("C-1"), tells("C-1"), tells("C-2", days_ago=8))
    await service.take(tells("C-1"), tells("C-3"), tells("C-3"), tells("C-4", days_ago=4))
    rows = await service.pool.fetch("SELECT body FROM decision_log ORDER BY position")
    seen = [read(row["body"]).known.history.same_story for row in rows]
    assert seen == [0, 0, 0, 2, 2, 2, 3]
