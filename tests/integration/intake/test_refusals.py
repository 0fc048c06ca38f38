"""What is wrong with a request is refused by name.

Refusals that leave nothing behind share one service: a table each.
"""

import asyncio

from tests.integration.intake.cases import CASE, fields_of, head_of
from tests.integration.intake_service import Running

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
        assert field in fields_of(answer), body[:40]
    assert await intake.count("cases") == 0


async def test_a_body_without_end_is_cut_off(intake: Running) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", intake.port)
    writer.write(head_of(intake, "/v1/cases", "application/json", "Transfer-Encoding: chunked"))
    for _ in range(30):
        writer.write(b"2710\r\n" + b"x" * 10_000 + b"\r\n")
    await writer.drain()
    answer = await reader.readuntil(b"\r\n")
    writer.close()
    assert answer.startswith(b"HTTP/1.1 413")


async def test_a_compressed_body_is_refused_by_its_header(intake: Running) -> None:
    answer = await intake.client.post("/v1/cases", json=CASE, headers={"Content-Encoding": "gzip"})
    assert (answer.status_code, fields_of(answer)) == (415, ["Content-Encoding"])


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
        assert (answer.status_code, fields_of(answer)) == (status, []), path
        assert (status == 405) == ("allow" in answer.headers)


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
        assert (answer.status_code, fields_of(answer)) == (422, [field]), query
