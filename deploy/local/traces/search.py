"""Finding traces by what their spans say, newest first.

A trace is found when one of its spans meets every condition. Batches that cannot hold such a
span are passed over by looking for the bytes of the wanted text in them, unparsed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from deploy.local.traces.otlp import Batch
from deploy.local.traces.spans import NS_PER_US, Span
from deploy.local.traces.store import TraceStore
from shared.errors import Rejected

DEFAULT_LIMIT = 100
MAX_LIMIT = 1_500
DERIVED_TAGS = re.compile(r"error|span\.kind|w3c\.tracestate|otel\..*")
TEXT_ONLY = re.compile(r"(?!true$|false$|-?[\d.]|inf$|nan$|-inf$|[\[{])")
"""Values of which the text is what was sent; numbers, truth values and lists are coded."""
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
NS_PER_UNIT = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}


class BadQuery(Rejected):
    """A parameter cannot be read; the message names it."""


@dataclass(frozen=True, slots=True)
class Query:
    """What a span must be like. Instants and durations in nanoseconds, bounds included."""

    service: str | None = None
    operation: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    start_ns: int | None = None
    end_ns: int | None = None
    min_duration_ns: int | None = None
    max_duration_ns: int | None = None
    limit: int = DEFAULT_LIMIT

    def may_be_met_in(self, batch: Batch) -> bool:
        """Return False only when no span of the batch can meet the query."""
        if self.service is not None and self.service not in batch.operations:
            return False
        if self.operation is not None and not any(
            self.operation in names for names in batch.operations.values()
        ):
            return False
        return all(
            DERIVED_TAGS.fullmatch(key)
            or (
                key.encode() in batch.payload
                and (not TEXT_ONLY.match(value) or value.encode() in batch.payload)
            )
            for key, value in self.tags.items()
        )

    def is_met_by(self, span: Span) -> bool:
        return (
            self.service in {None, span.service}
            and self.operation in {None, span.name}
            and _within(span.start_ns, self.start_ns, self.end_ns)
            and _within(span.duration_ns, self.min_duration_ns, self.max_duration_ns)
            and all(_has_tag(span, key, value) for key, value in self.tags.items())
        )


def _within(value: int, lowest: int | None, highest: int | None) -> bool:
    return (lowest is None or value >= lowest) and (highest is None or value <= highest)


def _has_tag(span: Span, key: str, value: str) -> bool:
    return any(
        tag.key == key and tag.text == value
        for tags in (span.tags, span.resource_tags, *(event.tags for event in span.events))
        for tag in tags
    )


def find(store: TraceStore, query: Query) -> list[list[Span]]:
    """Return the newest traces that meet the query, each by start of its spans."""
    found: list[list[Span]] = []
    may_be_met: dict[Batch, bool] = {}
    for trace_id, batches in store.newest_first():
        for batch in batches:
            if batch not in may_be_met:
                may_be_met[batch] = query.may_be_met_in(batch)
        if any(may_be_met[batch] for batch in batches):
            spans = store.spans(trace_id)
            if any(query.is_met_by(span) for span in spans):
                found.append(spans)
                if len(found) == query.limit:
                    break
    return found


def query_from(parameters: Mapping[str, str]) -> Query:
    """Read Jaeger's parameters: instants in microseconds, durations like 1.5s. Raises BadQuery."""
    return Query(
        service=parameters.get("service") or None,
        operation=parameters.get("operation") or None,
        tags=_tags_from(parameters.get("tags") or "{}"),
        start_ns=_instant(parameters, "start"),
        end_ns=_instant(parameters, "end"),
        min_duration_ns=_duration(parameters, "minDuration"),
        max_duration_ns=_duration(parameters, "maxDuration"),
        limit=_limit(parameters.get("limit") or str(DEFAULT_LIMIT)),
    )


def _tags_from(text: str) -> dict[str, str]:
    try:
        tags = orjson.loads(text)
    except orjson.JSONDecodeError:
        tags = None
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        raise BadQuery(
            f"malformed 'tags' parameter, expecting a JSON object of strings: {text[:200]}"
        )
    return tags


def _instant(parameters: Mapping[str, str], name: str) -> int | None:
    text = parameters.get(name)
    if not text:
        return None
    if not text.isdecimal():
        raise BadQuery(f"unable to parse param '{name}': expecting microseconds since 1970")
    return int(text) * NS_PER_US


def _duration(parameters: Mapping[str, str], name: str) -> int | None:
    text = parameters.get(name)
    if not text:
        return None
    parts = DURATION.findall(text)
    if "".join(number + unit for number, unit in parts) != text:
        raise BadQuery(f"unable to parse param '{name}': expecting a duration such as 1.5s or 20ms")
    return round(sum(float(number) * NS_PER_UNIT[unit] for number, unit in parts))


def _limit(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_LIMIT:
        raise BadQuery(f"unable to parse param 'limit': expecting 1 to {MAX_LIMIT}")
    return int(text)
