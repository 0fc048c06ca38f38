"""Each event of a customer's case gives one mail, in whatever order and however often it comes."""

import asyncio

from deploy.local.mailbox.running import MailCatcher
from shared.events.catalogue import CaseAsked, Notice, Question
from tests.integration.notifier_email.notices import ANNA, kinds
from tests.integration.notifier_service import START, Notifier, case_of


async def test_every_event_delivered_twice_gives_one_mail_each(
    service: Notifier, catcher: MailCatcher
) -> None:
    cases = [case_of(f"{n}@example.com") for n in range(20)]
    async with service.sending():
        for _ in range(2):
            await service.consume(*(case.submitted() for case in cases))
            await service.consume(*(case.decided() for case in cases))
            await service.settled(40)
    assert sorted(kinds(catcher)) == ["final_answer"] * 20 + ["receipt"] * 20
    assert catcher.mailbox.counts.duplicates == 0
    assert {said.outcome for said in await service.said()} == {"sent"}
    assert len({(said.case_id, said.notice) for said in await service.said()}) == 40


async def test_an_answer_before_its_case_waits_for_it(
    service: Notifier, catcher: MailCatcher
) -> None:
    case = case_of(ANNA)
    async with service.sending():
        await service.consume(case.decided(), case.referred())
        assert await service.rows() == []
        await service.consume(case.submitted())
        await service.settled(3)
    assert [row["notice"] for row in await service.rows()] == [
        Notice.RECEIPT,
        Notice.IN_REVIEW,
        Notice.FINAL_ANSWER,
    ]
    assert {row["language"] for row in await service.rows()} == {"pl", "en"}
    assert catcher.mailbox.counts.messages == 3


async def test_case_and_answer_at_the_same_instant_never_miss_each_other(
    service: Notifier,
) -> None:
    for _ in range(15):
        case = case_of(ANNA)
        await asyncio.gather(service.consume(case.submitted()), service.consume(case.decided()))
    assert len(await service.rows()) == 30
    assert await service.pool.fetchval("SELECT count(*) FROM waiting") == 0


async def test_a_later_message_is_answered_without_a_second_receipt(
    service: Notifier, catcher: MailCatcher
) -> None:
    case = case_of(ANNA)
    async with service.sending():
        await service.consume(case.submitted(), case.decided())
        await service.consume(case.submitted(1), case.decided(1))
        await service.settled(3)
    assert sorted(kinds(catcher)) == ["final_answer", "final_answer", "receipt"]
    assert sorted(said.sequence for said in await service.said()) == [0, 0, 1]


async def test_every_revision_of_an_answer_is_told_once(
    service: Notifier, catcher: MailCatcher
) -> None:
    case = case_of(ANNA)
    better = case.decided().model_copy(update={"revision": 1})
    async with service.sending():
        await service.consume(case.submitted(), case.decided())
        await service.consume(better)
        await service.consume(better)
        await service.settled(3)
    assert sorted(kinds(catcher)) == ["final_answer", "final_answer", "receipt"]


async def test_a_customer_is_asked_in_words(service: Notifier, catcher: MailCatcher) -> None:
    case = case_of(ANNA)
    asked = CaseAsked(
        case_id=case.id,
        customer_id=case.customer.id,
        question=Question.WHAT_HAPPENED,
        language="pl",
        answer_by=START,
        asked_at=START,
    )
    async with service.sending():
        await service.consume(case.submitted(), asked)
        await service.settled(2)
    assert sorted(kinds(catcher)) == ["question", "receipt"]
    assert [said.notice for said in await service.said()].count(Notice.QUESTION) == 1
