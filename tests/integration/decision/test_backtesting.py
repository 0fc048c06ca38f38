"""Stored cases are decided by a candidate policy, and what would change is listed."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson

from services.decision.deliberation import body_of
from services.decision.merits.decide import decide
from services.decision.merits.known import History, Known
from shared.postgres import Pool
from tests.integration.decision.conftest import Run
from tests.integration.decision.stored_slips import answered, slip, stricter
from tests.integration.decision_parts import NOW, classified
from tests.integration.decision_service import Service


async def simulated(run: Run, folder: Path, *words: str) -> dict[str, Any]:
    """Return what the candidate in a folder would change in the stored cases."""
    candidate = ("--candidate", str(folder / "candidate"))
    done = await run("policy", "simulate", *candidate, "--stored", *words, "--json")
    told: dict[str, Any] = orjson.loads(done.stdout)
    return told


async def test_stored_cases_are_backtested_with_the_goodwill_of_the_simulation(
    pool: Pool, run: Run, tmp_path: Path
) -> None:
    stricter(tmp_path)
    for week in range(3):
        await answered(pool, slip(received_at=NOW + timedelta(weeks=week)))
    told = await simulated(run, tmp_path)
    assert (told["cases"], told["changed"], told["worse"]) == (3, 1, 1)
    assert told["by_change"] == [{"from": "goodwill", "to": "declined", "cases": 1}]
    assert told["movers"][0]["customer_id"] == "C-1"


async def test_goodwill_of_cases_beyond_the_limit_counts_as_past(
    pool: Pool, run: Run, tmp_path: Path
) -> None:
    stricter(tmp_path)
    for week in range(2):
        await answered(pool, slip(received_at=NOW + timedelta(weeks=week)))
    told = await simulated(run, tmp_path, "--limit", "1")
    assert (told["cases"], told["changed"]) == (1, 1)


async def test_the_shadow_report_lists_what_the_candidate_would_change(
    pool: Pool, run: Run, tmp_path: Path
) -> None:
    candidate = stricter(tmp_path)
    known = Known(history=History(times=1))
    case = slip()
    position = await answered(pool, case, known)
    other = body_of(decide(case, known, candidate), known, candidate.hash)
    await pool.execute(
        "INSERT INTO shadow (position, case_id, candidate, differs, outcome, at)"
        " VALUES ($1, $2, $3, true, $4, $5)",
        position,
        case.case_id,
        candidate.hash,
        other,
        NOW,
    )
    summary, listed = map(
        orjson.loads, (await run("policy", "shadow", "--json")).stdout.splitlines()
    )
    assert summary == {"candidate": candidate.hash, "cases": 1, "differs": 1}
    assert (listed["case_id"], listed["from"], listed["to"]) == (
        str(case.case_id),
        "goodwill",
        "declined",
    )
    assert "would change" in (await run("policy", "shadow")).stdout
    nothing = await run("policy", "shadow", "--candidate", "sha256:none", "--json")
    assert len(nothing.stdout.splitlines()) == 1


async def test_what_the_service_decided_is_backtested(pool: Pool, run: Run, tmp_path: Path) -> None:
    stricter(tmp_path)
    slips = [classified(received_at=NOW + timedelta(days=day)) for day in range(3)]
    await Service(pool).take(*slips)
    told = await simulated(run, tmp_path)
    assert (told["cases"], told["changed"], told["worse"]) == (3, 1, 1)
