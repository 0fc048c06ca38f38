"""`POST /v1/cases:batch`: one result line for each case, in order, while the body still comes."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from starlette.types import Message

from services.intake import batch
from tests.integration.intake.cases import head_of
from tests.integration.intake_service import Running

NDJSON = {"Content-Type": "application/x-ndjson"}


def _line(number: int) -> bytes:
    customer = {"id": f"C-{number}"}
    return json.dumps({"customer": customer, "channel": "api", "text": f"case {number}"}).encode()


def _results(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_each_line_has_its_result_in_order(intake: Running) -> None:
    lines = [
        *(_line(1), b"", b'{"channel": "fax"}', b"{", b"x" * 300_000, b"\xff", _line(7)),
    ]
    answer = await intake.client.post("/v1/cases:batch", content=b"\n".join(lines), headers=NDJSON)
    results = _results(answer)
    assert [(result["line"], result["status"]) for result in results] == [
        (1, 202),
        (3, 422),
        (4, 400),
        (5, 413),
        (6, 400),
        (7, 202),
    ]
    assert {"customer", "text", "channel"} == {error["field"] for error in results[1]["errors"]}
    assert results[0]["status_url"].endswith(results[0]["case_id"])
    assert await intake.count("cases") == await intake.count("outbox") == 2


async def test_thousands_of_lines_share_commits_and_keep_their_order(intake: Running) -> None:
    body = b"\n".join(_line(number) for number in range(3000))
    results = _results(await intake.client.post("/v1/cases:batch", content=body, headers=NDJSON))
    assert [result["line"] for result in results] == list(range(1, 3001))
    rows = await intake.pool.fetch("SELECT case_id, customer_id FROM cases")
    customers = {str(row["case_id"]): row["customer_id"] for row in rows}
    assert [customers[result["case_id"]] for result in results] == [
        f"C-{number}" for number in range(3000)
    ]
    commits = await intake.pool.fetchval("SELECT count(DISTINCT xmin::text) FROM cases")
    assert commits < 100


async def test_a_batch_sent_twice_under_one_key_makes_its_cases_once(intake: Running) -> None:
    body = b"\n".join(_line(number) for number in range(50))
    headers = {**NDJSON, "Idempotency-Key": "night"}
    answers = await asyncio.gather(
        *(intake.client.post("/v1/cases:batch", content=body, headers=headers) for _ in range(3))
    )
    assert len({answer.text for answer in answers}) == 1
    assert await intake.count("cases") == 50
    changed = body.replace(b"case 7", b"case seven")
    answer = await intake.client.post("/v1/cases:batch", content=changed, headers=headers)
    refused = [result for result in _results(answer) if result["status"] != 202]
    assert [(result["line"], result["status"]) for result in refused] == [(8, 409)]


def _head(intake: Running, body: str) -> bytes:
    return head_of(intake, "/v1/cases:batch", NDJSON["Content-Type"], body)


async def _next_chunk(reader: asyncio.StreamReader) -> bytes:
    size = int(await reader.readline(), 16)
    return (await reader.readexactly(size + 2))[:size]


async def test_a_result_comes_before_the_next_line_is_sent(intake: Running) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", intake.port)
    writer.write(_head(intake, "Transfer-Encoding: chunked"))
    head = b""
    for number in range(1, 4):
        line = _line(number) + b"\n"
        writer.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
        if not head:
            head = await reader.readuntil(b"\r\n\r\n")
        result = json.loads(await _next_chunk(reader))
        assert (result["line"], result["status"]) == (number, 202)
    writer.write(b"0\r\n\r\n")
    assert await reader.readuntil(b"0\r\n\r\n") == b"0\r\n\r\n"
    writer.close()
    assert head.startswith(b"HTTP/1.1 200")


async def test_what_arrived_before_a_broken_connection_is_kept(intake: Running) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", intake.port)
    line = _line(1) + b"\n" + _line(2)[:20]
    writer.write(_head(intake, "Content-Length: 100000") + line)
    await reader.readuntil(b'"status":202')
    writer.close()
    assert await intake.count("cases") == 1
    answer = await intake.client.post("/v1/cases:batch", content=_line(3), headers=NDJSON)
    assert [result["status"] for result in _results(answer)] == [202]


async def test_each_case_of_a_batch_has_its_own_trace(intake: Running) -> None:
    body = b"\n".join(_line(number) for number in range(3))
    results = _results(await intake.client.post("/v1/cases:batch", content=body, headers=NDJSON))
    spans = intake.spans.get_finished_spans()
    request = next(span for span in spans if span.name == "POST /v1/cases:batch")
    accepted = {
        (span.attributes or {})["evenhand.case.id"]: span
        for span in spans
        if span.name == "accept case"
    }
    said = {
        row["subject"]: row["traceparent"].split("-")[1]
        for row in await intake.pool.fetch("SELECT subject, traceparent FROM outbox")
    }
    assert set(accepted) == {result["case_id"] for result in results}
    assert request.context is not None
    traces = {request.context.trace_id}
    for case_id, span in accepted.items():
        assert span.context is not None
        assert span.parent is None
        assert [link.context for link in span.links] == [request.context]
        assert said[str(case_id)] == f"{span.context.trace_id:032x}"
        traces.add(span.context.trace_id)
    assert len(traces) == 4


class _Greedy:
    """A client that sends line after line and takes the head of the answer only."""

    def __init__(self, line: bytes) -> None:
        self._line = line
        self.sent = 0

    async def receive(self) -> Message:
        await asyncio.sleep(0)
        self.sent += len(self._line)
        return {"type": "http.request", "body": self._line, "more_body": True}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()


@pytest.mark.parametrize(
    "line",
    [
        b'{"customer": {"id": "C"}, "channel": "api", "text": "' + b"x" * 10_000 + b'"}\n',
        b'{"text": "' + b"x" * 10_000 + b'"}\n',
    ],
    ids=["accepted", "refused"],
)
async def test_a_client_that_takes_no_results_is_read_no_further_and_left_in_the_end(
    intake: Running, monkeypatch: pytest.MonkeyPatch, line: bytes
) -> None:
    monkeypatch.setattr(batch, "PATIENCE", 2.0)
    monkeypatch.setattr(batch, "_OUTSTANDING", 1024 * 1024)
    client = _Greedy(line)
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/cases:batch",
        "query_string": b"",
        "headers": [
            (b"authorization", b"Bearer " + intake.key.encode()),
            (b"content-type", b"application/x-ndjson"),
        ],
    }
    async with asyncio.timeout(20):
        await intake.app(scope, client.receive, client.send)
    lines = client.sent // len(line)
    assert 25 < lines < 2000  # of 1 MiB; a block is under way
    answer = await intake.client.post("/v1/cases:batch", content=_line(3), headers=NDJSON)
    assert [result["status"] for result in _results(answer)] == [202]


async def test_a_batch_of_another_type_is_refused(intake: Running) -> None:
    answer = await intake.client.post("/v1/cases:batch", json={})
    assert answer.status_code == 415
    assert answer.json()["errors"][0]["field"] == "Content-Type"
