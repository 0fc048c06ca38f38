"""What is held is shown in Jaeger's JSON: traces, services and their operations."""

import httpx

from deploy.local.traces.running import TraceSink
from tests.integration.trace_sink.spans import BEGAN, MS, submit_case, tags


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


async def test_a_trace_that_is_not_held_is_404_in_jaegers_shape(client: httpx.AsyncClient) -> None:
    unknown = await client.get("/api/traces/ffffffffffffffff")
    malformed = await client.get("/api/traces/not-hex")
    assert unknown.status_code == 404
    assert unknown.json()["errors"] == [{"code": 404, "msg": "trace not found"}]
    assert malformed.status_code == 400
