"""Who is told that the answer will be late gets what the policy gives for it, and hears of no more.

It is noted with the word itself: given once, counted, in the log, and nothing of it is an answer.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Final

import pytest

from services.decision import day, log
from services.decision.timing import amends, claims, store
from services.decision.timing.claims import LEASE
from shared.events.answer import RemedyKind
from shared.events.base import Money
from shared.events.case import Facts
from shared.events.catalogue import CaseClassified, SlaMilestone
from shared.events.tags import Flag, FlagTag, Pressure, PressureTag
from tests.integration.decision_parts import POLICY, Migrated, classified
from tests.integration.decision_service import Service
from tests.integration.timing_service import DAY, RECEIVED, Clocks, clocks_of, polish

DELAY = POLICY.delay
TOLD = RECEIVED + 24 * DAY
"""When a Polish customer has been warned, and nothing has lapsed but the bank's own aim."""


_SOMEBODY_WAITS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


_DAY_IS_HELD = """
SELECT count(*) FROM pg_locks WHERE relation = 'certificate_use'::regclass AND granted
"""


@pytest.fixture
async def clocks(database: Migrated) -> AsyncIterator[Clocks]:
    async with clocks_of(database) as found:
        yield found


async def _warned(clocks: Clocks) -> list[SlaMilestone]:
    return [each for each in await clocks.milestones() if each.kind == "warned"]


async def _told(clocks: Clocks) -> list[SlaMilestone]:
    """Let the day come on which customers are warned, and return the words."""
    await clocks.at(TOLD)
    await clocks.drain()
    return await _warned(clocks)


async def _four_told(clocks: Clocks, per_day: Decimal) -> list[SlaMilestone]:
    """Let four customers be warned on a day whose certificate (EUR) is this."""
    automatic = POLICY.certificates.automatic.model_copy(update={"per_day": per_day})
    certificates = POLICY.certificates.model_copy(update={"automatic": automatic})
    clocks.policy = POLICY.model_copy(update={"certificates": certificates})
    await clocks.wait_for_people(*(polish(f"C-{number}") for number in range(4)))
    return await _told(clocks)


def _claiming(amount: str, currency: str, customer: str = "C-1") -> CaseClassified:
    money = Money(amount=Decimal(amount), currency=currency)
    return polish(customer).model_copy(update={"claim": money})


async def test_a_warned_customer_is_credited_once_and_told_so(clocks: Clocks) -> None:
    assert DELAY is not None
    case = _claiming("80", "PLN")
    await clocks.wait_for_people(case)
    (told,) = await _told(clocks)
    (remedy,) = told.granted
    assert remedy.kind is RemedyKind.CREDIT
    assert remedy.money == Money(amount=DELAY.sums["PLN"], currency="PLN")
    (given,) = await clocks.pool.fetch("SELECT * FROM amends")
    assert (given["case_id"], given["euros"], given["policy"]) == (case.case_id, 5, POLICY.hash)
    spent = await clocks.pool.fetch("SELECT * FROM certificate_use")
    assert [(row["holder"], row["euros"], row["times"]) for row in spent] == [("policy", 5, 1)]
    ((actor, body),) = await clocks.log("delay_made_good")
    assert (actor, body["clock"], body["remedy"]["kind"]) == ("policy", "pl_complaints:0", "credit")
    async with clocks.pool.acquire() as connection:
        assert isinstance(await log.verify(connection), log.Sound)


async def test_what_is_given_for_a_delay_is_no_answer(clocks: Clocks) -> None:
    await clocks.wait_for_people(polish())
    before = await clocks.pool.fetchrow("SELECT * FROM cases")
    await clocks.at(TOLD)
    await clocks.drain()
    assert await clocks.pool.fetchval("SELECT count(*) FROM amends") == 1
    assert await clocks.pool.fetchrow("SELECT * FROM cases") == before
    topics = await clocks.pool.fetch("SELECT DISTINCT topic FROM outbox")
    assert {row["topic"].split(".")[2] for row in topics} == {"sla", "status"}


