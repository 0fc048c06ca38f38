"""The spans of one trace laid out as a tree over time.

Invariant: every span gets exactly one row, also when its parent never came or parents go round
in a circle; a row's bar lies inside the axis.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from deploy.local.traces.otlp import NO_SPAN_ID
from deploy.local.traces.spans import Span

COLOURS = 8
NARROWEST_BAR = 0.4
AXIS_STEPS = 4
CASE_ID = "evenhand.case.id"


@dataclass(frozen=True, slots=True)
class Row:
    """One span; `left` and `width` in percent of the trace's time."""

    span: Span
    depth: int
    parent_missing: bool
    left: float
    width: float
    colour: int
    begins_after: str
    lasts: str


@dataclass(frozen=True, slots=True)
class Waterfall:
    rows: tuple[Row, ...]
    services: dict[str, int]
    """Colour of each service, in the order of their first span."""
    axis: tuple[str, ...]
    start_ns: int
    lasts: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What the list of traces shows of one."""

    trace_id: str
    name: str
    service: str
    services: tuple[str, ...]
    start_ns: int
    lasts: str
    spans: int
    failed: int
    case_ids: tuple[str, ...]


def waterfall(spans: Sequence[Span]) -> Waterfall:
    """Lay out the spans of one trace, given by start; there is at least one."""
    start = min(span.start_ns for span in spans)
    length = max(1, _end(spans) - start)
    services: dict[str, int] = {}
    for span in spans:
        services.setdefault(span.service, len(services) % COLOURS)
    known = {span.span_id for span in spans}
    rows = []
    for span, depth in _in_tree_order(spans):
        width = max(NARROWEST_BAR, 100 * span.duration_ns / length)
        left = min(100 * (span.start_ns - start) / length, 100 - NARROWEST_BAR)
        row = Row(
            span,
            depth,
            parent_missing=_has_parent(span) and span.parent_id not in known,
            left=round(left, 3),
            width=round(min(width, 100 - left), 3),
            colour=services[span.service],
            begins_after=duration_text(span.start_ns - start),
            lasts=duration_text(span.duration_ns),
        )
        rows.append(row)
    axis = tuple(duration_text(length * step // AXIS_STEPS) for step in range(AXIS_STEPS + 1))
    return Waterfall(tuple(rows), services, axis, start, axis[-1])


def summary(spans: Sequence[Span]) -> Summary:
    """Sum up one trace, given by start; there is at least one span."""
    first = next((span for span in spans if not _has_parent(span)), spans[0])
    case_ids = dict.fromkeys(span.attribute(CASE_ID) for span in spans)
    return Summary(
        trace_id=first.trace_id.hex(),
        name=first.name,
        service=first.service,
        services=tuple(dict.fromkeys(span.service for span in spans)),
        start_ns=spans[0].start_ns,
        lasts=duration_text(_end(spans) - spans[0].start_ns),
        spans=len(spans),
        failed=sum(span.failed for span in spans),
        case_ids=tuple(case_id for case_id in case_ids if case_id),
    )


def _end(spans: Sequence[Span]) -> int:
    return max(max(span.start_ns, span.end_ns) for span in spans)


def _has_parent(span: Span) -> bool:
    return span.parent_id not in {b"", NO_SPAN_ID}


def _in_tree_order(spans: Sequence[Span]) -> Iterator[tuple[Span, int]]:
    """Parents before children, siblings by start; what hangs on nothing begins a tree."""
    known = {span.span_id for span in spans}
    children: defaultdict[bytes, list[Span]] = defaultdict(list)
    tops = []
    for span in spans:
        if span.parent_id in known:
            children[span.parent_id].append(span)
        else:
            tops.append(span)
    shown: set[bytes] = set()
    # A circle of parents hangs on no top: whatever is left over is tried as a top, too.
    for top in (*tops, *spans):
        waiting = [(top, 0)]
        while waiting:
            span, depth = waiting.pop()
            if span.span_id not in shown:
                shown.add(span.span_id)
                yield span, depth
                waiting += [(child, depth + 1) for child in reversed(children[span.span_id])]


def duration_text(ns: int) -> str:
    """Three significant figures with the unit that suits."""
    for unit, size in (("s", 1_000_000_000), ("ms", 1_000_000), ("µs", 1_000)):
        if ns >= size:
            return f"{float(f'{ns / size:.3g}'):g} {unit}"
    return f"{ns} ns" if ns else "0"
