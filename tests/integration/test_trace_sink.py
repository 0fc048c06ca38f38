import asyncio
import gzip
import itertools
import signal
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanKind, Status, StatusCode, Tracer

from deploy.local.traces.running import TraceSink, start

MS = 1_000_000
BEGAN = 1_800_000_000_000 * MS
PROTOBUF = {"content-type": "application/x-protobuf"}
ids = itertools.count(1)

Json = dict[str, Any]


@pytest.fixture
async def sink() -> AsyncIterator[TraceSink]:
    running = await start(max_traces=50, max_spans=200)
    yield running
    await running.stop()


@pytest.fixture
async def client(sink: TraceSink) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=sink.url) as opened:
        yield opened


@pytest.fixture(scope="module")
async def one_case() -> AsyncIterator[tuple[str, httpx.AsyncClient]]:
    """Yield the id of the only trace of a sink and a client, for tests that add nothing."""
    running = await start()
    trace_id = await submit_case(running, "case-1")
    async with httpx.AsyncClient(base_url=running.url) as opened:
        yield trace_id, opened
    await running.stop()


async def export(sink: TraceSink, service: str, make_spans: Callable[[Tracer], None]) -> None:
    """Send spans as a service would: with the real SDK and its exporter, from another thread."""

    def send() -> None:
        provider = TracerProvider(resource=Resource.create({"service.name": service}))
        exporter = OTLPSpanExporter(f"{sink.url}/v1/traces", compression=Compression.Gzip)
        provider.add_span_processor(BatchSpanProcessor(exporter))
        make_spans(provider.get_tracer("tests"))
        provider.shutdown()

    await asyncio.to_thread(send)


async def submit_case(sink: TraceSink, case_id: str) -> str:
    """One trace through two services; the decision fails and links to where it came from."""
    contexts = {}

    def intake(tracer: Tracer) -> None:
        root = tracer.start_span(
            "POST /v1/cases",
            kind=SpanKind.SERVER,
            start_time=BEGAN,
            attributes={"evenhand.case.id": case_id, "http.response.status_code": 202},
        )
        send = tracer.start_span(
            "send evenhand.case.submitted.v1",
            context=trace.set_span_in_context(root),
            kind=SpanKind.PRODUCER,
            start_time=BEGAN + 2 * MS,
        )
        send.add_event("acknowledged", {"partition": 3}, timestamp=BEGAN + 3 * MS)
        send.end(BEGAN + 4 * MS)
        root.end(BEGAN + 5 * MS)
        contexts["send"] = send.get_span_context()

    def decision(tracer: Tracer) -> None:
        process = tracer.start_span(
            "process evenhand.case.submitted.v1",
            context=trace.set_span_in_context(trace.NonRecordingSpan(contexts["send"])),
            links=[Link(contexts["send"])],
            start_time=BEGAN + 10 * MS,
            attributes={"evenhand.case.id": case_id, "trusted": True},
        )
        process.set_status(Status(StatusCode.ERROR, "no rule fired"))
        process.end(BEGAN + 30 * MS)

    await export(sink, "evenhand-intake", intake)
    await export(sink, "evenhand-decision", decision)
    return f"{contexts['send'].trace_id:032x}"


def tags(holder: Json) -> Json:
    return {tag["key"]: tag["value"] for tag in holder["tags"]}


async def found(client: httpx.AsyncClient, **parameters: str) -> list[str]:
    answer = await client.get("/api/traces", params=parameters)
    assert answer.status_code == 200, answer.text
    return [item["traceID"] for item in answer.json()["data"]]


def request_of(spans: int = 1, *, service: str = "s", name: str = "work") -> bytes:
    """One export request with one trace."""
    request = ExportTraceServiceRequest()
    of_resource = request.resource_spans.add()
    attribute = of_resource.resource.attributes.add()
    attribute.key = "service.name"
    attribute.value.string_value = service
    of_scope = of_resource.scope_spans.add()
    trace_id = next(ids).to_bytes(16, "big")
    for _ in range(spans):
        span = of_scope.spans.add()
        span.trace_id = trace_id
        span.span_id = next(ids).to_bytes(8, "big")
        span.name = name
        span.start_time_unix_nano = BEGAN
        span.end_time_unix_nano = BEGAN + MS
    payload: bytes = request.SerializeToString()
    return payload


