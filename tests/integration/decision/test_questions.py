"""A customer is asked once, and the answer is believed once."""

from shared.events.answer import Disposition
from shared.events.case import Facts, Status
from shared.events.catalogue import CaseAsked, CaseClassified, Topic
from shared.events.tags import Fault
from tests.integration.decision_parts import classified
from tests.integration.decision_service import Service


def _untold(customer: str = "C-1", **more: object) -> CaseClassified:
    """Return a claim in which nothing says who erred, and nothing can be checked."""
    case = classified(customer=customer, fault=Fault.UNCLEAR, facts=Facts())
    return case.model_copy(update=more)


async def test_a_customer_is_asked_once_and_the_answer_is_believed(service: Service) -> None:
    case = _untold()
    await service.take(case)
    (asked,) = await service.said(Topic.ASKED)
    assert isinstance(asked, CaseAsked)
    assert asked.answer_by > asked.asked_at
    assert await service.statuses() == [Status.WAITING_FOR_YOU]
    row = await service.case(case.case_id)
    assert (row["state"], row["answer_due_at"]) == ("asked", asked.answer_by)
    await service.take(_untold(case_id=case.case_id, sequence=1))
    assert await service.dispositions() == [Disposition.UPHELD]
    assert await service.statuses() == [Status.WAITING_FOR_YOU, Status.DECIDED]
    assert len(await service.said(Topic.ASKED)) == 1


async def test_a_claim_that_nothing_shows_is_believed_once(service: Service) -> None:
    for _ in range(2):
        case = _untold()
        await service.take(case)
        await service.take(_untold(case_id=case.case_id, sequence=1))
    assert await service.dispositions() == [Disposition.UPHELD]
    assert len(await service.referred()) == 1
