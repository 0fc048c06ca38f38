"""What was decided is decided again byte for byte, or it is said why not."""

from datetime import timedelta
from pathlib import Path

import orjson

from services.decision.deliberation import body_of
from services.decision.merits.decide import decide
from services.decision.merits.known import History, Known
from shared.events.case import Category, Facts
from shared.events.tags import Fault, Flag, Tone
from shared.postgres import Pool
from tests.integration.decision.conftest import Run
from tests.integration.decision.stored_slips import answered, enact, slip, stricter
from tests.integration.decision_parts import NOW, POLICY, classified
from tests.integration.decision_service import Service


async def test_deciding_again_gives_the_same_bytes(pool: Pool, run: Run) -> None:
    await enact(pool)
    case = slip()
    await answered(pool, case, Known(history=History(times=1)))
    done = await run("case", "explain", str(case.case_id), "--replay")
    assert done.exit_code == 0, done.stderr
    assert "the same, byte for byte" in done.stdout


async def test_another_answer_than_the_stored_one_is_found_and_exits_1(
    pool: Pool, run: Run
) -> None:
    await enact(pool)
    case = slip()
    worse = body_of(decide(slip(tone=Tone.ABUSIVE), Known(), POLICY), Known(), POLICY.hash)
    position = await answered(pool, case, body=worse)
    done = await run("case", "explain", str(case.case_id), "--replay", "--json")
    assert done.exit_code == 1
    assert orjson.loads(done.stdout)["entries"][0]["replayed"] == "different"
    assert f"#{position}" in done.stderr


async def test_what_cannot_be_decided_again_exits_1_and_says_why(pool: Pool, run: Run) -> None:
    case = slip()
    await answered(pool, case)
    done = await run("case", "explain", str(case.case_id), "--replay")
    assert (done.exit_code, "policy is not known" in done.stderr) == (1, True)
    await enact(pool)
    await pool.execute("UPDATE decision_log SET inputs = NULL")
    done = await run("case", "explain", str(case.case_id), "--replay")
    assert (done.exit_code, "inputs were erased" in done.stderr) == (1, True)
    assert "inputs           erased" in done.stdout


async def test_a_policy_that_is_no_longer_active_still_decides_its_own_cases(
    pool: Pool, run: Run, tmp_path: Path
) -> None:
    await enact(pool)
    case = slip()
    await answered(pool, case)
    await pool.execute("UPDATE policies SET active = false")
    await enact(pool, stricter(tmp_path))
    assert (await run("case", "explain", str(case.case_id), "--replay")).exit_code == 0


async def test_what_the_service_decided_is_decided_again_alike(pool: Pool, run: Run) -> None:
    await enact(pool)
    service = Service(pool)
    slips = [classified(received_at=NOW + timedelta(days=day)) for day in range(3)]
    accused = classified(customer="C-2", category=Category.FEE_DISPUTE, fault=Fault.COMPANY)
    unsure = classified(customer="C-3", fault=Fault.UNCLEAR, facts=Facts())
    frail = classified(customer="C-4", flags=(Flag.VULNERABLE,), tone=Tone.ABUSIVE)
    cases = [*slips, accused, unsure, frail]
    await service.take(*cases)
    await service.take(classified(slips[0].case_id, sequence=1, tone=Tone.RUDE))
    outcomes: set[str] = set()
    for case in cases:
        done = await run("case", "explain", str(case.case_id), "--replay", "--json")
        assert done.exit_code == 0, done.stderr
        entries = orjson.loads(done.stdout)["entries"]
        outcomes |= {entry["body"].get("outcome") for entry in entries}
        assert (await run("case", "explain", str(case.case_id))).exit_code == 0
    assert {"decided", "referred", "asked"} <= outcomes
