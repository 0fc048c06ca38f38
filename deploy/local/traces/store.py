"""Batches of spans as they came in, within bounds.

Batches stay unparsed: parsed messages would take three times the memory, and parsing again on
read costs half a microsecond a span. Invariant: a trace is kept whole or dropped whole, the
oldest first, and neither bound is ever exceeded.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterator

from deploy.local.traces.otlp import Batch, parse
from deploy.local.traces.spans import Span, spans_in

MAX_TRACES = 20_000
MAX_SPANS = 500_000
PARSED_BATCHES_KEPT = 32


class TraceStore:
    """Traces by the order in which their first span arrived."""

    def __init__(self, max_traces: int = MAX_TRACES, max_spans: int = MAX_SPANS) -> None:
        self._max_traces = max_traces
        self._max_spans = max_spans
        self._traces: dict[bytes, list[Batch]] = {}
        self._traces_in: Counter[Batch] = Counter()
        self._span_count = 0
        self._parsed: OrderedDict[Batch, dict[bytes, list[Span]]] = OrderedDict()

    @property
    def trace_count(self) -> int:
        return len(self._traces)

    @property
    def span_count(self) -> int:
        return self._span_count

    def add(self, batch: Batch) -> None:
        for trace_id in batch.spans_by_trace:
            self._traces.setdefault(trace_id, []).append(batch)
        if batch.spans_by_trace:
            self._traces_in[batch] = len(batch.spans_by_trace)
            self._span_count += sum(batch.spans_by_trace.values())
        while len(self._traces) > self._max_traces or self._span_count > self._max_spans:
            self._drop(next(iter(self._traces)))

    def _drop(self, trace_id: bytes) -> None:
        for batch in self._traces.pop(trace_id):
            self._span_count -= batch.spans_by_trace[trace_id]
            self._traces_in[batch] -= 1
            if not self._traces_in[batch]:
                del self._traces_in[batch]
                self._parsed.pop(batch, None)

    def operations(self) -> dict[str, set[str]]:
        """Names of the spans held, by service."""
        found: dict[str, set[str]] = {}
        for batch in self._traces_in:
            for service, names in batch.operations.items():
                found.setdefault(service, set()).update(names)
        return found

    def newest_first(self) -> Iterator[tuple[bytes, list[Batch]]]:
        return reversed(self._traces.items())

    def spans(self, trace_id: bytes) -> list[Span]:
        """Return a trace's spans by start, each once; empty when the trace is not held.

        An exporter that got no answer sends again, so the same span may have come twice.
        """
        unique: dict[bytes, Span] = {}
        for batch in self._traces.get(trace_id, ()):
            for span in self._spans_of(batch)[trace_id]:
                unique.setdefault(span.span_id, span)
        return sorted(unique.values(), key=lambda span: (span.start_ns, -span.end_ns))

    def _spans_of(self, batch: Batch) -> dict[bytes, list[Span]]:
        spans = self._parsed.pop(batch, None)
        if spans is None:
            spans = spans_in(parse(batch.payload))
        self._parsed[batch] = spans
        if len(self._parsed) > PARSED_BATCHES_KEPT:
            self._parsed.popitem(last=False)
        return spans
