"""Never decided by the clock: thirty days of a Polish case, walked by letting the time jump.

Act of 5 August 2015: the answer must be sent within 30 days of receipt; a business day of them is
kept for sending. The rungs stand at shares of the time until then.
"""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import orjson
import pytest
from aiokafka import AIOKafkaConsumer

from deploy.local import moved_clock
from deploy.local.stack import Stack
from shared import clock
from shared.events.catalogue import Topic
from tests.acceptance.outside import Json, Outside, until

WARSAW = ZoneInfo("Europe/Warsaw")
CLOCK = "pl_complaints:0"
SOON = timedelta(seconds=5)
SUMMONED = [
    # share of the time, rung, what it does, whom it calls
    (50, "assignee", "nudged", None),
    (70, "team_lead", "escalated", "person"),
    (70, "warn_customer", "warned", None),
    (85, "head_of_desk", "escalated", "team"),
    (90, "letter", "escalated", "person"),
    (95, "executive", "escalated", "executive"),
]


@dataclass
class Walk:
    """The time of the clocks, moved by the owner of the database, and what is told of them."""

    stack: Stack
    outside: Outside
    desk: httpx.AsyncClient
    consumer: AIOKafkaConsumer
    heard: dict[str, list[Json]] = field(default_factory=dict)

    async def to(self, instant: datetime) -> None:
        """Let the time of the clocks be this instant."""
        await self._move(instant - clock.now())

    async def _move(self, by: timedelta) -> None:
        await moved_clock.move(self.stack.state.admin_database_url.get_secret_value(), by)

    async def back(self) -> None:
        """Let the clocks show the database's own time again."""
        await self._move(timedelta(0))

    async def milestones(self, case_id: str) -> list[Json]:
        """Return what `.sla.v1` has told so far of the statutory clock of a case."""
        polled = await self.consumer.getmany(timeout_ms=200)
        for record in (record for records in polled.values() for record in records):
            told = orjson.loads(record.value)
            self.heard.setdefault(told["case_id"], []).append(told)
        return [told for told in self.heard.get(case_id, []) if told["clock"] == CLOCK]

    async def rungs(self, case_id: str) -> list[str]:
        return [told["rung"] for told in await self.milestones(case_id)]

    async def climbed(self, case_id: str, rung: str) -> Json:
        """Wait until a rung has fired; returns what it told."""

        async def look() -> Json | None:
            found = [told for told in await self.milestones(case_id) if told["rung"] == rung]
            return found[0] if found else None

        return await until(look, what=f"the rung {rung}")

    async def waiting(self) -> tuple[str, datetime]:
        """Let a case wait for people; returns its id, and when it was received."""
        case_id = await self.outside.submit(_above_the_certificate())
        case = await self.outside.answered(case_id)
        assert case["referral"]["reason"] == "above_the_automatic_certificate"
        return case_id, datetime.fromisoformat(case["received_at"])


def _above_the_certificate() -> Json:
    """Return an own slip, told politely, of more money than a machine may forgive."""
    identity = f"P-{uuid4()}"
    due = clock.now() - timedelta(days=2)
    return {
        "customer": {
            "id": identity,
            "language": "pl",
            "jurisdiction": "PL",
            "contacts": {"email": f"{identity.lower()}@example.com"},
        },
        "channel": "web",
        "category": "missed_due_date",
        "text": "Dzień dobry, spóźniłam się z ratą o dwie godziny, to moje przeoczenie. Bardzo"
        " proszę o darowanie opłaty. Dziękuję i pozdrawiam",
        "claim": {"amount": "600.00", "currency": "PLN"},
        "facts": {"due_at": due.isoformat(), "paid_at": (due + timedelta(hours=2)).isoformat()},
    }


def _deadline(received: datetime) -> datetime:
    """Return the end of the thirtieth day after the day of receipt, in Warsaw."""
    day = received.astimezone(WARSAW).date() + timedelta(days=31)
    return datetime.combine(day, time.min, tzinfo=WARSAW)


