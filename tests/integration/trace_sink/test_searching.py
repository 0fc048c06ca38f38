"""A search finds the traces of which one span meets every condition."""

import httpx
import pytest

from tests.integration.trace_sink.spans import BEGAN, PROTOBUF, request_of


async def found(client: httpx.AsyncClient, **parameters: str) -> list[str]:
    answer = await client.get("/api/traces", params=parameters)
    assert answer.status_code == 200, answer.text
    return [item["traceID"] for item in answer.json()["data"]]


@pytest.mark.parametrize(
    ("parameters", "matches"),
    [
        ({"tags": '{"evenhand.case.id": "case-1"}'}, True),
        ({"tags": '{"evenhand.case.id": "case-2"}'}, False),
        ({"tags": '{"http.response.status_code": "202"}'}, True),
        ({"tags": '{"trusted": "true"}'}, True),
        ({"tags": '{"error": "true"}'}, True),
        ({"tags": '{"span.kind": "server"}'}, True),
        ({"tags": '{"span.kind": "client"}'}, False),
        ({"tags": '{"telemetry.sdk.name": "opentelemetry"}'}, True),
        ({"tags": '{"partition": "3"}'}, True),
        ({"service": "evenhand-intake"}, True),
        ({"service": "evenhand-notifier"}, False),
        ({"service": "evenhand-intake", "operation": "POST /v1/cases"}, True),
        ({"service": "evenhand-decision", "operation": "POST /v1/cases"}, False),
        ({"service": "evenhand-decision", "tags": '{"error": "true"}'}, True),
        ({"service": "evenhand-intake", "tags": '{"error": "true"}'}, False),
        ({"minDuration": "20ms"}, True),
        ({"minDuration": "20.001ms"}, False),
        ({"maxDuration": "2ms"}, True),
        ({"maxDuration": "1999us"}, False),
        ({"start": str(BEGAN // 1000 + 10_000)}, True),
        ({"start": str(BEGAN // 1000 + 10_001)}, False),
        ({"end": str(BEGAN // 1000)}, True),
        ({"end": str(BEGAN // 1000 - 1)}, False),
    ],
)
async def test_one_span_must_meet_every_condition_of_a_search(
    one_case: tuple[str, httpx.AsyncClient], parameters: dict[str, str], *, matches: bool
) -> None:
    trace_id, client = one_case
    assert await found(client, **parameters) == ([trace_id] if matches else [])


async def test_the_newest_traces_come_first_up_to_the_limit(client: httpx.AsyncClient) -> None:
    for number in range(5):
        body = request_of(name=f"n{number}")
        await client.post("/v1/traces", content=body, headers=PROTOBUF)
    data = (await client.get("/api/traces", params={"limit": "2"})).json()["data"]
    assert [item["spans"][0]["operationName"] for item in data] == ["n4", "n3"]


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"tags": "{"}, "tags"),
        ({"tags": '{"a": 1}'}, "tags"),
        ({"tags": "[]"}, "tags"),
        ({"limit": "0"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"start": "yesterday"}, "start"),
        ({"minDuration": "5 parsecs"}, "minDuration"),
    ],
)
async def test_a_search_that_cannot_be_read_is_refused_in_jaegers_shape(
    one_case: tuple[str, httpx.AsyncClient], parameters: dict[str, str], named: str
) -> None:
    _, client = one_case
    answer = await client.get("/api/traces", params=parameters)
    body = answer.json()
    assert answer.status_code == 400
    assert body["data"] is None
    assert body["errors"][0]["code"] == 400
    assert f"'{named}'" in body["errors"][0]["msg"]
