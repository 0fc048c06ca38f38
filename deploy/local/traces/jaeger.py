"""The JSON that Jaeger's query service answers with, so that its clients and habits work here."""

from collections.abc import Iterable, Sequence

from deploy.local.traces.otlp import NO_SPAN_ID
from deploy.local.traces.spans import NS_PER_US, Event, Span, Tag

Json = dict[str, object]


def answer(data: Sequence[object]) -> Json:
    return {"data": data, "total": len(data), "limit": 0, "offset": 0, "errors": None}


def failure(code: int, message: str) -> Json:
    return {
        "data": None,
        "total": 0,
        "limit": 0,
        "offset": 0,
        "errors": [{"code": code, "msg": message}],
    }


def trace(spans: Sequence[Span]) -> Json:
    """One trace; `spans` must not be empty."""
    process_ids: dict[tuple[str, tuple[Tag, ...]], str] = {}
    shaped = []
    for span in spans:
        process = (span.service, span.resource_tags)
        process_id = process_ids.setdefault(process, f"p{len(process_ids) + 1}")
        shaped.append(_span(span, process_id))
    return {
        "traceID": spans[0].trace_id.hex(),
        "spans": shaped,
        "processes": {
            process_id: {"serviceName": service, "tags": _tags(tags)}
            for (service, tags), process_id in process_ids.items()
        },
        "warnings": None,
    }


def _span(span: Span, process_id: str) -> Json:
    return {
        "traceID": span.trace_id.hex(),
        "spanID": span.span_id.hex(),
        "operationName": span.name,
        "references": _references(span),
        "startTime": span.start_ns // NS_PER_US,
        "duration": span.duration_ns // NS_PER_US,
        "tags": _tags(span.tags),
        "logs": [_log(event) for event in span.events],
        "processID": process_id,
        "warnings": None,
    }


def _references(span: Span) -> list[Json]:
    references = []
    if span.parent_id not in {b"", NO_SPAN_ID}:
        references.append(_reference("CHILD_OF", span.trace_id, span.parent_id))
    references += [_reference("FOLLOWS_FROM", link.trace_id, link.span_id) for link in span.links]
    return references


def _reference(kind: str, trace_id: bytes, span_id: bytes) -> Json:
    return {"refType": kind, "traceID": trace_id.hex(), "spanID": span_id.hex()}


def _log(event: Event) -> Json:
    name = Tag("event", "string", event.name)
    return {"timestamp": event.at_ns // NS_PER_US, "fields": _tags((name, *event.tags))}


def _tags(tags: Iterable[Tag]) -> list[Json]:
    return [{"key": tag.key, "type": tag.type, "value": tag.value} for tag in tags]
