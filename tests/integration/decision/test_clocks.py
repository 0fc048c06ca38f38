"""The hop sets and stops clocks in the transaction that needs it; deadlines come from the packs."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from typing_extensions import override

from services.decision import app
from services.decision.clock.calendars import Calendar
from services.decision.clock.load import SHIPPED, PackError, Packs
from services.decision.clock.model import Pack
from services.decision.settings import DecisionSettings
from shared import outbox
from shared.events.case import Category, Facts
from shared.events.catalogue import CaseClassified, CaseReferred, Topic, VerificationRequested
from shared.events.envelope import event_id
from shared.events.tags import Fault, Flag
from shared.postgres import connect
from tests.integration.decision_parts import NOW, PACKS, Migrated, classified
from tests.integration.decision_service import Service, answer_to
from tests.integration.timing_service import Clocks

POLISH_DEADLINE = datetime(2026, 12, 20, 23, tzinfo=UTC)
"""Thirty calendar days after 20 November, to the end of the day in Warsaw."""


@pytest.fixture
async def service(database: Migrated) -> AsyncIterator[Service]:
    pool = await connect(database.url("decision"), schema="decision", connections=6)
    yield Service(pool)
    pool.terminate()


def _polish(case: CaseClassified) -> CaseClassified:
    return case.model_copy(update={"jurisdiction": "PL"})


def _claim(euros: str) -> CaseClassified:
    facts = Facts(terms_accepted=True)
    return _polish(classified(fault=Fault.UNCLEAR, claim=euros, facts=facts))


async def _running(service: Service) -> list[str]:
    rows = await service.pool.fetch(
        "SELECT clock FROM clocks WHERE cancelled_at IS NULL AND withdrawn_at IS NULL ORDER BY 1"
    )
    return [row["clock"] for row in rows]


async def test_a_case_that_waits_for_a_person_is_due_when_the_law_says(service: Service) -> None:
    case = _polish(classified(flags=(Flag.LEGAL,)))
    await service.take(case)
    (referral,) = await service.said(Topic.REFERRED)
    assert isinstance(referral, CaseReferred)
    assert referral.answer_due_at == POLISH_DEADLINE
    row = await service.pool.fetchrow("SELECT * FROM clocks WHERE clock = 'pl_complaints:0'")
    assert row is not None
    assert row["deadline"] == (await service.case(case.case_id))["answer_due_at"]
    assert (row["pack_version"], row["calendar"]) != ("", "")
    assert await _running(service) == ["internal:0", "pl_complaints:0"]
    assert await service.pool.fetchval("SELECT count(*) FROM timers") == 11


async def test_a_case_that_is_answered_at_once_never_has_a_clock(service: Service) -> None:
    await service.take(_polish(classified()))
    assert await service.pool.fetchval("SELECT count(*) FROM clocks") == 0


async def test_the_clock_runs_while_the_banks_systems_are_asked_and_stops_with_the_answer(
    service: Service,
) -> None:
    trusted, case = _claim("12.50"), _claim("95")
    await service.take(trusted)
    (first,) = await service.said(Topic.VERIFICATION_REQUESTED)
    assert isinstance(first, VerificationRequested)
    await service.take(answer_to(first, "contradicted"))
    await service.take(case)  # this customer was contradicted before: it is checked first
    assert (await service.case(case.case_id))["state"] == "verifying"
    assert "pl_complaints:0" in await _running(service)
    request = (await service.said(Topic.VERIFICATION_REQUESTED))[-1]
    assert isinstance(request, VerificationRequested)
    await service.take(answer_to(request, "verified"))
    assert (await service.case(case.case_id))["state"] == "decided"
    assert await _running(service) == []
    assert await service.pool.fetchval("SELECT count(*) FROM timers WHERE fired_at IS NULL") == 0


async def test_a_message_while_the_case_waits_sets_no_clock_anew(service: Service) -> None:
    case = _polish(classified(flags=(Flag.LEGAL,)))
    await service.take(case)
    before = await service.pool.fetch("SELECT * FROM clocks ORDER BY clock")
    later = classified(case.case_id, sequence=1, received_at=NOW + timedelta(days=3))
    await service.take(_polish(later))
    assert await service.pool.fetch("SELECT * FROM clocks ORDER BY clock") == before


async def test_who_writes_after_the_answer_has_the_whole_time_anew_from_when_they_wrote(
    service: Service,
) -> None:
    case = _polish(classified())
    await service.take(case)
    written_at = NOW - timedelta(days=5)  # it came late, by post
    await service.take(_polish(classified(case.case_id, sequence=1, received_at=written_at)))
    assert await _running(service) == ["internal:0#1", "pl_complaints:0#1"]
    row = await service.case(case.case_id)
    due = await service.pool.fetchval("SELECT deadline FROM clocks WHERE role = 'answer'")
    assert row["answer_due_at"] == due == POLISH_DEADLINE - timedelta(days=5)
    filed = _polish(classified(case.case_id, sequence=2, received_at=NOW))
    await service.take(filed.model_copy(update={"category": Category.CARD_PROBLEM}))
    starts = await service.pool.fetch("SELECT received_at FROM clocks WHERE round = 1")
    assert {row["received_at"] for row in starts} == {written_at}


def _taken(case: CaseClassified, accepted_at: datetime) -> CaseClassified:
    return _polish(case).model_copy(update={"accepted_at": accepted_at})


@pytest.mark.parametrize(
    ("answered", "names"),
    [
        (False, {"internal:0", "pl_complaints:0", "promise:0"}),
        (True, {"internal:0#1", "pl_complaints:0#1", "promise:0#1"}),
    ],
)
@pytest.mark.parametrize("days", [60, 1])
async def test_what_ran_out_while_a_message_lay_with_us_did_not_arrive_late(
    service: Service, days: int, names: set[str], *, answered: bool
) -> None:
    now: datetime = await service.pool.fetchval("SELECT now()")
    written, accepted = now - timedelta(days=60), now - timedelta(days=days)
    first = classified(received_at=written - timedelta(days=1))
    if answered:
        await service.take(_taken(first, first.received_at))
    promised = Facts(promised_by=written + timedelta(days=2))
    message = classified(
        first.case_id,
        sequence=1 if answered else 0,
        flags=(Flag.LEGAL,),
        facts=promised,
        received_at=written,
    )
    again = classified(first.case_id, sequence=2, facts=Facts(), received_at=now)
    # Both were taken long before they are handled, in one batch.
    await service.take(_taken(message, accepted), _taken(again, now - timedelta(hours=1)))
    rows = await service.pool.fetch("SELECT * FROM clocks")
    assert all(row["deadline"] < now for row in rows)
    assert {row["arrived_at"] for row in rows} == {accepted}
    is_late = days == 1
    assert {row["late_arrival"] for row in rows} == {is_late}
    # A date that had passed before anybody wrote is no promise that could be watched.
    assert {row["clock"] for row in rows} == {
        name for name in names if not (is_late and name.startswith("promise"))
    }


async def test_a_message_of_an_earlier_version_arrives_when_it_is_handled(
    service: Service,
) -> None:
    now: datetime = await service.pool.fetchval("SELECT now()")
    await service.take(
        _polish(classified(flags=(Flag.LEGAL,), received_at=now - timedelta(days=60)))
    )
    assert await service.pool.fetchval("SELECT bool_and(late_arrival) FROM clocks")


@dataclass(frozen=True)
class _Watched(Packs):
    """Packs that note for which of them an instant is worked out."""

    looked: list[str] = field(default_factory=list)

    @override
    def calendar(self, pack: Pack, jurisdiction: str | None) -> Calendar:
        self.looked.append(pack.id)
        return super().calendar(pack, jurisdiction)


async def test_a_case_that_comes_to_people_is_planned_once(service: Service) -> None:
    packs = _Watched(*(getattr(PACKS, each.name) for each in fields(PACKS)))
    service.deciding = replace(
        service.deciding, recorder=replace(service.deciding.recorder, packs=packs)
    )
    await service.take(_polish(classified(flags=(Flag.LEGAL,))))
    assert sorted(packs.looked) == ["internal", "pl_complaints", "promise"]
    answered = _polish(classified())
    await service.take(answered)
    packs.looked.clear()
    await service.take(_polish(classified(answered.case_id, sequence=1)))
    assert sorted(packs.looked) == ["internal", "pl_complaints", "promise"]


async def test_what_a_clock_tells_belongs_to_the_message_that_set_it_and_is_said_again_with_it(
    service: Service, database: Migrated
) -> None:
    case = _polish(classified(flags=(Flag.LEGAL,)))
    await service.take(case)
    message = event_id(str(case.case_id), Topic.CLASSIFIED, "0")
    clocks = Clocks(service.pool, database.admin)
    await clocks.at(POLISH_DEADLINE)
    await clocks.drain()
    told = await service.pool.fetch("SELECT * FROM outbox WHERE subject = $1", str(case.case_id))
    assert Topic.SLA in {row["topic"] for row in told}
    assert {row["cause_id"] for row in told} == {message}
    assert len({row["traceparent"].split("-")[1] for row in told}) == 1  # one trace for the case
    await service.pool.execute("DELETE FROM outbox_pending")  # all of it has been published
    async with service.pool.acquire() as connection, connection.transaction():
        await outbox.say_again(connection, [(message, 1)])
    again = await service.pool.fetchval("SELECT count(*) FROM outbox_pending")
    assert again == len(told) > 11


async def test_nothing_is_due_before_the_law_says_and_nobody_is_decided_by_it(
    service: Service, database: Migrated
) -> None:
    case = _polish(classified(flags=(Flag.LEGAL,)))
    await service.take(case)
    clocks = Clocks(service.pool, database.admin)
    before = await service.case(case.case_id)
    await clocks.at(POLISH_DEADLINE - timedelta(seconds=30))
    await clocks.drain()
    assert "lapse" not in await clocks.climbed(case.case_id)
    await clocks.at(POLISH_DEADLINE)
    await clocks.drain()
    assert (await clocks.climbed(case.case_id))[-1] == "lapse"
    assert await service.case(case.case_id) == before
    assert await service.said(Topic.DECIDED) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "because"),
    [
        (
            "calendars/pl.yaml",
            "country: PL",
            "country: PL\nyears: {2026: {closed: [2025-12-24]}}",
            "another year",
        ),
        ("ladders.yaml", "- {name: lapse, at: deadline, action: lapse}", "", "no final rung"),
    ],
)
async def test_packs_that_cannot_be_used_stop_the_service_at_its_start(  # noqa: PLR0913, PLR0917 - fixtures and a row of the table
    service: Service, tmp_path: Path, file: str, old: str, new: str, because: str
) -> None:
    folder = tmp_path / "packs"
    shutil.copytree(SHIPPED, folder)
    path = folder / file
    path.write_text(path.read_text().replace(old, new))
    settings = DecisionSettings(database_url=SecretStr("postgresql:///"), packs_dir=folder)
    with pytest.raises(PackError, match=because):
        await app.assemble(service.parts, settings)
