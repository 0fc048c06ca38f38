"""Goodwill counts as given, and the policy grants no more than its day allows."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from services.decision.deliberation import read
from services.decision.log import Sound, verify
from shared.events.answer import Disposition
from tests.integration.decision_parts import NOW, POLICY, classified
from tests.integration.decision_service import Service, deciding_by


async def test_the_third_own_slip_of_a_year_is_declined_even_within_one_batch(
    service: Service,
) -> None:
    await service.take(*(classified() for _ in range(3)), classified(customer="C-2"))
    assert await service.dispositions() == [
        Disposition.GOODWILL,
        Disposition.GOODWILL,
        Disposition.DECLINED,
        Disposition.GOODWILL,
    ]


async def test_goodwill_of_an_earlier_batch_counts_and_that_of_another_year_does_not(
    service: Service,
) -> None:
    await service.take(classified(received_at=NOW - timedelta(days=366)), classified())
    await service.take(classified())
    await service.take(classified())
    assert await service.dispositions() == [Disposition.GOODWILL] * 3 + [Disposition.DECLINED]


async def test_two_instances_cannot_both_forgive_the_last_slip(service: Service) -> None:
    await service.take(classified())
    await asyncio.gather(*(replace(service).take(classified()) for _ in range(5)))
    granted = await service.pool.fetchval(
        "SELECT count(*) FROM cases WHERE goodwill_eur IS NOT NULL"
    )
    assert granted == POLICY.goodwill.times


async def test_what_was_counted_before_stands_beside_the_decision(service: Service) -> None:
    await service.take(classified(), classified())
    rows = await service.pool.fetch("SELECT body FROM decision_log ORDER BY position")
    known = [read(row["body"]).known for row in rows]
    assert [each.history.times for each in known] == [0, 1]
    assert [each.history.lately for each in known] == [0, 1]
    day = POLICY.certificates.automatic.per_day
    assert [each.left_today for each in known] == [day, day - Decimal("12.50")]


async def test_the_policy_never_grants_more_than_its_day_allows(service: Service) -> None:
    limit = Decimal(30)
    tight = POLICY.certificates.automatic.model_copy(update={"per_day": limit})
    policy = POLICY.model_copy(
        update={"certificates": POLICY.certificates.model_copy(update={"automatic": tight})}
    )
    deciding = deciding_by(policy)
    services = [Service(service.pool, deciding) for _ in range(6)]
    await asyncio.gather(
        *(
            each.take(classified(customer=f"C-{number}"), classified(customer=f"D-{number}"))
            for number, each in enumerate(services)
        )
    )
    spent = await service.pool.fetchrow("SELECT euros, times FROM certificate_use")
    assert spent is not None
    assert (spent["euros"], spent["times"]) == (Decimal(25), 2)
    reasons = [each.reason for each in await service.referred()]
    assert reasons == ["above_the_days_certificate"] * 10
    async with service.pool.acquire() as connection:
        assert isinstance(await verify(connection), Sound)
