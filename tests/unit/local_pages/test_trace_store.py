from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from deploy.local.traces.otlp import Batch, index
from deploy.local.traces.search import Query, find
from deploy.local.traces.store import TraceStore


def batch(first_span: int, trace_numbers: list[int]) -> Batch:
    """One export with a span for each trace number; spans are numbered on from `first_span`."""
    request = ExportTraceServiceRequest()
    of_scope = request.resource_spans.add().scope_spans.add()
    for span_number, trace_number in enumerate(trace_numbers, first_span):
        span = of_scope.spans.add()
        span.trace_id = trace_number.to_bytes(16, "big")
        span.span_id = span_number.to_bytes(8, "big")
        span.name = f"in {trace_number}"
        case = span.attributes.add()
        case.key = "evenhand.case.id"
        case.value.string_value = f"case-{trace_number}"
    return index(request.SerializeToString())


exports = st.lists(st.lists(st.integers(1, 9), max_size=6), max_size=12)


@given(exports, st.integers(1, 5), st.integers(1, 12))
def test_bounds_hold_and_traces_are_whole_or_gone(
    arrivals: list[list[int]], max_traces: int, max_spans: int
) -> None:
    store = TraceStore(max_traces, max_spans)
    since: dict[int, int] = {}  # trace → its spans that came since it last was dropped
    first_span = 1
    for trace_numbers in arrivals:
        store.add(batch(first_span, trace_numbers))
        first_span += len(trace_numbers)
        held = {int.from_bytes(trace_id, "big") for trace_id, _ in store.newest_first()}
        for number in trace_numbers:
            since[number] = since.get(number, 0) + 1
        since = {number: count for number, count in since.items() if number in held}
        assert store.trace_count == len(held) <= max_traces
        assert store.span_count == sum(since.values()) <= max_spans
        for number, count in since.items():
            assert len(store.spans(number.to_bytes(16, "big"))) == count


def test_the_trace_that_began_first_goes_first_even_when_spans_still_come() -> None:
    store = TraceStore(max_traces=2)
    for first_span, number in enumerate([1, 2, 1, 3], 1):
        store.add(batch(first_span, [number]))
    held = [int.from_bytes(trace_id, "big") for trace_id, _ in store.newest_first()]
    assert held == [3, 2]


def test_operations_of_dropped_batches_are_forgotten() -> None:
    store = TraceStore(max_traces=1)
    store.add(batch(1, [1]))
    store.add(batch(2, [2]))
    assert store.operations() == {"unknown_service": {"in 2"}}


@given(exports, st.integers(1, 9))
def test_a_search_by_case_finds_the_same_as_looking_at_every_span(
    arrivals: list[list[int]], wanted: int
) -> None:
    store = TraceStore()
    first_span = 1
    for trace_numbers in arrivals:
        store.add(batch(first_span, trace_numbers))
        first_span += len(trace_numbers)
    came = any(wanted in trace_numbers for trace_numbers in arrivals)
    found = find(store, Query(tags={"evenhand.case.id": f"case-{wanted}"}))
    assert [spans[0].name for spans in found] == ([f"in {wanted}"] if came else [])
