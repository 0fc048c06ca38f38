"""One span, as the query interface and the pages see it."""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import orjson
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from deploy.local.traces.otlp import service_name

NS_PER_US = 1_000
ERROR_STATUS = 2

Scalar = str | bool | int | float


KINDS = {1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}
STATUS_CODES = {1: "OK", 2: "ERROR"}


@dataclass(frozen=True, slots=True)
class Tag:
    """A key with a typed value; `type` is one of Jaeger's names for types."""

    key: str
    type: str
    value: Scalar

    @property
    def text(self) -> str:
        """The value as Jaeger compares it in a search."""
        return str(self.value).lower() if isinstance(self.value, bool) else str(self.value)


@dataclass(frozen=True, slots=True)
class Event:
    at_ns: int
    name: str
    tags: tuple[Tag, ...]


@dataclass(frozen=True, slots=True)
class Link:
    trace_id: bytes
    span_id: bytes


@dataclass(frozen=True)
class Span:
    """A span with its resource and scope. Attributes are shaped when first asked for."""

    message: SpanMessage
    resource: Resource
    scope: InstrumentationScope
    service: str
    trace_id: bytes
    span_id: bytes
    parent_id: bytes
    """Empty for a root."""
    start_ns: int
    end_ns: int

    @property
    def name(self) -> str:
        return str(self.message.name)

    @property
    def duration_ns(self) -> int:
        return max(0, self.end_ns - self.start_ns)

    @property
    def failed(self) -> bool:
        return bool(self.message.status.code == ERROR_STATUS)

    @property
    def status_message(self) -> str:
        return str(self.message.status.message)

    @property
    def kind(self) -> str:
        """Jaeger's name of the kind; empty when unspecified."""
        return KINDS.get(self.message.kind, "")

    @cached_property
    def attributes(self) -> tuple[Tag, ...]:
        return _tags(self.message.attributes)

    @cached_property
    def resource_tags(self) -> tuple[Tag, ...]:
        """The resource's attributes without the service's name."""
        return tuple(tag for tag in _tags(self.resource.attributes) if tag.key != "service.name")

    @cached_property
    def tags(self) -> tuple[Tag, ...]:
        """Attributes and what Jaeger makes a tag of: scope, kind, status."""
        made: list[tuple[str, str]] = [
            ("otel.scope.name", self.scope.name),
            ("otel.scope.version", self.scope.version),
            ("span.kind", self.kind),
            ("w3c.tracestate", self.message.trace_state),
            ("otel.status_code", STATUS_CODES.get(self.message.status.code, "")),
            ("otel.status_description", self.status_message),
        ]
        tags = [Tag(key, "string", value) for key, value in made if value]
        if self.failed:
            tags.append(Tag("error", "bool", value=True))
        return (*self.attributes, *tags)

    @cached_property
    def events(self) -> tuple[Event, ...]:
        return tuple(
            Event(event.time_unix_nano, event.name, _tags(event.attributes))
            for event in self.message.events
        )

    @cached_property
    def links(self) -> tuple[Link, ...]:
        return tuple(Link(link.trace_id, link.span_id) for link in self.message.links)

    def attribute(self, key: str) -> str | None:
        return next((tag.text for tag in self.attributes if tag.key == key), None)


def spans_in(request: ExportTraceServiceRequest) -> dict[bytes, list[Span]]:
    """Spans of one export request, by trace id."""
    found: dict[bytes, list[Span]] = {}
    for of_resource in request.resource_spans:
        service = service_name(of_resource.resource)
        for of_scope in of_resource.scope_spans:
            for message in of_scope.spans:
                span = Span(
                    message,
                    of_resource.resource,
                    of_scope.scope,
                    service,
                    message.trace_id,
                    message.span_id,
                    message.parent_span_id,
                    message.start_time_unix_nano,
                    message.end_time_unix_nano,
                )
                found.setdefault(span.trace_id, []).append(span)
    return found


def _tags(attributes: Iterable[KeyValue]) -> tuple[Tag, ...]:
    return tuple(_tag(attribute.key, attribute.value) for attribute in attributes)


def _tag(key: str, value: AnyValue) -> Tag:
    match value.WhichOneof("value"):
        case "bool_value":
            return Tag(key, "bool", bool(value.bool_value))
        case "int_value":
            return Tag(key, "int64", int(value.int_value))
        case "double_value":
            return Tag(key, "float64", float(value.double_value))
        case "bytes_value":
            return Tag(key, "binary", base64.b64encode(value.bytes_value).decode())
        case "array_value" | "kvlist_value":
            return Tag(key, "string", orjson.dumps(_plain(value)).decode())
        case _:
            return Tag(key, "string", str(value.string_value))


def _plain(value: AnyValue) -> Scalar | list[object] | Mapping[str, object]:
    match value.WhichOneof("value"):
        case "array_value":
            return [_plain(item) for item in value.array_value.values]
        case "kvlist_value":
            return {item.key: _plain(item.value) for item in value.kvlist_value.values}
        case _:
            return _tag("", value).value
