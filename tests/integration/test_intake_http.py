"""Intake over HTTP, on a real database: it stores what it promises and names what it refuses.

Refusals that leave nothing behind share one service: a table each.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest

from shared import keys
from shared.events.catalogue import CaseSubmitted, Topic
from shared.keys import Role
from tests.integration.intake_service import Migrated, Running, new_key, running

CASE: dict[str, Any] = {
    "customer": {
        "id": "C-1029",
        "name": "Anna Nowak",
        "language": "pl",
        "jurisdiction": "PL",
        "contacts": {"email": "anna@example.com"},
    },
    "channel": "web",
    "category": "missed_due_date",
    "product": "loan",
    "text": "Spóźniłam się z ratą.",
    "received_at": "2026-11-20T10:00:00+01:00",
    "claim": {"amount": "12.50", "currency": "PLN"},
    "facts": {"due_at": "2026-10-31T23:59:59+01:00", "branch": {"id": 7}},
}


@pytest.fixture
async def intake(database: Migrated) -> AsyncIterator[Running]:
    async with running(database) as service:
        yield service


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def _fields(answer: httpx.Response) -> list[str]:
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert {"type", "title", "detail"} <= set(problem)
    return [error["field"] for error in problem.get("errors", [])]


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


async def test_one_key_and_body_make_one_case_however_often_and_at_once(
    database: Migrated, intake: Running
) -> None:
    headers = {"Idempotency-Key": "import-1"}
    reordered = dict(reversed(CASE.items()))
    answers = await asyncio.gather(
        *(
            intake.client.post("/v1/cases", json=body, headers=headers)
            for body in [CASE, reordered] * 15
        )
    )
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    async with running(database) as restarted:
        again = await restarted.client.post("/v1/cases", json=CASE, headers=headers)
    assert again.text == answers[0].text
    assert await intake.count("cases") == await intake.count("outbox") == 1


async def test_one_key_for_two_requests_is_a_conflict(intake: Running) -> None:
    headers = {"Idempotency-Key": "import-1"}
    bodies = [{**CASE, "text": f"text {number}"} for number in range(10)]
    answers = await asyncio.gather(
        *(intake.client.post("/v1/cases", json=body, headers=headers) for body in bodies)
    )
    assert sorted(answer.status_code for answer in answers) == [202] + [409] * 9
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert _fields(refused) == ["Idempotency-Key"]
    assert await intake.count("cases") == 1


async def test_one_key_for_another_product_is_a_conflict(intake: Running) -> None:
    headers = {"Idempotency-Key": "import-1"}
    assert (await intake.client.post("/v1/cases", json=CASE, headers=headers)).status_code == 202
    other = {**CASE, "product": "card"}
    answer = await intake.client.post("/v1/cases", json=other, headers=headers)
    assert (answer.status_code, _fields(answer)) == (409, ["Idempotency-Key"])


async def test_a_case_of_before_products_is_shown_without_one(intake: Running) -> None:
    case_id = (await intake.client.post("/v1/cases", json=CASE)).json()["case_id"]
    await intake.pool.execute("UPDATE submissions SET opened = (opened::jsonb - 'product')::text")
    assert (await intake.client.get(f"/v1/cases/{case_id}")).json()["product"] is None


async def test_the_same_key_of_another_owner_is_another_key(
    database: Migrated, intake: Running
) -> None:
    headers = {"Idempotency-Key": "1"}
    other = _bearer(await new_key(database, "submit", name="branch"))
    replaced = _bearer(await new_key(database, "submit", name="bank"))
    ids = [
        (await intake.client.post("/v1/cases", json=CASE, headers=headers | key)).json()["case_id"]
        for key in ({}, other, replaced)
    ]
    assert ids[0] != ids[1]
    assert ids[0] == ids[2]


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
    assert _fields(answers[13]) == []
    assert await intake.count("cases") == await intake.count("outbox") == 39


BODIES = [
    (b"{", "application/json", 400, "body"),
    (b'{"text": "\xff"}', "application/json", 400, "body"),
    (b"[" * 5000, "application/json", 400, "body"),
    (b'{"channel": "web", "channel": "web"}', "application/json", 400, "channel"),
    (b"{}", "text/plain", 415, "Content-Type"),
    (b"{}", "application/json; charset=latin-1", 415, "Content-Type"),
    (b'{"text": ""}', "application/json; charset=UTF-8", 422, "text"),
    (b'{"text": "' + b"x" * 300_000 + b'"}', "application/json", 413, "body"),
]


async def test_a_body_that_is_wrong_is_refused_by_name(intake: Running) -> None:
    for body, content_type, status, field in BODIES:
        headers = {"Content-Type": content_type}
        answer = await intake.client.post("/v1/cases", content=body, headers=headers)
        assert answer.status_code == status, body[:40]
        assert field in _fields(answer), body[:40]
    assert await intake.count("cases") == 0


async def test_a_body_without_end_is_cut_off(intake: Running) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", intake.port)
    writer.write(
        b"POST /v1/cases HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer " + intake.key.encode() + b"\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    for _ in range(30):
        writer.write(b"2710\r\n" + b"x" * 10_000 + b"\r\n")
    await writer.drain()
    answer = await reader.readuntil(b"\r\n")
    writer.close()
    assert answer.startswith(b"HTTP/1.1 413")


async def test_a_compressed_body_is_refused_by_its_header(intake: Running) -> None:
    answer = await intake.client.post("/v1/cases", json=CASE, headers={"Content-Encoding": "gzip"})
    assert (answer.status_code, _fields(answer)) == (415, ["Content-Encoding"])


async def test_an_idempotency_key_is_visible_ascii(intake: Running) -> None:
    for key in ("", "x" * 256, "two words", "schlüssel"):
        headers = [(b"Idempotency-Key", key.encode())]
        answer = await intake.client.post("/v1/cases", json=CASE, headers=headers)
        assert (answer.status_code, _fields(answer)) == (422, ["Idempotency-Key"]), key


ADDRESSES = [
    ("GET", "/", 404),
    ("GET", "/v1/cases/", 404),
    ("GET", "/v1/cases/not-an-id", 404),
    ("GET", "/v1/cases/00000000-0000-7000-8000-000000000000", 404),
    ("GET", "/docs/secrets.txt", 404),
    ("DELETE", "/v1/cases", 405),
    ("GET", "/v1/cases:batch", 405),
]


async def test_a_wrong_address_is_a_problem_too(intake: Running) -> None:
    for method, path, status in ADDRESSES:
        answer = await intake.client.request(method, path)
        assert (answer.status_code, _fields(answer)) == (status, []), path
        assert (status == 405) == ("allow" in answer.headers)


async def test_nobody_gets_in_without_a_key(intake: Running) -> None:
    wrong = (
        *("", "Bearer", "Basic eDp5", "Bearer evh_x_y", "Bearer evh_", "Bearer eyJh.eyJi.c"),
        "Bearer evh_0123456789ab_wrong",
        intake.key,
        f"Bearer {intake.key}x",
    )
    for authorization in wrong:
        for method, path in (
            ("POST", "/v1/cases"),
            ("GET", "/v1/cases"),
            ("POST", "/v1/cases:batch"),
        ):
            headers = {"Authorization": authorization}
            answer = await intake.client.request(method, path, headers=headers)
            assert answer.status_code == 401, authorization
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert _fields(answer) == ["Authorization"]


async def test_a_key_may_do_what_its_role_says(database: Migrated, intake: Running) -> None:
    allowed: dict[Role, tuple[int, int]] = {
        "submit": (202, 403),
        "read": (403, 200),
        "staff": (403, 200),
        "admin": (202, 200),
        "executive": (401, 401),
    }
    for role, statuses in allowed.items():
        headers = _bearer(await new_key(database, role))
        posted = await intake.client.post("/v1/cases", json=CASE, headers=headers)
        listed = await intake.client.get("/v1/cases", headers=headers)
        assert (posted.status_code, listed.status_code) == statuses, role


async def test_a_revoked_key_is_refused(
    database: Migrated, intake: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "TTL", 0.0)  # what it remembers is out of date at once
    key = await new_key(database, "read", name="leaver")
    assert (await intake.client.get("/v1/cases", headers=_bearer(key))).status_code == 200
    admin = await asyncpg.connect(database.admin)
    identity = next(k.id for k in await keys.listed(admin) if k.name == "leaver")
    assert await keys.revoke(admin, identity)
    assert not await keys.revoke(admin, identity)
    await admin.close()
    assert (await intake.client.get("/v1/cases", headers=_bearer(key))).status_code == 401


async def test_a_key_is_stored_as_its_hash_only(database: Migrated, intake: Running) -> None:
    secret = intake.key.split("_", 2)[2]
    admin = await asyncpg.connect(database.admin)
    rows = await admin.fetch("SELECT k::text AS row FROM intake.api_keys k")
    await admin.close()
    assert rows
    assert all(secret not in row["row"] for row in rows)


async def test_messages_get_the_next_number_even_at_once(intake: Running) -> None:
    case_id = (await intake.client.post("/v1/cases", json=CASE)).json()["case_id"]
    path = f"/v1/cases/{case_id}/messages"
    answers = await asyncio.gather(
        *(intake.client.post(path, json={"text": f"more {n}"}) for n in range(12))
    )
    assert sorted(answer.json()["sequence"] for answer in answers) == list(range(1, 13))
    shown = (await intake.client.get(f"/v1/cases/{case_id}")).json()
    assert [message["sequence"] for message in shown["messages"]] == list(range(13))
    last = await intake.pool.fetchval("SELECT body FROM outbox ORDER BY position DESC LIMIT 1")
    event = CaseSubmitted.model_validate_json(last)
    assert (event.customer.name, event.product) == ("Anna Nowak", "loan")
    assert event.text.startswith("more")
    assert await intake.count("journeys") == 13


async def test_a_message_is_added_once_for_its_key(intake: Running) -> None:
    case_id = (await intake.client.post("/v1/cases", json=CASE)).json()["case_id"]
    path, headers = f"/v1/cases/{case_id}/messages", {"Idempotency-Key": "m-1"}
    body = {"text": "more", "channel": "phone"}
    answers = await asyncio.gather(
        *(intake.client.post(path, json=body, headers=headers) for _ in range(8))
    )
    assert {answer.text for answer in answers} == {answers[0].text}
    assert await intake.count("messages") == 1
    other = await intake.client.post(path, json={"text": "other"}, headers=headers)
    assert (other.status_code, _fields(other)) == (409, ["Idempotency-Key"])
    reused = await intake.client.post("/v1/cases", json=CASE, headers=headers)
    assert reused.status_code == 409


async def test_a_message_to_no_case_is_not_found(intake: Running) -> None:
    path = "/v1/cases/00000000-0000-7000-8000-000000000000/messages"
    answer = await intake.client.post(path, json={"text": "x"})
    assert (answer.status_code, _fields(answer)) == (404, [])


async def test_pages_show_every_case_once_newest_first(intake: Running) -> None:
    ids = []
    for number in range(7):
        customer = {"id": "C-odd" if number % 2 else "C-even"}
        answer = await intake.client.post("/v1/cases", json={**CASE, "customer": customer})
        ids.append(answer.json()["case_id"])
    for query, expected in (
        ({}, ids),
        ({"customer": "C-odd"}, ids[1::2]),
        ({"status": "received"}, ids),
        ({"status": "closed"}, []),
    ):
        found: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            params: dict[str, str] = {**query, "limit": "2", **cursor}
            page = (await intake.client.get("/v1/cases", params=params)).json()
            found += [case["case_id"] for case in page["cases"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert sorted(found) == sorted(expected)
        assert found == sorted(found, reverse=True)


QUERIES = [
    ({"cursor": "AAAA"}, "cursor"),
    ({"cursor": "not a cursor"}, "cursor"),
    ({"limit": "0"}, "limit"),
    ({"limit": "201"}, "limit"),
    ({"limit": "many"}, "limit"),
    ({"status": "lost"}, "status"),
    ({"due_before": "2026-11-20"}, "due_before"),
    ({"due_before": "2026-11-20T10:00:00"}, "due_before"),
    ({"customer": "a\0b"}, "customer"),
    ({"statsu": "closed"}, "statsu"),
]


async def test_a_wrong_parameter_is_refused_by_name(intake: Running) -> None:
    for query, field in QUERIES:
        answer = await intake.client.get("/v1/cases", params=query)
        assert (answer.status_code, _fields(answer)) == (422, [field]), query


async def test_the_api_page_is_ours_and_needs_a_key(intake: Running) -> None:
    for path in ("/docs", "/docs/start.js", "/docs/swagger-ui-bundle.js", "/openapi.json"):
        closed = await intake.client.get(path, headers={"Authorization": ""})
        assert closed.status_code == 401
        assert closed.headers["www-authenticate"].startswith("Basic")
        basic = base64.b64encode(f"me:{intake.key}".encode()).decode()
        opened = await intake.client.get(path, headers={"Authorization": f"Basic {basic}"})
        assert opened.status_code == 200
    page = await intake.client.get("/docs")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "http" not in page.text
    described = (await intake.client.get("/openapi.json")).json()
    assert set(described["paths"]["/v1/cases"]) == {"get", "post"}
    assert {"409", "413", "422", "503"} <= set(described["paths"]["/v1/cases"]["post"]["responses"])


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
