"""A case travels the whole way: stored, published, tagged, decided, and the customer is told."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.local.stack import Stack
from tests.acceptance.outside import Json, Outside, until

NAME = "Zbigniewa Niepowtarzalna"


def _case(text: str, **more: object) -> Json:
    """Return a case of a customer of its own, who can be reached by e-mail."""
    identity = f"A-{uuid4()}"
    customer = {
        "id": identity,
        "name": NAME,
        "language": "pl",
        "jurisdiction": "PL",
        "contacts": {"email": f"{identity.lower()}@example.com"},
    }
    return {"customer": customer, "channel": "web", "text": text, **more}


def _late(text: str) -> Json:
    return _case(
        text,
        category="missed_due_date",
        claim={"amount": "12.50", "currency": "PLN"},
        facts={"due_at": "2026-10-31T23:59:59+01:00", "paid_at": "2026-11-01T02:10:00+01:00"},
    )


def _promise_broken(text: str) -> Json:
    return _case(
        text,
        category="promise_broken",
        claim={"amount": "20.00", "currency": "PLN"},
        facts={
            "promised_by": "2026-11-01T17:00:00+01:00",
            "delivered_at": "2026-11-05T09:00:00+01:00",
        },
    )


def _logs(folder: Path, names: str = "*.log") -> str:
    return "".join(
        path.read_text(encoding="utf-8", errors="replace") for path in (folder / "logs").glob(names)
    )


POLITE = "Dzień dobry, spóźniłam się z ratą o dwie godziny, to moje przeoczenie. Bardzo proszę o"
POLITE += " darowanie opłaty. Dziękuję i pozdrawiam"
ABUSIVE = "Wy złodzieje i idioci, banda debili! Obiecaliście na pierwszego, a jest piąty. Oddawać"
ABUSIVE += " moje pieniądze, kretyni!"


async def test_a_late_payment_told_politely_is_forgiven_and_the_customer_is_told(
    outside: Outside,
) -> None:
    case_id = await outside.submit(_late(POLITE))
    case = await outside.told(case_id)
    assert case["status"] == "decided"
    assert case["decision"]["disposition"] == "goodwill"
    assert case["decision"]["basis"] == "goodwill"
    assert case["tags"]["fault"]["value"] == "customer"
    events = [entry["event"] for entry in case["timeline"]]
    assert events[0] == "received"
    assert {"classified", "decided", "notified"} <= set(events)

    async def both() -> list[Json] | None:
        mails = list(await outside.mails(case_id))
        return mails if len(mails) >= 2 else None

    mails = await until(both, what="receipt and final answer")
    assert len(mails) == 2
    assert all("Zbigniewa" not in mail["subject"] for mail in mails)


async def test_tone_never_costs_anybody_what_they_are_owed(outside: Outside) -> None:
    polite = await outside.submit(
        _promise_broken("Dzień dobry, karta miała przyjść do pierwszego, a przyszła piątego.")
    )
    abusive = await outside.submit(_promise_broken(ABUSIVE))
    one = (await outside.answered(polite))["decision"]
    other = (await outside.answered(abusive))["decision"]
    assert one["disposition"] == other["disposition"] == "upheld"
    assert one["remedies"] == other["remedies"]
    assert (one["boundary"], other["boundary"]) == (False, True)


async def test_the_same_request_twice_is_one_case_with_one_answer(outside: Outside) -> None:
    case, key = _late(POLITE), str(uuid4())
    first = await outside.submit(case, key)
    assert await outside.submit(case, key) == first
    await outside.told(first)
    assert await outside.submit(case, key) == first


async def test_a_message_after_the_decision_goes_to_a_person(outside: Outside) -> None:
    case_id = await outside.submit(_late(POLITE))
    await outside.told(case_id)
    response = await outside.api.post(
        f"/v1/cases/{case_id}/messages", json={"text": "Dziękuję, mam jeszcze jedno pytanie."}
    )
    assert response.status_code == 202

    async def reopened() -> Json | None:
        case = await outside.case(case_id)
        return case if case["status"] == "reopened" else None

    case = await until(reopened, what="the case reopened")
    assert case["referral"]["reason"] == "message_after_the_decision"
    assert case["decision"]["disposition"] == "goodwill"


async def test_a_threat_to_life_is_never_answered_by_a_machine(outside: Outside) -> None:
    case_id = await outside.submit(
        _late("Nie mam już siły, przez ten kredyt chcę skończyć ze sobą. Zabiję się.")
    )
    case = await outside.told(case_id)
    assert case["decision"] is None
    assert case["referral"]["queue"] == "safety"


def _way(span: Json, spans: Sequence[Json]) -> list[str]:
    """Return the names from the root of the trace to this span."""
    parents = {reference["spanID"] for reference in span["references"]}
    above = next((other for other in spans if other["spanID"] in parents), None)
    return [*(_way(above, spans) if above else []), span["operationName"]]


async def test_one_trace_holds_a_case_from_request_to_message(outside: Outside) -> None:
    trace_id = uuid4().hex
    response = await outside.api.post(
        "/v1/cases",
        json=_late(POLITE),
        headers={"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"},
    )
    assert response.status_code == 202
    await outside.told(response.json()["case_id"])

    async def ways() -> list[list[str]] | None:
        found = [_way(span, spans) for spans in [await outside.trace(trace_id)] for span in spans]
        mails = [way for way in found if way[-1] == "send email"]
        # The services export on their own: a way is complete when it begins at the request.
        whole = [way for way in mails if way[0] == "POST /v1/cases"]
        return sorted(whole, key=len) if len(whole) == 2 else None

    topic = "evenhand.case"
    assert await until(ways, what="the way from the request to each message") == [
        [
            "POST /v1/cases",
            f"send {topic}.submitted.v1",
            f"process {topic}.submitted.v1",
            "send email",
        ],
        [
            "POST /v1/cases",
            f"send {topic}.submitted.v1",
            f"process {topic}.submitted.v1",
            f"send {topic}.classified.v1",
            f"process {topic}.classified.v1",
            f"send {topic}.decided.v1",
            f"process {topic}.decided.v1",
            "send email",
        ],
    ]


async def test_no_personal_data_stands_in_traces_or_logs(outside: Outside, stack: Stack) -> None:
    trace_id = uuid4().hex
    case = _late(POLITE)
    address = case["customer"]["contacts"]["email"]
    response = await outside.api.post(
        "/v1/cases", json=case, headers={"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"}
    )
    await outside.told(response.json()["case_id"])

    async def complete() -> list[Json] | None:
        spans = list(await outside.trace(trace_id))
        return spans if len(spans) >= 12 else None

    shown = json.dumps(await until(complete, what="the trace"), ensure_ascii=False)
    logs = _logs(stack.folder)
    for secret in (address, NAME, "przeoczenie", case["customer"]["id"]):
        assert secret not in shown
        if secret != case["customer"]["id"]:
            assert secret not in logs


async def test_log_lines_carry_the_ids_of_their_trace(outside: Outside, stack: Stack) -> None:
    trace_id = uuid4().hex
    response = await outside.api.get(
        "/v1/cases/00000000-0000-4000-8000-000000000000",
        headers={"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"},
    )
    assert response.status_code == 404

    async def written() -> bool | None:
        lines = _logs(stack.folder, "intake.log").splitlines()
        found = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
        return trace_id in {line.get("trace_id") for line in found} or None

    await until(written, what="a log line of the request")


@pytest.mark.parametrize("service", ["intake", "classifier", "decision", "notifier"])
async def test_every_service_tells_its_state_and_its_figures(
    outside: Outside, stack: Stack, service: str
) -> None:
    address = stack.addresses.services[service]
    alive = await outside.api.get(f"{address}/healthz")
    ready = await outside.api.get(f"{address}/readyz")
    figures = await outside.api.get(f"{address}/metrics")
    assert (alive.status_code, ready.status_code, figures.status_code) == (200, 200, 200)
    assert re.search(r"^evenhand_outbox_backlog \d", figures.text, re.MULTILINE)
