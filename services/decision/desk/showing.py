"""A case as a person sees it before they decide: what was said, what is known, what may be done.

Abusive passages are covered until the person chooses to see them, and that choice is logged.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from services.decision import deliberation, log
from services.decision.clock.load import Packs
from services.decision.desk import approving, table, taking_back
from services.decision.desk.cases import decision_of
from services.decision.desk.masking import masked
from services.decision.desk.reasons import sentence
from services.decision.log import Entry
from services.decision.merits.answers import Answer
from services.decision.merits.decide import decide
from services.decision.merits.outcome import Outcome, Referred
from services.decision.policy.model import Policy, Severity, Situation
from services.decision.store import Standing
from shared import clock
from shared.events.catalogue import CaseClassified, Queue
from shared.http import problems
from shared.postgres import Connection

_ROW = """
SELECT case_id, customer_id, state, sequence, received_at, goodwill_eur, revision, version, waiting,
       queue, reason, CASE WHEN taken_until > now() THEN assignee END AS assignee,
       referred_at, answer_due_at, decided_by, decided_at, decided_position, thought_position, cause
  FROM cases WHERE case_id = $1
"""
_THOUGHT = "SELECT body, inputs FROM decision_log WHERE position = $1"
_MESSAGES = """
SELECT inputs FROM decision_log
 WHERE case_id = $1 AND kind = 'deliberated' AND inputs IS NOT NULL ORDER BY position
"""
_CLOCKS = "SELECT * FROM clocks WHERE case_id = $1 ORDER BY round, deadline, clock"
_HISTORY = """
SELECT position, kind, actor, at, CASE WHEN kind <> 'deliberated' THEN inputs END AS noted
  FROM decision_log WHERE case_id = $1 ORDER BY position DESC LIMIT 200
"""


async def show(
    connection: Connection,
    case_id: UUID,
    who: str,
    rules: tuple[Policy, Packs],
    *,
    show_text: bool,
) -> dict[str, Any]:
    """Return the whole case; with `show_text` uncovered, which is logged.

    Raises:
        ProblemError: 404, there is no such case.

    """
    policy, packs = rules
    found = await connection.fetchrow(_ROW, case_id)
    if found is None:
        raise problems.not_found("case")
    row = Standing(**{**found, "queue": Queue(found["queue"]) if found["queue"] else None})
    thought = await connection.fetchrow(_THOUGHT, row.thought_position)
    decision = await decision_of(connection, row)
    if show_text:
        entry = Entry(
            case_id, "text_shown", who, clock.now(), log.canonical({"version": row.version})
        )
        await log.append(connection, [entry])
    return {
        **_standing(row),
        **_matter(thought, policy, show_text=show_text),
        "messages": _messages(await connection.fetch(_MESSAGES, case_id), show_text=show_text),
        "decision": decision.model_dump(mode="json") if decision else None,
        "approvals": await approving.listed(connection, None, case_id),
        "ledger": await taking_back.listed(connection, None, case_id),
        "deadlines": [_deadline(each, packs) for each in await connection.fetch(_CLOCKS, case_id)],
        "history": [_entry(each) for each in await connection.fetch(_HISTORY, case_id)],
    }


def _standing(row: Standing) -> dict[str, Any]:
    to_do = "decide" if row.customer_waits else "see"
    return {
        "case_id": str(row.case_id),
        "customer_id": row.customer_id,
        "version": row.version,
        "state": row.state,
        "waiting": row.waiting,
        "to_do": to_do if row.waiting else None,
        "queue": row.queue,
        "reason": row.reason,
        "why": sentence(row.queue, row.reason) if row.waiting else None,
        "assignee": row.assignee,
        "received_at": row.received_at.isoformat(),
        "referred_at": row.referred_at.isoformat() if row.referred_at else None,
        "answer_due_at": row.answer_due_at.isoformat() if row.answer_due_at else None,
        "revision": row.revision if row.decided_position is not None else None,
        "cause": row.cause,
    }


def _deadline(row: asyncpg.Record, packs: Packs) -> dict[str, Any]:
    """Return a clock with the rule that sets it, and how sure we are of that rule."""
    pack = next((each for each in packs.packs if each.id == row["pack"]), None)
    instants = (
        "deadline",
        "decide_by",
        "extended_to",
        "cancelled_at",
        "withdrawn_at",
        "lapsed_at",
        "expected_by",
    )
    return {
        "clock": row["clock"],
        "kind": row["kind"],
        "role": row["role"],
        "pack_version": row["pack_version"],
        "calendar_version": row["calendar_version"],
        "source": pack.source if pack else None,
        "confidence": pack.confidence if pack else None,
        **{name: row[name].isoformat() if row[name] else None for name in instants},
        "late_arrival": row["late_arrival"],
        "summoned": row["summoned"],
        "legal_effect": row["legal_effect"],
        "letter_prepared": row["draft"] is not None,
    }


def _matter(thought: asyncpg.Record | None, policy: Policy, *, show_text: bool) -> dict[str, Any]:
    if thought is None or thought["inputs"] is None:
        return {"text": None, "erased": True}
    case = CaseClassified.model_validate_json(thought["inputs"])
    known = deliberation.read(thought["body"]).known
    outcome = decide(case, known, policy)
    covered = masked(case.text, case.tags)
    return {
        "text": case.text if show_text else covered,
        "masked": covered != case.text and not show_text,
        "erased": False,
        "channel": case.channel,
        "category": case.category,
        "product": case.product,
        "language": case.language,
        "jurisdiction": case.jurisdiction,
        "claim": case.claim.model_dump(mode="json") if case.claim else None,
        "facts": case.facts.model_dump(mode="json", exclude_none=True),
        "tags": case.tags.model_dump(mode="json"),
        "known": known.model_dump(mode="json"),
        "detail": list(outcome.detail) if isinstance(outcome, Referred) else [],
        **_proposal(case, outcome, policy),
    }


def _messages(rows: Sequence[asyncpg.Record], *, show_text: bool) -> list[dict[str, Any]]:
    """Return every message of the case, each once; each deliberation holds its newest."""
    found = {}
    for row in rows:
        case = CaseClassified.model_validate_json(row["inputs"])
        covered = masked(case.text, case.tags)
        found[case.sequence] = {
            "sequence": case.sequence,
            "channel": case.channel,
            "text": case.text if show_text else covered,
            "masked": covered != case.text and not show_text,
        }
    return [found[sequence] for sequence in sorted(found)]


def _proposal(case: CaseClassified, outcome: Outcome, policy: Policy) -> dict[str, Any]:
    answer = deliberation.answer_of(outcome)
    situation = answer.situation if answer else Situation.UNCLEAR
    severity = answer.severity if answer else Severity.SLIGHT
    return {
        "proposal": _answer(answer) if answer else None,
        "choices": table.row_of(case, situation, severity, policy).shown(),
    }


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        **answer.decision.model_dump(mode="json"),
        "situation": answer.situation,
        "severity": answer.severity,
        "cost_eur": None if answer.cost is None else str(answer.cost),
        "doubt": answer.doubt,
        "scales": None
        if answer.scales is None
        else {
            "expected_loss_eur": str(answer.scales.expected_loss),
            "cost_of_checking_eur": str(answer.scales.cost_of_checking),
        },
    }


def _entry(row: asyncpg.Record) -> dict[str, Any]:
    noted = orjson.loads(row["noted"]) if row["noted"] else {}
    return {
        "position": row["position"],
        "kind": row["kind"],
        "actor": row["actor"],
        "at": row["at"].isoformat(),
        "note": noted.get("note"),
    }
