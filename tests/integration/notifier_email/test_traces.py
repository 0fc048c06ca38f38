"""Sending belongs to the trace of its case, and makes no span of one that nobody records."""

from tests.integration.notifier_email.notices import ANNA
from tests.integration.notifier_service import TRACEPARENT, Notifier, case_of, record


async def test_sending_belongs_to_the_trace_of_the_case(service: Notifier) -> None:
    async with service.sending():
        await service.consume(case_of(ANNA).submitted())
        await service.settled(1)
    spans = {span.name: span for span in service.spans.get_finished_spans()}
    process, send = spans["process evenhand.case.submitted.v1"], spans["send email"]
    notified = spans["send evenhand.case.notified.v1"]
    assert format(send.context.trace_id, "032x") == TRACEPARENT.split("-")[1]
    assert send.parent is not None
    assert send.parent.span_id == process.context.span_id
    assert notified.parent is not None
    assert notified.parent.span_id == send.context.span_id
    assert ANNA not in str(dict(send.attributes or {}))


async def test_a_trace_that_nobody_records_is_passed_on_without_a_span(service: Notifier) -> None:
    unrecorded = TRACEPARENT.removesuffix("-01") + "-00"
    reachable, unreachable = case_of(ANNA), case_of()
    async with service.sending():
        for case in (reachable, unreachable):
            await service.runner([record(case.submitted(), unrecorded)])
        await service.settled(2)
    rows = await service.pool.fetch("SELECT traceparent FROM outbox")
    assert [row["traceparent"] for row in rows] == [unrecorded] * 2
    names = {span.name.split()[0] for span in service.spans.get_finished_spans()}
    assert names == {"batch"}
