"""What OTLP/HTTP says about a request's body: its encodings, its limits, its ids.

Invariant: a `Batch` holds a valid protobuf export request in which every span has a usable
trace id and span id, so reading it later cannot fail.
"""

import base64
import zlib
from collections import Counter
from dataclasses import dataclass

import orjson
from google.protobuf.json_format import (  # type: ignore[import-untyped]  # ships no types
    ParseDict,
    ParseError,
)
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # ships no types
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from shared.errors import Rejected

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
MAX_BODY_BYTES = 64 * 1024 * 1024
TRACE_ID_BYTES = 16
SPAN_ID_BYTES = 8
NO_TRACE_ID = bytes(TRACE_ID_BYTES)
NO_SPAN_ID = bytes(SPAN_ID_BYTES)
JSON_ID_FIELDS = frozenset({"traceId", "spanId", "parentSpanId"})
UNNAMED_SERVICE = "unknown_service"


class BadExport(Rejected):
    """The request cannot be taken; the message goes back to the sender."""


class TooLarge(BadExport):
    """The body is larger than `MAX_BODY_BYTES`, packed or unpacked."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """One export request, unparsed, and the little that is looked up without parsing it."""

    payload: bytes
    spans_by_trace: dict[bytes, int]
    operations: dict[str, frozenset[str]]
    """Names of the spans, by service."""


def unpack(body: bytes, content_encoding: str) -> bytes:
    """Undo the content encoding. Raises BadExport, TooLarge."""
    if content_encoding in {"", "identity"}:
        return body
    if content_encoding not in {"gzip", "deflate"}:
        raise BadExport(f"content encoding {content_encoding!r} is not supported: use gzip")
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # gzip or zlib, by its first bytes
    try:
        unpacked = unpacker.decompress(body, MAX_BODY_BYTES)
    except zlib.error as error:
        raise BadExport(f"body is not valid {content_encoding}: {error}") from error
    if unpacker.unconsumed_tail:
        raise TooLarge(f"body is larger than {MAX_BODY_BYTES} bytes when unpacked")
    if not unpacker.eof:
        raise BadExport(f"body is not valid {content_encoding}: it ends too early")
    return unpacked


def protobuf_from_json(body: bytes) -> bytes:
    """Return the same request in protobuf. OTLP's JSON writes ids as hex. Raises BadExport."""
    try:
        request = ParseDict(
            _ids_in_base64(orjson.loads(body)),
            ExportTraceServiceRequest(),
            ignore_unknown_fields=True,
        )
    except (ParseError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise BadExport(f"body is not an OTLP export request in JSON: {error}") from error
    payload: bytes = request.SerializeToString()
    return payload


def _ids_in_base64(node: object) -> object:
    """Protobuf's own JSON mapping, which the parser follows, has bytes in base64."""
    if isinstance(node, list):
        return [_ids_in_base64(item) for item in node]
    if isinstance(node, dict):
        return {
            key: base64.b64encode(bytes.fromhex(value)).decode()
            if key in JSON_ID_FIELDS and isinstance(value, str)
            else _ids_in_base64(value)
            for key, value in node.items()
        }
    return node


def parse(payload: bytes) -> ExportTraceServiceRequest:
    """Raise BadExport when the bytes are not an export request."""
    try:
        request: ExportTraceServiceRequest = ExportTraceServiceRequest.FromString(payload)
    except DecodeError as error:
        raise BadExport("body is not an OTLP export request in protobuf") from error
    return request


def service_name(resource: Resource) -> str:
    for attribute in resource.attributes:
        if attribute.key == "service.name":
            name: str = attribute.value.string_value
            return name
    return UNNAMED_SERVICE


def index(payload: bytes) -> Batch:
    """Check a request and note what is in it: all of it is taken or none. Raises BadExport."""
    spans_by_trace: Counter[bytes] = Counter()
    operations: dict[str, frozenset[str]] = {}
    for of_resource in parse(payload).resource_spans:
        names = set()
        for of_scope in of_resource.scope_spans:
            for span in of_scope.spans:
                trace_id, span_id = span.trace_id, span.span_id
                if len(trace_id) != TRACE_ID_BYTES or trace_id == NO_TRACE_ID:
                    raise BadExport(f"span {span.name!r}: trace id {trace_id.hex()!r} is invalid")
                if len(span_id) != SPAN_ID_BYTES or span_id == NO_SPAN_ID:
                    raise BadExport(f"span {span.name!r}: span id {span_id.hex()!r} is invalid")
                spans_by_trace[trace_id] += 1
                names.add(span.name)
        if names:
            service = service_name(of_resource.resource)
            operations[service] = operations.get(service, frozenset()) | names
    return Batch(payload, dict(spans_by_trace), operations)