@pytest.fixture
async def walk(stack: Stack, outside: Outside) -> AsyncIterator[Walk]:
    key = stack.state.api_key.get_secret_value()
    async with AsyncExitStack() as closing:
        desk = await closing.enter_async_context(
            httpx.AsyncClient(
                base_url=stack.addresses.services["decision"],
                headers={"Authorization": f"Bearer {key}"},
                timeout=30,
            )
        )
        consumer = AIOKafkaConsumer(
            Topic.SLA,
            bootstrap_servers=stack.addresses.kafka_bootstrap,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
        await consumer.start()
        closing.push_async_callback(consumer.stop)
        walking = Walk(stack, outside, desk, consumer)
        closing.push_async_callback(walking.back)
        yield walking


async def test_nobody_answers_for_thirty_days_and_the_clock_decides_nothing(walk: Walk) -> None:
    case_id, received = await walk.waiting()
    first = await walk.climbed(case_id, "received")
    decide_by = datetime.fromisoformat(first["decide_by"])
    deadline = _deadline(received)
    assert datetime.fromisoformat(first["due_at"]) == deadline
    assert deadline - timedelta(days=5) < decide_by < deadline

    expected = ["received"]
    for share, rung, kind, summoned in SUMMONED:
        due = received + (decide_by - received) * share / 100
        await walk.to(due + SOON)
        told = await walk.climbed(case_id, rung)
        assert datetime.fromisoformat(told["at"]) >= due
        assert (told["kind"], told["summoned"], told["late"]) == (kind, summoned, False)
        expected.append(rung)
    assert await walk.rungs(case_id) == expected
    await _the_customer_was_warned(walk, case_id, deadline)
    await _the_desk_shows_who_was_summoned(walk, case_id)

    await walk.to(deadline + SOON)
    lapsed = await walk.climbed(case_id, "lapse")
    assert lapsed["kind"] == "lapsed"
    assert lapsed["legal_effect"] == "deemed_accepted"
    assert "Art. 8" in lapsed["legal_text"]
    assert not lapsed["late_arrival"]
    await _an_incident_is_open(walk, case_id)
    await _there_is_no_decision(walk, case_id)


async def _the_customer_was_warned(walk: Walk, case_id: str, deadline: datetime) -> None:
    """Expect word before the date: another date, a reason and something in return."""
    (warned,) = [one for one in await walk.milestones(case_id) if one["kind"] == "warned"]
    assert datetime.fromisoformat(warned["due_at"]) == deadline
    assert datetime.fromisoformat(warned["new_due_at"]) > deadline
    assert warned["reason"]
    assert warned["in_return"] == "priority"  # the team lead was called
    (credit,) = warned["granted"]
    assert (credit["kind"], credit["money"]["currency"]) == ("credit", "PLN")

    async def told() -> Json | None:
        case = await walk.outside.case(case_id)
        mails = [mail["notice"] for mail in await walk.outside.mails(case_id)]
        return case if case["status"] == "delayed" and mails.count("delayed") == 1 else None

    case = await until(told, what="one warning, and the status delayed")
    (shown,) = [each for each in case["sla"]["milestones"] if each["kind"] == "warned"]
    assert shown["granted"] == [credit]
    (mail,) = [one for one in await walk.outside.mails(case_id) if one["notice"] == "delayed"]
    read = await walk.outside.inbox.get(f"/api/messages/{mail['id']}")
    assert "20,00" in read.raise_for_status().json()["plain"]


async def _the_desk_shows_who_was_summoned(walk: Walk, case_id: str) -> None:
    response = await walk.desk.get("/v1/desk/queue", params={"limit": 200})
    assert response.status_code == 200, response.text
    (shown,) = [one for one in response.json()["cases"] if one["case_id"] == case_id]
    assert shown["summoned"] == "executive"
    assert "its ladder has pushed it ahead" in shown["place_why"]
    assert shown["to_do"] == "decide"


async def _an_incident_is_open(walk: Walk, case_id: str) -> None:
    async def opened() -> Json | None:
        response = await walk.desk.get("/v1/desk/incidents")
        assert response.status_code == 200, response.text
        found = [one for one in response.json()["incidents"] if one["case_id"] == case_id]
        return next((one for one in found if one["clock"] == CLOCK), None)

    incident = await until(opened, what="an incident of the statutory clock")
    assert incident["legal_effect"] == "deemed_accepted"
    assert incident["root_cause"] is None


async def _there_is_no_decision(walk: Walk, case_id: str) -> None:
    async def lapse_shown() -> Json | None:
        case = await walk.outside.case(case_id)
        kinds = [each["kind"] for each in case["sla"]["milestones"] if each["clock"] == CLOCK]
        return case if "lapsed" in kinds else None

    case = await until(lapse_shown, what="the lapse among the milestones")
    assert case["decision"] is None
    assert case["referral"] is not None
    assert case["status"] in {"in_review", "delayed"}
    assert "decided" not in [entry["event"] for entry in case["timeline"]]
    # The date that the warning told is a promise, with a warning of its own about this time.
    notices = Counter(mail["notice"] for mail in await walk.outside.mails(case_id))
    assert set(notices) == {"delayed", "in_review", "receipt"}
    assert notices["delayed"] <= 2


async def test_a_case_that_was_decided_on_day_two_hears_no_more_of_the_clock(walk: Walk) -> None:
    case_id, received = await walk.waiting()
    other, _ = await walk.waiting()
    await walk.climbed(case_id, "received")
    await walk.to(received + timedelta(days=2))
    await _decide_as_proposed(walk.desk, case_id)
    decided = await _decision(walk.outside, case_id)

    # The other case came later: what were due of this one would have fired before its lapse.
    await walk.to(_deadline(received) + timedelta(days=1))
    await walk.climbed(other, "lapse")
    assert await walk.rungs(case_id) == ["received"]
    assert {told["kind"] for told in walk.heard[case_id]} == {"nudged"}
    case = await walk.outside.case(case_id)
    assert case["status"] == "decided"
    assert case["decision"] == decided


async def _decision(outside: Outside, case_id: str) -> Json:
    async def look() -> Json | None:
        decision: Json | None = (await outside.case(case_id))["decision"]
        return decision

    return await until(look, what="a decision")


async def _decide_as_proposed(desk: httpx.AsyncClient, case_id: str) -> None:
    path = f"/v1/desk/cases/{case_id}"
    shown = (await desk.get(path)).raise_for_status().json()
    taken = await desk.post(f"{path}/take", json={"version": shown["version"]})
    assert taken.status_code == 200, taken.text
    proposal = shown["proposal"]
    body = {
        "version": taken.json()["version"],
        "disposition": proposal["disposition"],
        "remedies": [
            {"kind": each["kind"], "money": each["money"]} for each in proposal["remedies"]
        ],
        "reasons": ["seen"],
    }
    decided = await desk.post(f"{path}/decide", json=body)
    assert decided.status_code == 200, decided.text
