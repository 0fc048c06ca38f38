"""Late payments with the policy's answers as the hop would have stored them."""

import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from services.decision.merits.known import Known
from services.decision.policy.loading import SHIPPED, load
from services.decision.policy.model import Policy
from shared.events.case import Facts
from shared.events.catalogue import CaseClassified
from shared.events.tags import Evidence, Tone
from shared.postgres import Pool
from tests.integration.decision_parts import NOW, POLICY, answer, classified, thought_of

TEXT = "You idiots, I paid two hours late."


def slip(
    *,
    customer: str = "C-1",
    tone: Tone = Tone.COURTEOUS,
    evidence: tuple[Evidence, ...] = (),
    received_at: datetime = NOW,
) -> CaseClassified:
    due_at = received_at - timedelta(days=2)
    case = classified(
        customer=customer,
        tone=tone,
        evidence=evidence,
        text=TEXT,
        facts=Facts(due_at=due_at, paid_at=due_at + timedelta(hours=2)),
        received_at=received_at,
    )
    return case.model_copy(update={"jurisdiction": "PL"})


async def enact(pool: Pool, policy: Policy = POLICY) -> None:
    await pool.execute(
        "INSERT INTO policies (hash, version, valid_from, body, active)"
        " VALUES ($1, $2, $3, $4, true)",
        policy.hash,
        policy.version,
        policy.valid_from,
        policy.body,
    )


async def answered(
    pool: Pool, case: CaseClassified, known: Known | None = None, body: str | None = None
) -> int:
    """Store a case as the policy answers it, or with another body; returns its position."""
    thought = thought_of(case, known=known)
    if body is not None:
        thought = replace(thought, body=body)
    return await answer(pool, case, thought, forgiven=Decimal("12.50"))


def stricter(folder: Path) -> Policy:
    """Write the shipped policy with one forgiven slip a year, and read it."""
    shutil.copytree(SHIPPED / "matrices", folder / "candidate" / "matrices")
    text = (SHIPPED / "policy.yaml").read_text(encoding="utf-8")
    changed = text.replace("  times: 2 ", "  times: 1 ")
    assert changed != text
    (folder / "candidate" / "policy.yaml").write_text(changed, encoding="utf-8")
    return load(folder / "candidate")
