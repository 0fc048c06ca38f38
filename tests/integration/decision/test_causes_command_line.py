"""`evenhand desk`: causes that the service noted are listed, confirmed, swept and removed."""

from decimal import Decimal
from pathlib import Path

import orjson

from services.decision.causes.store import note
from services.decision.causes.suggest import Suggested
from shared.events.case import Category
from shared.events.tags import Fault
from shared.postgres import Pool
from tests.integration.decision.conftest import Run
from tests.integration.decision.stored_slips import answered, slip
from tests.integration.decision_parts import NOW, classified
from tests.integration.decision_service import Service


async def test_the_service_notes_the_cause_of_a_company_fault(pool: Pool, run: Run) -> None:
    faults = [
        classified(customer=f"C-{n}", category=Category.FEE_DISPUTE, fault=Fault.COMPANY)
        for n in range(2)
    ]
    await Service(pool).take(*faults, classified(customer="C-slip"))
    (cause,) = map(orjson.loads, (await run("desk", "causes", "--json")).stdout.splitlines())
    assert (cause["key"], cause["cases"], cause["repeated"]) == ("wrong_fee:fee_dispute", 2, True)
    assert cause["cost_eur"] == "25.00"


async def test_causes_are_listed_confirmed_swept_and_removed_from_the_command_line(
    pool: Pool, run: Run, tmp_path: Path
) -> None:
    case = slip(customer="C-known")
    await answered(pool, case)
    key = "malfunction:INC/1"
    async with pool.acquire() as connection, connection.transaction():
        await note(
            connection,
            [Suggested(case.case_id, key, "C-known", NOW, Decimal(5), "entitlement.malfunction")],
        )
    named = tmp_path / "customers.txt"
    named.write_text("C-silent\n\nC-other\n", encoding="utf-8")
    steps = (
        ("confirm-cause", key, "--owner", "cards.it"),
        ("affected", key, "--from", str(named)),
        ("redressed", key, "C-other"),
    )
    for words in steps:
        done = await run("desk", *words, role="clerk")
        assert done.exit_code == 0, done.exception
    swept = orjson.loads((await run("desk", "sweep", key, "--json")).stdout)
    assert [one["customer_id"] for one in swept["silent"]] == ["C-silent"]
    assert "Affected, never complained" in (await run("desk", "sweep", key)).stdout
    removed = await run("desk", "remove-cause", key, "--note", "Replaced", role="clerk")
    assert "removed  owner cards.it" in removed.stdout
    assert key in (await run("desk", "causes", "--state", "removed")).stdout
    assert (await run("desk", "causes", "--state", "confirmed")).stdout == "No causes.\n"
    assert (await run("desk", "affected", key, role="clerk")).exit_code == 2
