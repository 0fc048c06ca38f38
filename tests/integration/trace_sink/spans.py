"""Spans as services send them, and how the sink shows them."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanKind, Status, StatusCode, Tracer

from deploy.local.traces.running import TraceSink

MS = 1_000_000
BEGAN = 1_800_000_000_000 * MS
PROTOBUF = {"content-type": "application/x-protobuf"}
ids = itertools.count(1)
Json = dict[str, Any]


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