async def test_a_case_with_two_dates_that_are_missed_is_made_good_once(clocks: Clocks) -> None:
    promised = Facts(promised_by=RECEIVED + 6 * DAY)
    await clocks.wait_for_people(polish().model_copy(update={"facts": promised}))
    for days in (5, 24):
        await clocks.at(RECEIVED + days * DAY)
        await clocks.drain()
    first, *others = await _warned(clocks)
    assert {each.clock for each in others} == {"promise:1", "pl_complaints:0"}
    assert (len(first.granted), {each.granted for each in others}) == (1, {()})
    assert first.clock == "promise:0"


@pytest.mark.parametrize("workers", [1, 3])
async def test_a_customer_is_credited_so_many_times_in_a_year_as_the_policy_says(
    clocks: Clocks, workers: int
) -> None:
    assert DELAY is not None
    await clocks.wait_for_people(*(polish("C-1") for _ in range(5)), polish("C-2"))
    await clocks.at(TOLD)

    async def work() -> None:
        # One timer at a time, so that all hands are on this customer at once.
        loop = clocks.loop()
        async with clocks.pool.acquire() as connection:
            while (claim := await claims.claim(connection, 1)).clocks:
                await loop.do(connection, claim)

    await asyncio.gather(*(work() for _ in range(workers)))
    told = await _warned(clocks)
    assert len(told) == 6
    given = [each.customer_id for each in told if each.granted]
    assert sorted(given) == ["C-1"] * DELAY.times + ["C-2"]
    rows = await clocks.pool.fetch("SELECT customer_id FROM amends")
    assert sorted(row["customer_id"] for row in rows) == sorted(given)


async def test_nothing_is_said_of_what_the_days_certificate_no_longer_holds(
    clocks: Clocks,
) -> None:
    told = await _four_told(clocks, per_day=Decimal(24))
    assert sorted(len(each.granted) for each in told) == [0, 0, 1, 1]
    assert {each.in_return for each in told} == {"priority"}
    assert len(await clocks.log("delay_made_good")) == 2


@pytest.mark.parametrize("currency", ["CHF", "PLN"])
async def test_a_policy_that_names_no_sum_gives_nothing(clocks: Clocks, currency: str) -> None:
    if currency == "PLN":
        clocks.policy = POLICY.model_copy(update={"delay": None})
    await clocks.wait_for_people(_claiming("80", currency))
    (told,) = await _told(clocks)
    assert told.granted == ()


_VIOLENT: Final = PressureTag(value=Pressure.VIOLENCE, confidence=0.9)


def _of_people(kind: str) -> CaseClassified:
    """Return a case of which nothing but the receipt is automatic."""
    case = classified(received_at=RECEIVED)
    danger = FlagTag(value=Flag.SAFETY, confidence=0.9)
    update = {"pressure": _VIOLENT} if kind == "violence" else {"flags": (danger,)}
    tags = case.tags.model_copy(update=update)
    return case.model_copy(update={"jurisdiction": "PL", "tags": tags})


def _again(case: CaseClassified, **tags: object) -> CaseClassified:
    """Return what the customer writes next."""
    later = classified(case.case_id, sequence=1, received_at=RECEIVED + DAY)
    return later.model_copy(update={"tags": later.tags.model_copy(update=tags)})


@pytest.mark.parametrize("kind", ["safety", "violence"])
@pytest.mark.parametrize("calms_down", [False, True])
async def test_where_nothing_is_automatic_nothing_is_credited(
    clocks: Clocks, kind: str, *, calms_down: bool
) -> None:
    service, case = Service(clocks.pool), _of_people(kind)
    await service.take(case)
    assert (await service.case(case.case_id))["reason"] == kind
    if calms_down:
        await service.take(_again(case))
    told = await _told(clocks)
    assert told
    assert all(each.granted == () for each in told)


