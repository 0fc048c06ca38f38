"""Spans are taken as protobuf or JSON, whole or not at all, and up to a limit."""

import gzip

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.integration.trace_sink.spans import BEGAN, MS, PROTOBUF, request_of, tags


async def test_json_with_hex_ids_is_taken_like_protobuf(client: httpx.AsyncClient) -> None:
    trace_id, span_id, parent_id = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174", "a" * 16
    span = {
        "traceId": trace_id,
        "spanId": span_id,
        "parentSpanId": parent_id,
        "name": "decide",
        "kind": 2,
        "startTimeUnixNano": str(BEGAN),
        "endTimeUnixNano": str(BEGAN + MS),
        "attributes": [{"key": "n", "value": {"intValue": "7"}}],
        "aFieldOfALaterVersion": 1,
    }
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "json"}}]}
    body = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]}
    answer = await client.post("/v1/traces", json=body)
    assert (answer.status_code, answer.json()) == (200, {})
    (shown,) = (await client.get(f"/api/traces/{trace_id}")).json()["data"][0]["spans"]
    assert shown["spanID"] == span_id
    assert shown["references"][0]["spanID"] == parent_id
    assert tags(shown)["n"] == 7


BAD_ID = request_of().replace(b"\x12\x08", b"\x12\x07", 1)
EMPTY_TRACE_ID = ExportTraceServiceRequest.FromString(request_of())
EMPTY_TRACE_ID.resource_spans[0].scope_spans[0].spans.add().name = "no ids"


@pytest.mark.parametrize(
    ("body", "headers", "status", "says"),
    [
        (b"\xff\xff", PROTOBUF, 400, b"protobuf"),
        (request_of()[:-3], PROTOBUF, 400, b"protobuf"),
        (BAD_ID, PROTOBUF, 400, b"protobuf"),
        (EMPTY_TRACE_ID.SerializeToString(), PROTOBUF, 400, b"'no ids': trace id"),
        (b"plain", {**PROTOBUF, "content-encoding": "gzip"}, 400, b"gzip"),
        (
            gzip.compress(b"x" * 99, mtime=0)[:-9],
            {**PROTOBUF, "content-encoding": "gzip"},
            400,
            b"early",
        ),
        (b"", {**PROTOBUF, "content-encoding": "br"}, 400, b"br"),
        (b"{", {"content-type": "application/json"}, 400, b"JSON"),
        (b'{"resourceSpans": 3}', {"content-type": "application/json"}, 400, b"JSON"),
        (
            b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"zz"}]}]}]}',
            {"content-type": "application/json"},
            400,
            b"JSON",
        ),
        (b"[" * 5000, {"content-type": "application/json"}, 400, b"JSON"),
        (b"x", {"content-type": "text/plain"}, 415, b"application/x-protobuf"),
    ],
)
async def test_an_export_that_cannot_be_read_is_refused_whole_with_the_reason(
    one_case: tuple[str, httpx.AsyncClient],
    body: bytes,
    headers: dict[str, str],
    status: int,
    says: bytes,
) -> None:
    _, client = one_case
    answer = await client.post("/v1/traces", content=body, headers=headers)
    assert answer.status_code == status
    assert says in answer.content
    if status == 400:
        assert answer.headers["content-type"] == headers["content-type"]
    assert (await client.get("/healthz")).json() == {"status": "ok", "traces": 1, "spans": 3}


async def test_a_body_that_unpacks_beyond_the_limit_is_refused(client: httpx.AsyncClient) -> None:
    bomb = gzip.compress(bytes(65 * 1024 * 1024), 1, mtime=0)
    answer = await client.post(
        "/v1/traces", content=bomb, headers={**PROTOBUF, "content-encoding": "gzip"}
    )
    assert answer.status_code == 413


async def test_an_export_that_is_sent_again_shows_its_spans_once(client: httpx.AsyncClient) -> None:
    body = request_of(spans=3)
    for _ in range(2):
        await client.post("/v1/traces", content=body, headers=PROTOBUF)
    (shown,) = (await client.get("/api/traces")).json()["data"]
    assert len(shown["spans"]) == 3


async def test_the_oldest_traces_go_whole_when_there_are_too_many(
    client: httpx.AsyncClient,
) -> None:
    for number in range(60):
        body = request_of(spans=2, name=f"n{number}")
        await client.post("/v1/traces", content=body, headers=PROTOBUF)
    held = (await client.get("/healthz")).json()
    data = (await client.get("/api/traces")).json()["data"]
    assert (held["traces"], held["spans"]) == (50, 100)
    assert {len(item["spans"]) for item in data} == {2}
    assert {item["spans"][0]["operationName"] for item in data} == {f"n{n}" for n in range(10, 60)}
    assert (await client.get("/api/services/s/operations")).json()["total"] == 50
