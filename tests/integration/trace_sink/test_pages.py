"""Pages for people show traces and run nothing that they say."""

import httpx

from deploy.local.traces.running import TraceSink
from tests.integration.trace_sink.spans import PROTOBUF, request_of, submit_case


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