async def test_who_turns_violent_while_a_person_has_the_case_is_credited_nothing(
    clocks: Clocks,
) -> None:
    service, case = Service(clocks.pool), polish()
    flags = (FlagTag(value=Flag.LEGAL, confidence=0.9),)
    case = case.model_copy(update={"tags": case.tags.model_copy(update={"flags": flags})})
    await service.take(case)
    await service.take(_again(case, pressure=_VIOLENT))
    await service.take(_again(case).model_copy(update={"sequence": 2}))
    told = await _told(clocks)
    assert told
    assert all(each.granted == () for each in told)


async def test_where_fraud_was_suspected_nothing_is_credited_whatever_is_written_since(
    clocks: Clocks,
) -> None:
    case = polish()
    await clocks.wait_for_people(case)
    body = {"known": {}, "said": {"reason": "suspicion_needs_a_written_report"}}
    entry = log.Entry(case.case_id, "deliberated", "policy", RECEIVED, log.canonical(body))
    async with clocks.pool.acquire() as connection, connection.transaction():
        await log.append(connection, [entry])
    await clocks.pool.execute("UPDATE cases SET reason = 'message_during_review'")
    (told,) = await _told(clocks)
    assert told.granted == ()


async def test_what_a_customer_was_given_is_counted_over_midnight(clocks: Clocks) -> None:
    """Expect a worker of the old day and one of the new not to count at the same time."""
    pool = clocks.pool
    async with pool.acquire() as before, pool.acquire() as since, since.transaction():
        async with before.transaction():
            await clocks.at(TOLD)
            await amends.hold(before)
            await clocks.at(TOLD + DAY)
            holding = asyncio.create_task(amends.hold(since))
            async with asyncio.timeout(20):
                while not await pool.fetchval(_SOMEBODY_WAITS):
                    assert not holding.done()
                    await asyncio.sleep(0.01)
        await holding


async def test_words_of_delays_leave_half_of_the_days_certificate_to_answers(
    clocks: Clocks,
) -> None:
    told = await _four_told(clocks, per_day=Decimal(20))
    assert sum(len(each.granted) for each in told) == 2
    async with clocks.pool.acquire() as connection:
        assert await day.left(connection, Decimal(20), TOLD) == 10


async def test_a_worker_that_dies_over_a_credit_leaves_none_and_the_next_gives_it(
    clocks: Clocks,
) -> None:
    await clocks.wait_for_people(polish())
    await clocks.at(TOLD)
    connection = await clocks.pool.acquire()
    claim = await claims.claim(connection, 500)
    worker = asyncio.create_task(clocks.loop().do(connection, claim))
    async with asyncio.timeout(20):
        while not await clocks.pool.fetchval(_DAY_IS_HELD):
            if worker.done():
                break
            await asyncio.sleep(0)
    connection.terminate()
    await asyncio.wait([worker])
    await clocks.pool.release(connection)
    await clocks.at(TOLD + LEASE + timedelta(seconds=1))
    await clocks.drain()
    assert [len(each.granted) for each in await _warned(clocks)] == [1]
    assert await clocks.pool.fetchval("SELECT sum(euros) FROM certificate_use") == 5


async def test_whoever_decides_never_waits_in_a_ring_with_a_word_of_a_delay(
    clocks: Clocks,
) -> None:
    """Expect the order of locks of the hop and the desk: the day's certificate, then the clocks."""
    case = polish()
    await clocks.wait_for_people(case)
    await clocks.at(TOLD)
    async with clocks.pool.acquire() as hop, clocks.pool.acquire() as worker:
        claim = await claims.claim(worker, 500)
        async with hop.transaction():
            await day.left(hop, Decimal(10_000), TOLD, lock=True)
            firing = asyncio.create_task(clocks.loop().do(worker, claim))
            async with asyncio.timeout(20):
                while not await clocks.pool.fetchval(_SOMEBODY_WAITS):
                    assert not firing.done()
                    await asyncio.sleep(0.01)
            held = await store.lock(hop, [case.case_id])
            assert held[case.case_id]
        assert await firing > 0
    assert [len(each.granted) for each in await _warned(clocks)] == [1]
