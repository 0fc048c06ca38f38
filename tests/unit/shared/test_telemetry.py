"""Traces that nobody records cost nothing on their way, whatever library began them."""

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, Sampler

from shared import telemetry

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-"


@pytest.mark.parametrize(("sampler", "unrecorded"), [(ALWAYS_OFF, True), (ALWAYS_ON, False)])
def test_a_header_says_whether_anybody_records_its_trace(
    *, sampler: Sampler, unrecorded: bool
) -> None:
    span = TracerProvider(sampler=sampler).get_tracer("test").start_span("sent")
    assert telemetry.is_unrecorded(telemetry.traceparent_of(span)) is unrecorded


@pytest.mark.parametrize(
    ("flags", "unrecorded"), [("00", True), ("02", True), ("01", False), ("03", False)]
)
def test_other_flags_than_recorded_say_nothing_of_recording(
    *, flags: str, unrecorded: bool
) -> None:
    assert telemetry.is_unrecorded(TRACE + flags) is unrecorded


@pytest.mark.parametrize("header", [None, "", "00-0af7", "01" + TRACE[2:] + "00", TRACE + "0"])
def test_where_a_header_cannot_be_read_a_span_is_made(header: str | None) -> None:
    assert not telemetry.is_unrecorded(header)
