"""A case that is accepted is stored whole: with its event, its journey and its trace."""

import asyncio
import json

import asyncpg

from shared.events.catalogue import CaseSubmitted, Topic
from tests.integration.intake.cases import CASE, fields_of
from tests.integration.intake_service import Migrated, Running


async def test_an_accepted_case_is_stored_with_its_event_and_journey(intake: Running) -> None:
    answer = await intake.client.post("/v1/cases", json=CASE)
    assert answer.status_code == 202
    case_id = answer.json()["case_id"]
    assert answer.json() == {
        "case_id": case_id,
        "status": "received",
        "status_url": f"http://127.0.0.1:8080/v1/cases/{case_id}",
    }
    said = await intake.pool.fetchrow("SELECT * FROM outbox")
    assert said is not None
    assert (said["topic"], said["key"]) == (Topic.SUBMITTED, "C-1029")
    assert said["cause_id"] == said["event_id"]
    event = CaseSubmitted.model_validate_json(said["body"])
    assert str(event.case_id) == said["subject"] == case_id
    assert event.facts.other == {"branch": {"id": 7}}
    journey = await intake.pool.fetchrow("SELECT * FROM journeys")
    assert journey is not None
    assert journey["submitted_event_id"] == said["event_id"]
    assert journey["told_at"] is None


async def test_without_a_broker_the_event_waits_in_the_outbox(intake: Running) -> None:
    assert (await intake.client.post("/v1/cases", json=CASE)).status_code == 202
    assert await intake.count("outbox_pending") == 1
    ready = await intake.client.get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["broker"] == "unreachable"


async def test_a_case_is_shown_as_it_was_submitted(intake: Running) -> None:
    case_id = (await intake.client.post("/v1/cases", json=CASE)).json()["case_id"]
    shown = (await intake.client.get(f"/v1/cases/{case_id}")).json()
    assert (shown["category"], shown["product"]) == (CASE["category"], CASE["product"])
    assert shown["claim"] == CASE["claim"]
    assert shown["facts"] == {"due_at": "2026-10-31T22:59:59Z", "branch": {"id": 7}}
    assert shown["messages"][0]["text"] == CASE["text"]
    assert [entry["event"] for entry in shown["timeline"]] == ["received"]
    assert shown["decision"] is None
    assert "anna@example.com" not in json.dumps(shown)


async def test_a_case_of_before_products_is_shown_without_one(intake: Running) -> None:
    case_id = (await intake.client.post("/v1/cases", json=CASE)).json()["case_id"]
    await intake.pool.execute("UPDATE submissions SET opened = (opened::jsonb - 'product')::text")
    assert (await intake.client.get(f"/v1/cases/{case_id}")).json()["product"] is None


async def test_requests_that_come_together_share_commits(intake: Running) -> None:
    answers = await asyncio.gather(*(intake.client.post("/v1/cases", json=CASE) for _ in range(90)))
    assert {answer.status_code for answer in answers} == {202}
    commits = await intake.pool.fetchval("SELECT count(DISTINCT xmin::text) FROM cases")
    assert await intake.count("cases") == 90
    assert commits < 60


async def test_a_case_that_cannot_be_stored_fails_no_neighbour(
    database: Migrated, intake: Running
) -> None:
    admin = await asyncpg.connect(database.admin)
    await admin.execute("ALTER TABLE intake.cases ADD CHECK (customer_id <> 'poison')")
    await admin.close()
    bodies = [
        {**CASE, "customer": {"id": "poison" if number == 13 else f"C-{number}"}}
        for number in range(40)
    ]
    answers = await asyncio.gather(*(intake.client.post("/v1/cases", json=body) for body in bodies))
    statuses = [answer.status_code for answer in answers]
    assert statuses == [500 if number == 13 else 202 for number in range(40)]
    assert fields_of(answers[13]) == []
    assert await intake.count("cases") == await intake.count("outbox") == 39


async def test_the_metrics_count_requests_and_cases(intake: Running) -> None:
    await intake.client.post("/v1/cases", json=CASE)
    metrics = (await intake.client.get("/metrics")).text
    assert 'evenhand_http_requests_total{method="POST",route="/v1/cases",status="202"}' in metrics
    assert "evenhand_commit_batch_bucket" in metrics
    assert 'evenhand_messages_accepted_total{way="single"}' in metrics


async def test_the_trace_of_a_case_begins_with_its_request(intake: Running) -> None:
    trace_id, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    headers = {"traceparent": f"00-{trace_id}-{parent}-01"}
    case_id = (await intake.client.post("/v1/cases", json=CASE, headers=headers)).json()["case_id"]
    said = await intake.pool.fetchval("SELECT traceparent FROM outbox")
    spans = {span.name: span for span in intake.spans.get_finished_spans()}
    request = spans["POST /v1/cases"]
    assert request.context is not None
    assert request.parent is not None
    assert f"{request.context.trace_id:032x}" == trace_id == said.split("-")[1]
    assert f"{request.parent.span_id:016x}" == parent
    assert dict(request.attributes or {}) == {
        "http.request.method": "POST",
        "http.route": "/v1/cases",
        "http.response.status_code": 202,
        "evenhand.case.id": case_id,
    }
