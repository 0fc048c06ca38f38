"""The read model and the reconciler on a real database, fed with what the hop would read."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from aiokafka import ConsumerRecord
from opentelemetry.sdk.trace import TracerProvider

from services.intake import projection
from services.intake.reconcile import sweep
from shared.events.base import Money
from shared.events.case import Category, Channel
from shared.events.catalogue import (
    MODELS,
    CaseAsked,
    CaseClassified,
    CaseDecided,
    CaseNotified,
    CaseReferred,
    CaseSubmitted,
    Decision,
    Event,
    Notice,
    Question,
    SlaMilestone,
)
from shared.events.envelope import Envelope, event_id
from shared.events.tags import Tags
from shared.hop import Runner
from tests.integration.broker_records import record_of
from tests.integration.intake_service import Migrated, Running, new_key, running

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
AFTER = timedelta(seconds=30)
TAGS = Tags.model_validate(
    {
        "tone": {"value": "courteous", "confidence": 0.9},
        "pressure": {"value": "none", "confidence": 0.9},
        "fault": {"value": "customer", "confidence": 0.9},
        "language": "pl",
        "model": "test",
        "evidence": [
            {"target": "tone", "value": "courteous", "source": "list:thanks", "start": 0, "end": 4}
        ],
    }
)


@pytest.fixture
async def intake(database: Migrated) -> AsyncIterator[Running]:
    async with running(database) as service:
        yield service


def _decision(disposition: str) -> Decision:
    return Decision.model_validate(
        {
            "disposition": disposition,
            "basis": "goodwill",
            "reasons": ["own_slip_told_constructively"],
            "rule": "goodwill",
            "policy": "abc",
            "remedies": [{"kind": "fee_waiver", "money": Money(amount=Decimal(5), currency="PLN")}],
        }
    )


def _story(case_id: UUID) -> list[Event]:
    who: dict[str, Any] = {"case_id": case_id, "customer_id": "C-1"}
    at = [NOW + timedelta(seconds=n) for n in range(10)]
    return [
        CaseClassified(
            **who,
            channel=Channel.WEB,
            category=Category.OTHER,
            text="x",
            received_at=NOW,
            language="pl",
            jurisdiction="PL",
            tags=TAGS,
        ),
        CaseReferred.model_validate(
            {
                **who,
                "queue": "review",
                "priority": 5,
                "reason": "amount_above_certificate",
                "proposal": _decision("upheld"),
                "language": "pl",
                "answer_due_at": NOW + timedelta(days=30),
                "referred_at": at[1],
            }
        ),
        CaseDecided(**who, decision=_decision("goodwill"), language="pl", decided_at=at[3]),
        CaseNotified(
            **who,
            notice=Notice.FINAL_ANSWER,
            channel="email",
            outcome="sent",
            language="pl",
            at=at[4],
        ),
        SlaMilestone(**who, clock="answer", kind="cancelled", due_at=at[9], at=at[5]),
    ]


def _record(event: Event, number: int) -> "ConsumerRecord[bytes, bytes]":
    topic = next(topic for topic, model in MODELS.items() if type(event) is model)
    identity = event_id(str(event.case_id), topic, str(number))
    envelope = Envelope(identity, topic, "test", str(event.case_id), NOW)
    return record_of(event, envelope, number)


async def _project(intake: Running, events: Sequence[Event], numbers: Sequence[int]) -> None:
    run = Runner(
        projection.hop(),
        pool=intake.pool,
        publisher=intake.publisher,
        source="test",
        tracer=TracerProvider().get_tracer("test"),
        stop=asyncio.Event(),
    )
    for number in numbers:
        await run([_record(events[number], number)])


async def _submit(intake: Running) -> UUID:
    body = {"customer": {"id": "C-1"}, "channel": "web", "text": "dziękuję"}
    return UUID((await intake.client.post("/v1/cases", json=body)).json()["case_id"])


async def _shown(intake: Running, case_id: UUID) -> dict[str, Any]:
    shown: dict[str, Any] = (await intake.client.get(f"/v1/cases/{case_id}")).json()
    for key in ("case_id", "status_url", "accepted_at", "received_at", "messages"):
        del shown[key]
    shown["timeline"] = [entry for entry in shown["timeline"] if entry["event"] != "received"]
    return shown


async def test_the_order_of_the_events_makes_no_difference(intake: Running) -> None:
    shown = []
    for order in list(permutations(range(5)))[::15]:
        case_id = await _submit(intake)
        await _project(intake, _story(case_id), [*order, *order])
        shown.append(await _shown(intake, case_id))
    first = shown[0]
    assert len(shown) == 8
    assert all(other == first for other in shown)
    assert first["status"] == "decided"
    assert first["disposition"] == first["decision"]["disposition"] == "goodwill"
    assert first["decision"]["decided_at"] == "2026-11-20T10:00:03Z"
    assert first["tags"]["evidence"][0]["end"] == 4
    assert first["referral"] is None
    assert first["jurisdiction"] == "PL"
    assert [entry["event"] for entry in first["timeline"]] == [
        "classified",
        "referred",
        "decided",
        "notified",
        "sla",
    ]
    assert first["sla"]["milestones"][0]["kind"] == "cancelled"
    assert await intake.count("dead_letters") == 0


async def test_only_staff_see_what_is_proposed(database: Migrated, intake: Running) -> None:
    case_id = await _submit(intake)
    await _project(intake, _story(case_id), [0, 1])
    key = await new_key(database, "read")
    headers = {"Authorization": f"Bearer {key}"}
    path = f"/v1/cases/{case_id}"
    reader = (await intake.client.get(path, headers=headers)).json()
    staff = (await intake.client.get(path)).json()
    assert reader["status"] == "in_review"
    assert reader["referral"] == {
        "queue": "review",
        "since": "2026-11-20T10:00:01Z",
        "answer_due_at": "2026-12-20T10:00:00Z",
    }
    assert "proposal" not in reader
    assert staff["proposal"]["disposition"] == "upheld"
    due = await intake.client.get("/v1/cases", params={"due_before": "2026-12-21T00:00:00Z"})
    assert [case["case_id"] for case in due.json()["cases"]] == [str(case_id)]
    due = await intake.client.get("/v1/cases", params={"due_before": "2026-12-20T00:00:00Z"})
    assert due.json()["cases"] == []


async def test_a_case_that_is_not_here_stops_nobody(intake: Running) -> None:
    await _project(intake, _story(UUID(int=7)), range(5))
    assert await intake.count("dead_letters") == 0
    assert await intake.count("timeline") == 5


async def _age(intake: Running, case_id: UUID, seconds: int) -> None:
    await intake.pool.execute(
        """UPDATE journeys SET accepted_at = accepted_at - $2::interval, told_at = told_at - $2,
                  next_redrive_at = next_redrive_at - $2 WHERE case_id = $1""",
        case_id,
        timedelta(seconds=seconds),
    )


async def _sweep(intake: Running) -> int:
    async with intake.pool.acquire() as connection, connection.transaction():
        return await sweep(connection, AFTER, "test", TracerProvider().get_tracer("test"))


async def _publish_all(intake: Running) -> None:
    await intake.pool.execute("DELETE FROM outbox_pending")


async def test_a_message_that_was_overtaken_is_published_again_with_growing_pauses(
    intake: Running,
) -> None:
    lost, arrived = await _submit(intake), await _submit(intake)
    await _publish_all(intake)
    assert await _sweep(intake) == 0
    await _project(intake, _story(arrived), [0, 2, 3])
    await _age(intake, lost, 120)
    assert await _sweep(intake) == 0  # the other arrived only just now: it may be a neighbour
    await _age(intake, arrived, 60)
    assert await _sweep(intake) == 1
    pending = await intake.pool.fetch(
        "SELECT o.subject, p.redrive FROM outbox_pending p JOIN outbox o USING (position)"
    )
    assert [(row["subject"], row["redrive"]) for row in pending] == [(str(lost), 1)]
    assert await _sweep(intake) == 0
    await _age(intake, lost, 59)
    assert await _sweep(intake) == 0
    await _age(intake, lost, 2)
    assert await _sweep(intake) == 1


async def test_a_backlog_in_good_order_is_left_alone(intake: Running) -> None:
    arrived = await _submit(intake)
    waiting = [await _submit(intake) for _ in range(5)]
    await _project(intake, _story(arrived), [0, 2, 3])
    await _age(intake, arrived, 100)
    for case_id in waiting:
        await _age(intake, case_id, 90)
    assert await _sweep(intake) == 0


async def test_when_nothing_moves_at_all_a_few_are_tried(intake: Running) -> None:
    cases = [await _submit(intake) for _ in range(25)]
    for case_id in cases:
        await _age(intake, case_id, 120)
    await intake.pool.execute("UPDATE progress SET projected_at = now() - interval '31 s'")
    assert await _sweep(intake) == 20
    tried = await intake.pool.fetch("SELECT case_id FROM journeys WHERE redrives = 1")
    assert {row["case_id"] for row in tried} == set(cases[5:])


async def test_a_lost_message_that_the_outbox_has_forgotten_is_said_anew(intake: Running) -> None:
    case_id = await _submit(intake)
    await intake.client.post(f"/v1/cases/{case_id}/messages", json={"text": "And now?"})
    said = "SELECT event_id, cause_id, key, subject, said_at, body FROM outbox ORDER BY said_at"
    first = await intake.pool.fetch(said)
    await _publish_all(intake)
    await intake.pool.execute("DELETE FROM outbox")
    await _age(intake, case_id, 7200)
    await intake.pool.execute("UPDATE progress SET projected_at = now() - interval '1 h'")
    assert await _sweep(intake) == 2
    pending = await intake.pool.fetch(
        "SELECT p.redrive FROM outbox_pending p JOIN outbox o USING (position)"
    )
    assert [row["redrive"] for row in pending] == [1, 1]
    again = await intake.pool.fetch(said)
    assert [row["event_id"] for row in again] == [row["event_id"] for row in first]
    assert [CaseSubmitted.model_validate_json(row["body"]) for row in again] == [
        CaseSubmitted.model_validate_json(row["body"]) for row in first
    ]
    assert [(row["cause_id"], row["key"], row["subject"]) for row in again] == [
        (row["cause_id"], row["key"], row["subject"]) for row in first
    ]


async def test_a_lost_message_of_which_nothing_is_stored_does_not_count_as_published(
    intake: Running,
) -> None:
    case_id = await _submit(intake)
    await _publish_all(intake)
    await intake.pool.execute("DELETE FROM outbox")
    await intake.pool.execute("DELETE FROM submissions")
    await _age(intake, case_id, 7200)
    await intake.pool.execute("UPDATE progress SET projected_at = now() - interval '1 h'")
    assert await _sweep(intake) == 0


async def test_a_later_message_counts_more_than_a_clock_that_runs_ahead(intake: Running) -> None:
    case_id = await _submit(intake)
    story = _story(case_id)
    decided, referred = story[2], story[1]
    assert isinstance(referred, CaseReferred)
    early = {"sequence": 1, "reopened": True, "referred_at": NOW - timedelta(hours=1)}
    reopened = referred.model_copy(update=early)
    for order in ([0, 1], [1, 0]):
        await _project(intake, [decided, reopened], order)
        shown = await _shown(intake, case_id)
        assert shown["status"] == "reopened"
        assert shown["referral"]["since"] == "2026-11-20T09:00:00Z"


async def test_a_message_whose_customer_was_told_is_never_published_again(
    intake: Running,
) -> None:
    case_id = await _submit(intake)
    await _project(intake, _story(case_id), [3])
    await _age(intake, case_id, 7200)
    await intake.pool.execute("UPDATE progress SET projected_at = now() - interval '1 h'")
    assert await _sweep(intake) == 0


async def test_a_later_revision_is_the_decision_that_is_shown(intake: Running) -> None:
    case_id = await _submit(intake)
    story = _story(case_id)
    first = story[2]
    assert isinstance(first, CaseDecided)
    # Written by a machine whose clock is behind.
    better = first.model_copy(
        update={
            "revision": 1,
            "decision": _decision("upheld"),
            "decided_at": first.decided_at - timedelta(minutes=5),
        }
    )
    for order in ([0, 1], [1, 0]):
        await _project(intake, [first, better], order)
        shown = await _shown(intake, case_id)
        assert shown["disposition"] == "upheld"
        assert [entry["revision"] for entry in shown["timeline"]] == [1, 0]


async def test_what_answers_a_message_answers_those_before_it(intake: Running) -> None:
    case_id = await _submit(intake)
    for number in range(2):
        answer = await intake.client.post(
            f"/v1/cases/{case_id}/messages", json={"text": f"And {number}?"}
        )
        assert answer.status_code == 202
    told = _story(case_id)[3]
    assert isinstance(told, CaseNotified)
    await _project(intake, [told.model_copy(update={"sequence": 1})], [0])
    rows = await intake.pool.fetch(
        """SELECT sequence FROM journeys WHERE case_id = $1 AND told_at IS NOT NULL
            ORDER BY sequence""",
        case_id,
    )
    assert [row["sequence"] for row in rows] == [0, 1]


async def test_a_customer_who_was_asked_is_shown_as_waited_for(intake: Running) -> None:
    case_id = await _submit(intake)
    asked = CaseAsked(
        case_id=case_id,
        customer_id="C-1",
        question=Question.WHAT_HAPPENED,
        language="pl",
        answer_by=NOW + timedelta(days=7),
        asked_at=NOW,
    )
    await _project(intake, [asked], [0])
    shown = await _shown(intake, case_id)
    assert shown["status"] == "waiting_for_you"
    assert shown["timeline"] == [
        {
            "at": "2026-11-20T10:00:00Z",
            "event": "asked",
            "sequence": 0,
            "question": "what_happened",
            "answer_by": "2026-11-27T10:00:00Z",
        }
    ]
    assert (await intake.client.get("/v1/cases", params={"status": "waiting_for_you"})).json()[
        "cases"
    ]


def _milestone(case_id: UUID, kind: str, second: int, **more: Any) -> SlaMilestone:  # noqa: ANN401 - fields
    return SlaMilestone.model_validate(
        {
            "case_id": case_id,
            "customer_id": "C-1",
            "clock": "pl_complaints:0",
            "role": "answer",
            "kind": kind,
            "due_at": NOW + timedelta(days=30),
            "at": NOW + timedelta(seconds=second),
            **more,
        }
    )


async def test_an_extension_delays_the_case_and_moves_its_last_day_whatever_comes_first(
    database: Migrated, intake: Running
) -> None:
    new = NOW + timedelta(days=60)
    headers = {"Authorization": f"Bearer {await new_key(database, 'read')}"}
    for order in permutations(range(4)):
        case_id = await _submit(intake)
        events = [
            *_story(case_id)[:2],
            _milestone(case_id, "escalated", 5, rung="team_lead", summoned="person"),
            _milestone(case_id, "extended", 6, new_due_at=new),
        ]
        await _project(intake, events, order)
        path = f"/v1/cases/{case_id}"
        staff = (await intake.client.get(path)).json()
        reader = (await intake.client.get(path, headers=headers)).json()
        assert (staff["status"], staff["answer_due_at"]) == ("delayed", "2027-01-19T10:00:00Z")
        kinds = [each["kind"] for each in staff["sla"]["milestones"]]
        assert kinds == ["escalated", "extended"]
        assert staff["sla"]["milestones"][0]["summoned"] == "person"
        assert [each["kind"] for each in reader["sla"]["milestones"]] == ["extended"]
        query = {"due_before": "2026-12-21T00:00:00Z"}
        late = (await intake.client.get("/v1/cases", params=query)).json()["cases"]
        assert str(case_id) not in [each["case_id"] for each in late]
