"""The read model shows the same of a case in whatever order its events come."""

from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

from shared.events.catalogue import (
    CaseAsked,
    CaseDecided,
    CaseNotified,
    CaseReferred,
    Question,
    SlaMilestone,
)
from tests.integration.intake.projecting import NOW, decision, project, shown_of, story_of, submit
from tests.integration.intake_service import Migrated, Running, new_key


async def test_the_order_of_the_events_makes_no_difference(intake: Running) -> None:
    shown = []
    for order in list(permutations(range(5)))[::15]:
        case_id = await submit(intake)
        await project(intake, story_of(case_id), [*order, *order])
        shown.append(await shown_of(intake, case_id))
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
    case_id = await submit(intake)
    await project(intake, story_of(case_id), [0, 1])
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
    await project(intake, story_of(UUID(int=7)), range(5))
    assert await intake.count("dead_letters") == 0
    assert await intake.count("timeline") == 5


async def test_a_later_message_counts_more_than_a_clock_that_runs_ahead(intake: Running) -> None:
    case_id = await submit(intake)
    story = story_of(case_id)
    decided, referred = story[2], story[1]
    assert isinstance(referred, CaseReferred)
    early = {"sequence": 1, "reopened": True, "referred_at": NOW - timedelta(hours=1)}
    reopened = referred.model_copy(update=early)
    for order in ([0, 1], [1, 0]):
        await project(intake, [decided, reopened], order)
        shown = await shown_of(intake, case_id)
        assert shown["status"] == "reopened"
        assert shown["referral"]["since"] == "2026-11-20T09:00:00Z"


async def test_a_later_revision_is_the_decision_that_is_shown(intake: Running) -> None:
    case_id = await submit(intake)
    story = story_of(case_id)
    first = story[2]
    assert isinstance(first, CaseDecided)
    # Written by a machine whose clock is behind.
    better = first.model_copy(
        update={
            "revision": 1,
            "decision": decision("upheld"),
            "decided_at": first.decided_at - timedelta(minutes=5),
        }
    )
    for order in ([0, 1], [1, 0]):
        await project(intake, [first, better], order)
        shown = await shown_of(intake, case_id)
        assert shown["disposition"] == "upheld"
        assert [entry["revision"] for entry in shown["timeline"]] == [1, 0]


async def test_what_answers_a_message_answers_those_before_it(intake: Running) -> None:
    case_id = await submit(intake)
    for number in range(2):
        answer = await intake.client.post(
            f"/v1/cases/{case_id}/messages", json={"text": f"And {number}?"}
        )
        assert answer.status_code == 202
    told = story_of(case_id)[3]
    assert isinstance(told, CaseNotified)
    await project(intake, [told.model_copy(update={"sequence": 1})], [0])
    rows = await intake.pool.fetch(
        """SELECT sequence FROM journeys WHERE case_id = $1 AND told_at IS NOT NULL
            ORDER BY sequence""",
        case_id,
    )
    assert [row["sequence"] for row in rows] == [0, 1]


async def test_a_customer_who_was_asked_is_shown_as_waited_for(intake: Running) -> None:
    case_id = await submit(intake)
    asked = CaseAsked(
        case_id=case_id,
        customer_id="C-1",
        question=Question.WHAT_HAPPENED,
        language="pl",
        answer_by=NOW + timedelta(days=7),
        asked_at=NOW,
    )
    await project(intake, [asked], [0])
    shown = await shown_of(intake, case_id)
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
        case_id = await submit(intake)
        events = [
            *story_of(case_id)[:2],
            _milestone(case_id, "escalated", 5, rung="team_lead", summoned="person"),
            _milestone(case_id, "extended", 6, new_due_at=new),
        ]
        await project(intake, events, order)
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
