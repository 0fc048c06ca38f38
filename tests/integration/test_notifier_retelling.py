"""Delays and corrections on a real database: each told once, in the language of its case."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from aiokafka import ConsumerRecord

from services.notifier.domain import CONTENT, Delayed, Earlier, FinalAnswer
from shared.events.answer import Basis, Disposition
from shared.events.catalogue import CaseDecided, CaseSubmitted, Decision, Event, SlaMilestone, Topic
from shared.events.envelope import Envelope, event_id
from tests.integration.broker_records import record_of
from tests.integration.notifier_service import START, Case, HasDatabase, Notifier, case_of, notifier

_TOPICS = {
    CaseSubmitted: Topic.SUBMITTED,
    CaseDecided: Topic.DECIDED,
    SlaMilestone: Topic.SLA,
}

DECLINED = Earlier(
    disposition=Disposition.DECLINED, reasons=("x",), answered_at=START + timedelta(minutes=1)
)
"""What `_revised` says first, a minute after the case."""


def _record(event: Event, minutes: int, key: str) -> "ConsumerRecord[bytes, bytes]":
    topic = _TOPICS[type(event)]
    envelope = Envelope(
        event_id(str(event.case_id), topic, key),
        topic,
        "test",
        str(event.case_id),
        START + timedelta(minutes=minutes),
    )
    return record_of(event, envelope)


def _warned(case: Case) -> SlaMilestone:
    return SlaMilestone(
        case_id=case.id,
        customer_id=case.customer.id,
        clock="pl_complaints",
        kind="warned",
        due_at=START + timedelta(days=1),
        new_due_at=START + timedelta(days=3),
        at=START,
    )


def _revised(case: Case, revision: int, disposition: Disposition) -> CaseDecided:
    decision = Decision(
        disposition=disposition, basis=Basis.PERSON, reasons=("x",), rule="person", policy="test"
    )
    return case.decided().model_copy(update={"decision": decision, "revision": revision})


async def _told(made: Notifier, case_id: UUID) -> list[tuple[str, Delayed | FinalAnswer]]:
    rows = await made.pool.fetch(
        "SELECT language, content FROM notices WHERE case_id = $1 ORDER BY planned_at", case_id
    )
    found = [(row["language"], CONTENT.validate_json(row["content"])) for row in rows]
    return [(spoken, one) for spoken, one in found if isinstance(one, Delayed | FinalAnswer)]


@pytest.mark.parametrize("together", [True, False])
async def test_a_correction_names_the_answer_it_replaces_and_comes_once(
    database: HasDatabase, *, together: bool
) -> None:
    case = case_of(email="anna@example.com")
    records = [
        _record(case.submitted(), 0, "0"),
        _record(_revised(case, 0, Disposition.DECLINED), 1, "0"),
        _record(_revised(case, 1, Disposition.GOODWILL), 2, "1"),
    ]
    async with notifier(database, 1) as made:
        for batch in [records] if together else [[one] for one in records]:
            await made.runner(batch)
        await made.runner(records)  # delivered again
        told = await _told(made, case.id)
    assert [one.earlier for _, one in told if isinstance(one, FinalAnswer)] == [
        None,
        DECLINED,
    ]


async def test_a_delay_is_told_in_the_language_of_the_case_and_every_delay_is(
    database: HasDatabase,
) -> None:
    case = case_of(email="anna@example.com")
    async with notifier(database, 1) as made:
        await made.runner([_record(case.submitted(), 0, "0")])
        await made.runner([_record(case.decided(), 1, "0")])  # in Polish
        await made.runner([_record(_warned(case), 2, "warn"), _record(_warned(case), 3, "letter")])
        told = await _told(made, case.id)
    assert [(spoken, one.due_at) for spoken, one in told if isinstance(one, Delayed)] == [
        ("pl", START + timedelta(days=3)),
        ("pl", START + timedelta(days=3)),
    ]


@pytest.mark.parametrize(
    ("place", "last"),
    [
        ("pl", datetime(2026, 12, 20, 22, 59, 59, tzinfo=UTC)),
        ("US", datetime(2026, 12, 20, 23, tzinfo=UTC)),
        (None, datetime(2026, 12, 20, 23, tzinfo=UTC)),
    ],
)
async def test_a_midnight_is_told_as_the_end_of_its_day_where_the_customer_is(
    database: HasDatabase, place: str | None, last: datetime
) -> None:
    async with notifier(database, 1) as made:
        for case_first in (True, False):
            case = case_of(email=f"{uuid4()}@example.com")
            case = replace(case, customer=case.customer.model_copy(update={"jurisdiction": place}))
            midnight = {"new_due_at": datetime(2026, 12, 20, 23, tzinfo=UTC)}  # in Warsaw
            warned = _record(_warned(case).model_copy(update=midnight), 1, "warn")
            records = [_record(case.submitted(), 0, "0"), warned]
            for record in records if case_first else reversed(records):
                await made.runner([record])
            ((_, told),) = await _told(made, case.id)
            assert isinstance(told, Delayed)
            assert told.due_at == last


async def test_answers_that_overtake_their_case_wait_and_each_is_told(
    database: HasDatabase,
) -> None:
    case = case_of(email=f"{uuid4()}@example.com")
    async with notifier(database, 1) as made:
        await made.runner([_record(_revised(case, 0, Disposition.DECLINED), 1, "0")])
        await made.runner([_record(_revised(case, 1, Disposition.UPHELD), 2, "1")])
        await made.runner([_record(_warned(case), 3, "warn")])
        assert await _told(made, case.id) == []
        await made.runner([_record(case.submitted(), 4, "0")])
        told = [one for _, one in await _told(made, case.id)]
    answers = [one for one in told if isinstance(one, FinalAnswer)]
    assert [one.earlier for one in answers] == [None, DECLINED]
    assert sum(isinstance(one, Delayed) for one in told) == 1
