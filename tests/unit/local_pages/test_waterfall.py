from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from deploy.local.traces.otlp import index
from deploy.local.traces.spans import Span, spans_in
from deploy.local.traces.store import TraceStore
from deploy.local.traces.waterfall import Row, duration_text, summary, waterfall

TRACE_ID = bytes(15) + b"\1"


def span_id(number: int) -> bytes:
    return number.to_bytes(8, "big") if number else b""


def one_trace(*spans: tuple[int, int, int, int]) -> list[Span]:
    """Spans from (number, parent's number or 0, start, end), as the store would give them."""
    request = ExportTraceServiceRequest()
    of_scope = request.resource_spans.add().scope_spans.add()
    for number, parent, start, end in spans:
        span = of_scope.spans.add()
        span.trace_id = TRACE_ID
        span.span_id = span_id(number)
        span.parent_span_id = span_id(parent)
        span.name = f"n{number}"
        span.start_time_unix_nano = start
        span.end_time_unix_nano = end
    store = TraceStore()
    store.add(index(request.SerializeToString()))
    return store.spans(TRACE_ID)


def shape(rows: tuple[Row, ...]) -> list[tuple[str, int]]:
    return [(row.span.name, row.depth) for row in rows]


def test_children_stand_below_their_parent_by_start() -> None:
    rows = waterfall(one_trace((1, 0, 0, 90), (2, 1, 50, 60), (3, 1, 10, 20), (4, 3, 12, 14))).rows
    assert shape(rows) == [("n1", 0), ("n3", 1), ("n4", 2), ("n2", 1)]


def test_a_span_whose_parent_never_came_begins_a_tree_and_says_so() -> None:
    rows = waterfall(one_trace((1, 0, 0, 9), (2, 77, 1, 5), (3, 2, 2, 3))).rows
    assert shape(rows) == [("n1", 0), ("n2", 0), ("n3", 1)]
    assert [row.parent_missing for row in rows] == [False, True, False]


def test_bars_show_when_and_how_long() -> None:
    rows = waterfall(one_trace((1, 0, 1_000, 2_000), (2, 1, 1_250, 1_750))).rows
    assert [(row.left, row.width) for row in rows] == [(0, 100), (25, 50)]
    assert [(row.begins_after, row.lasts) for row in rows] == [("0", "1 µs"), ("250 ns", "500 ns")]


numbers = st.integers(1, 12)
instants = st.integers(0, 10**15)
any_spans = st.lists(
    st.tuples(numbers, st.integers(0, 14), instants, instants),
    min_size=1,
    max_size=12,
    unique_by=lambda span: span[0],
)


@given(any_spans)
def test_every_span_has_one_row_inside_the_axis_whatever_the_parents(
    spans: list[tuple[int, int, int, int]],
) -> None:
    rows = waterfall(one_trace(*spans)).rows
    assert sorted(row.span.name for row in rows) == sorted(f"n{span[0]}" for span in spans)
    assert all(row.left >= 0 and row.width > 0 for row in rows)
    assert all(row.left + row.width <= 100.001 for row in rows)


@given(any_spans)
def test_a_row_is_one_deeper_than_its_parent_when_that_stands_above(
    spans: list[tuple[int, int, int, int]],
) -> None:
    depth: dict[bytes, int] = {}
    for row in waterfall(one_trace(*spans)).rows:
        if row.depth:
            assert row.depth == depth[row.span.parent_id] + 1
        depth[row.span.span_id] = row.depth


def test_a_deep_chain_is_shown_whole() -> None:
    chain = [(number, number - 1, number, 10_000) for number in range(1, 5_001)]
    rows = waterfall(one_trace(*chain)).rows
    assert [row.depth for row in rows] == list(range(5_000))


def test_a_summary_is_named_after_the_root_even_when_a_child_began_earlier() -> None:
    told = summary(one_trace((1, 0, 500, 900), (2, 1, 100, 2_000_100)))
    assert (told.name, told.spans, told.lasts, told.start_ns) == ("n1", 2, "2 ms", 100)


def test_durations_carry_the_unit_that_suits() -> None:
    durations = (0, 999, 1_000, 1_234_567, 123_456_789, 61_000_000_000)
    texts = ["0", "999 ns", "1 µs", "1.23 ms", "123 ms", "61 s"]
    assert [duration_text(ns) for ns in durations] == texts


@given(st.integers(0, 9), st.integers(0, 9), st.binary(max_size=9), st.floats(), st.text())
def test_what_was_taken_can_always_be_shaped(
    kind: int, status: int, raw: bytes, number: float, text: str
) -> None:
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add()
    span.trace_id = TRACE_ID
    span.span_id = span_id(1)
    span.kind = kind
    span.status.code = status
    span.parent_span_id = raw
    span.links.add().trace_id = raw
    span.attributes.add().key = text
    span.attributes.add().value.double_value = number
    span.attributes.add().value.bytes_value = raw
    span.attributes.add().value.array_value.values.add().double_value = number
    inner = span.attributes.add().value.kvlist_value.values.add()
    inner.value.bytes_value = raw
    (shaped,) = spans_in(request)[TRACE_ID]
    assert len(shaped.attributes) == 5
    assert len(shaped.tags) >= len(shaped.attributes)
    assert len(waterfall([shaped]).rows) == 1