async def test_a_trace_of_two_services_is_one_tree_in_jaegers_json(
    sink: TraceSink, client: httpx.AsyncClient
) -> None:
    trace_id = await submit_case(sink, "case-1")
    (shown,) = (await client.get(f"/api/traces/{trace_id}")).json()["data"]
    by_name = {span["operationName"]: span for span in shown["spans"]}
    root = by_name["POST /v1/cases"]
    send = by_name["send evenhand.case.submitted.v1"]
    process = by_name["process evenhand.case.submitted.v1"]
    to_send = {"traceID": trace_id, "spanID": send["spanID"]}

    assert len(shown["spans"]) == 3
    assert root["references"] == []
    assert send["references"] == [
        {"refType": "CHILD_OF", "traceID": trace_id, "spanID": root["spanID"]}
    ]
    assert process["references"] == [
        {"refType": "CHILD_OF", **to_send},
        {"refType": "FOLLOWS_FROM", **to_send},
    ]
    assert (root["startTime"], root["duration"]) == (BEGAN // 1000, 5_000)
    assert tags(root) == {
        "evenhand.case.id": "case-1",
        "http.response.status_code": 202,
        "otel.scope.name": "tests",
        "span.kind": "server",
    }
    assert tags(process)["trusted"] is True
    assert tags(process)["error"] is True
    assert tags(process)["otel.status_description"] == "no rule fired"
    (log,) = send["logs"]
    assert log["timestamp"] == (BEGAN + 3 * MS) // 1000
    assert {"key": "partition", "type": "int64", "value": 3} in log["fields"]
    services = {
        name: shown["processes"][span["processID"]]["serviceName"] for name, span in by_name.items()
    }
    assert services["POST /v1/cases"] == "evenhand-intake"
    assert services["process evenhand.case.submitted.v1"] == "evenhand-decision"


async def test_services_and_their_operations_are_listed(
    sink: TraceSink, client: httpx.AsyncClient
) -> None:
    await submit_case(sink, "case-1")
    services = (await client.get("/api/services")).json()
    operations = (await client.get("/api/services/evenhand-intake/operations")).json()
    assert services["data"] == ["evenhand-decision", "evenhand-intake"]
    assert services["total"] == 2
    assert operations["data"] == ["POST /v1/cases", "send evenhand.case.submitted.v1"]


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


async def test_a_trace_that_is_not_held_is_404_in_jaegers_shape(client: httpx.AsyncClient) -> None:
    unknown = await client.get("/api/traces/ffffffffffffffff")
    malformed = await client.get("/api/traces/not-hex")
    assert unknown.status_code == 404
    assert unknown.json()["errors"] == [{"code": 404, "msg": "trace not found"}]
    assert malformed.status_code == 400


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


async def test_pages_show_a_trace_and_run_nothing_that_it_says(
    sink: TraceSink, client: httpx.AsyncClient
) -> None:
    trace_id = await submit_case(sink, "case-1")
    hostile = request_of(name="<script>alert(1)</script>", service='"><img src=x>')
    await client.post("/v1/traces", content=hostile, headers=PROTOBUF)
    listing = await client.get("/")
    by_case = await client.get("/", params={"case": "case-1"})
    by_service = await client.get("/", params={"service": "evenhand-notifier"})
    page = await client.get(f"/trace/{trace_id}")

    assert "&lt;script&gt;" in listing.text
    for shown in (listing, by_case, by_service, page):
        assert shown.status_code == 200
        assert "<script" not in shown.text
        assert "<img" not in shown.text
        assert "style=" not in shown.text
        assert "script-src" not in shown.headers["content-security-policy"]
        assert "default-src 'none'" in shown.headers["content-security-policy"]
    assert by_case.text.count('href="/trace/') == 1
    assert by_service.text.count('href="/trace/') == 0
    assert page.text.count("<details>") == 3
    assert "no rule fired" in page.text
    assert (await client.get("/trace/" + "f" * 32)).status_code == 404


async def test_sigterm_ends_the_process_quietly_with_0() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.local.traces", "--port", "0"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().split()[-1]
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{url}healthz")).status_code == 200
    process.send_signal(signal.SIGTERM)
    output, errors = await process.communicate()
    assert (process.returncode, output, errors) == (0, b"", b"")


async def test_a_taken_port_is_said_clearly(sink: TraceSink) -> None:
    command = [sys.executable, "-m", "deploy.local.traces", "--port", str(sink.port)]
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    _, errors = await process.communicate()
    assert process.returncode == 1
    assert errors.startswith(b"cannot listen: ")
    assert b"in use" in errors
