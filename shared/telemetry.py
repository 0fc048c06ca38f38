"""Traces, logs and how they meet: one trace per case, W3C context in headers, no personal data.

The span tree of a case is `POST …` → `send topic` → `process topic` → `send topic` → …; a batch has
a span of its own that links to the cases in it, so that a case never leaves its own trace.
"""

import logging
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, TraceIdRatioBased
from opentelemetry.trace import Link, Span, SpanKind, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from pythonjsonlogger.json import JsonFormatter
from typing_extensions import override

from shared.settings import ServiceSettings

_W3C: Final = TraceContextTextMapPropagator()
CASE: Final = "evenhand.case.id"


def start(service: str, settings: ServiceSettings) -> TracerProvider:
    """Set up logging and return the provider whose `shutdown` flushes what is left."""
    _start_logging(service, settings.log_level)
    provider = TracerProvider(
        resource=Resource.create({"service.name": f"evenhand-{service}"}),
        # Without a collector nothing is recorded; the ids still travel with the events.
        sampler=ParentBased(TraceIdRatioBased(settings.trace_ratio))
        if settings.otlp_endpoint
        else ALWAYS_OFF,
        shutdown_on_exit=False,
    )
    if settings.otlp_endpoint:
        provider.add_span_processor(
            BatchSpanProcessor(
                OTLPSpanExporter(endpoint=settings.otlp_endpoint.rstrip("/") + "/v1/traces"),
                max_queue_size=65_536,
                max_export_batch_size=2_048,
                schedule_delay_millis=1_000,
            )
        )
    return provider


def remote_context(traceparent: str | None, tracestate: str | None = None) -> Context:
    """Return the context that a sender put into headers; a new trace where there is none."""
    carrier = {"traceparent": traceparent or "", "tracestate": tracestate or ""}
    return _W3C.extract(carrier, Context())


# Flags are two hexadecimal digits; their lowest bit says "recorded", the next one "random".
_UNRECORDED: Final = frozenset(f"{flags:02x}" for flags in range(0, 256, 2))


def is_unrecorded(traceparent: str | None) -> bool:
    """Say whether the sender has decided that nobody records this trace.

    Then no span is made here either: the header is passed on as it is.
    """
    return (
        traceparent is not None
        and traceparent.startswith("00-")
        and traceparent[53:] in _UNRECORDED
    )


def traceparent_of(span: Span) -> str:
    """Return the W3C header that makes a receiver's span a child of this one."""
    carrier: dict[str, str] = {}
    _W3C.inject(carrier, context_of(span))
    return carrier.get("traceparent", "")


def context_of(span: Span) -> Context:
    """Return the context in which children of this span start."""
    return trace.set_span_in_context(span, Context())


def start_send(tracer: Tracer, topic: str, case_id: str, parent: Context) -> Span:
    """Start the span of one event on its way to the broker; end it when it was acknowledged."""
    return tracer.start_span(
        f"send {topic}",
        context=parent,
        kind=SpanKind.PRODUCER,
        attributes={
            "messaging.system": "kafka",
            "messaging.operation.type": "send",
            "messaging.operation.name": "send",
            "messaging.destination.name": topic,
            CASE: case_id,
        },
    )


def start_process(
    tracer: Tracer, topic: str, case_id: str, parent: Context, place: Mapping[str, str | int]
) -> Span:
    """Start the span of one event in a consumer's hands; `place` says group, partition, offset."""
    return tracer.start_span(
        f"process {topic}",
        context=parent,
        kind=SpanKind.CONSUMER,
        attributes={
            "messaging.system": "kafka",
            "messaging.operation.type": "process",
            "messaging.operation.name": "process",
            "messaging.destination.name": topic,
            CASE: case_id,
            **place,
        },
    )


def start_batch(tracer: Tracer, consumer: str, spans: Sequence[Span]) -> Span:
    """Start the span of one batch, linked to the cases in it (a trace of its own)."""
    links = [Link(span.get_span_context()) for span in spans if span.is_recording()]
    return tracer.start_span(
        f"batch {consumer}",
        context=Context(),
        kind=SpanKind.INTERNAL,
        links=links[:128],
        attributes={"messaging.batch.message_count": len(spans)},
    )


class _TraceIds(logging.Filter):
    """Put the ids of the present span on every record, so that a log line finds its trace."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        context = trace.get_current_span().get_span_context()
        if context.is_valid and not hasattr(record, "trace_id"):
            record.trace_id = f"{context.trace_id:032x}"
            record.span_id = f"{context.span_id:016x}"
        return True


def _start_logging(service: str, level: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_TraceIds())
    handler.setFormatter(
        JsonFormatter(
            "{asctime}{levelname}{name}{message}",
            style="{",
            rename_fields={"asctime": "at", "levelname": "level", "name": "logger"},
            static_fields={"service": service},
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Client libraries tell of every reconnect; ours tell once what follows from it.
    for noisy in ("asyncpg", "httpx", "httpcore", "uvicorn.access", "uvicorn.error"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    logging.getLogger("opentelemetry").setLevel(logging.ERROR)
