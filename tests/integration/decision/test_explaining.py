"""What the log holds of a case is told to the people who may read it."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest

from services.decision import log
from services.decision.log import Entry
from services.decision.merits.known import History, Known
from shared.events.case import Category, Facts
from shared.events.tags import Evidence, Fault, FaultTag, Tone
from shared.keys import Role
from shared.postgres import Pool
from tests.integration.decision.conftest import Run
from tests.integration.decision.stored_slips import answered, enact, slip
from tests.integration.decision_parts import NOW, POLICY


async def _act(pool: Pool, case_id: UUID, kind: str, body: dict[str, Any]) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await log.append(connection, [Entry(case_id, kind, "anna", NOW, log.canonical(body))])


async def test_a_case_is_explained_with_rule_row_reason_policy_and_what_was_known(
    pool: Pool, run: Run
) -> None:
    await enact(pool)
    case = slip()
    await answered(pool, case, Known(history=History(times=1, euros=Decimal(20))))
    await _act(pool, case.case_id, "taken", {"version": 3})
    told = (await run("case", "explain", str(case.case_id))).stdout
    for part in (
        "deliberated by policy",
        "goodwill, basis goodwill",
        "goodwill.own_slip",
        "default/own_slip.missed_due_date",
        "own_slip_forgiven",
        "fee_waiver 12.50 EUR",
        "declined, basis contract: own_slip",
        f"{POLICY.version}  {POLICY.hash}",
        "times=1, euros=20",
        "fault=customer (0.90)",
        "taken by anna",
    ):
        assert part in told


async def test_both_numbers_of_trust_are_told(pool: Pool, run: Run) -> None:
    fault = FaultTag(value=Fault.COMPANY, confidence=0.9)
    case = slip()
    tags = case.tags.model_copy(update={"fault": fault})
    update = {"tags": tags, "facts": Facts(), "category": Category.FEE_DISPUTE}
    case = case.model_copy(update=update)
    await answered(pool, case)
    told = (await run("case", "explain", str(case.case_id))).stdout
    assert "expected loss 0.5" in told
    assert "cost of checking 4.5 EUR" in told
    assert "granted on trust" in told


async def test_evidence_is_quoted_and_abuse_is_not(pool: Pool, run: Run) -> None:
    abuse = Evidence(target="tone", value="abusive", source="list:insult", start=4, end=10)
    late = Evidence(target="fault", value="customer", source="rule:late", start=0, end=34)
    case = slip(tone=Tone.ABUSIVE, evidence=(abuse, late))
    await answered(pool, case)
    told = (await run("case", "explain", str(case.case_id), "--json")).stdout
    assert "idiots" not in told
    words = [one["words"] for one in orjson.loads(told)["entries"][0]["evidence"]]
    assert words == ["•" * 6, f"You {'•' * 6}, I paid two hours late."]


async def test_where_nothing_says_which_words_abuse_none_are_shown(pool: Pool, run: Run) -> None:
    late = Evidence(target="fault", value="customer", source="rule:late", start=11, end=33)
    case = slip(tone=Tone.ABUSIVE, evidence=(late,))
    await answered(pool, case)
    assert "hours" not in (await run("case", "explain", str(case.case_id))).stdout


@pytest.mark.parametrize("role", ["bank", "submit"])
async def test_only_the_desk_may_read_explanations(pool: Pool, run: Run, role: Role) -> None:
    case = slip()
    await answered(pool, case)
    done = await run("case", "explain", str(case.case_id), role=role)
    assert done.exit_code == 1
    assert str(done.exception).startswith(("401", "403"))


@pytest.mark.parametrize("case_id", ["nothing", "6bc7a637-7ebf-4785-a2e8-5c06f3ccb970"])
async def test_an_unknown_case_is_not_found(run: Run, case_id: str) -> None:
    assert "404" in str((await run("case", "explain", case_id)).exception)
