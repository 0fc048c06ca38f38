"""Tells a case from the decision log: what was decided, by which rule and row, why, and by whom.

Invariant: nothing is explained from anything but the log and the policy that an entry names. What a
customer wrote is shown only where it was evidence, and not where it abuses somebody.
"""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

import asyncpg
import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from services.decision import deliberation
from services.decision.merits.decide import decide
from services.decision.policy import loading
from services.decision.policy.model import Policy, PolicyError
from shared.events.catalogue import CaseClassified
from shared.events.tags import Evidence, Pressure, Tone
from shared.http import problems
from shared.http.answers import answer
from shared.http.flaws import Flaw
from shared.http.requests import caller_of
from shared.keys import Authenticate, DeskRole
from shared.postgres import Connection, Pool

DELIBERATED: Final = "deliberated"
_READERS: Final[tuple[DeskRole, ...]] = ("clerk", "senior", "head", "executive", "auditor")
_MASK: Final = "•"
_CONNECT: Final = 3.0

_REPLAY: Final = {
    "name": "replay",
    "in": "query",
    "required": False,
    "description": "Decide it again by its own policy and compare the bytes.",
    "schema": {"type": "boolean"},
}

Replayed: TypeAlias = Literal["same", "different", "inputs_erased", "policy_unknown"]


@dataclass(frozen=True, slots=True)
class Explained:
    """One entry of the log, with the evidence that it rests on and whether it can be made again."""

    row: asyncpg.Record
    body: dict[str, Any]
    case: CaseClassified | None
    policy_version: str | None
    replayed: Replayed | None


_ENTRIES: Final = """
SELECT l.position, l.kind, l.actor, l.at, l.body, l.inputs, l.inputs_sha256, l.hash
  FROM decision_log l WHERE l.case_id = $1 ORDER BY l.position
"""
_POLICIES: Final = "SELECT hash, version, body FROM policies WHERE hash = ANY($1)"


async def explain(
    connection: Connection, case_id: UUID, *, replay: bool = False
) -> list[Explained]:
    """Return what the log holds of a case, oldest first; nothing where it knows none.

    `replay` decides each deliberation again, by its own policy on its own inputs.
    """
    rows = await connection.fetch(_ENTRIES, case_id)
    bodies = [orjson.loads(row["body"]) for row in rows]
    hashes = {policy for body in bodies if (policy := _policy_of(body)) is not None}
    kept = {row["hash"]: row for row in await connection.fetch(_POLICIES, list(hashes))}
    policies = _readable(kept) if replay else {}
    return [
        Explained(
            row,
            body,
            _case_of(row),
            kept[name]["version"] if (name := _policy_of(body)) in kept else None,
            _replay(row, body, policies) if replay and row["kind"] == DELIBERATED else None,
        )
        for row, body in zip(rows, bodies, strict=True)
    ]


def replay_of(body: str, inputs: str, policy: Policy) -> Replayed:
    """Decide again what an entry says was decided, and compare the bytes."""
    case = CaseClassified.model_validate_json(inputs)
    known = deliberation.read(body).known
    again = deliberation.body_of(decide(case, known, policy), known, policy.hash)
    return "same" if again == body else "different"


def entry_json(entry: Explained) -> dict[str, Any]:
    """Return an entry as it is shown: the customer's words only as evidence, without abuse."""
    row = entry.row
    shown: dict[str, Any] = {
        "position": row["position"],
        "kind": row["kind"],
        "actor": row["actor"],
        "at": row["at"].isoformat(),
        "hash": row["hash"].hex(),
        "policy_version": entry.policy_version,
        "body": entry.body,
    }
    if entry.case is not None:
        shown["inputs"] = entry.case.model_dump(mode="json", exclude={"text"})
        shown["evidence"] = evidence_json(entry.case)
    elif row["inputs_sha256"] is not None and row["inputs"] is None:
        shown["inputs_erased"] = True
    elif row["inputs"] is not None:
        shown["inputs"] = orjson.loads(row["inputs"])
    if entry.replayed is not None:
        shown["replayed"] = entry.replayed
    return shown


def evidence_json(case: CaseClassified) -> list[dict[str, Any]]:
    """Return the evidence behind the tags, each with its words; abuse and threats are masked."""
    hidden = _hidden(case)
    return [
        {**evidence.model_dump(mode="json"), "words": _words(case.text, evidence, hidden)}
        for evidence in case.tags.evidence
    ]


def routes(pool: Pool, authenticate: Sequence[Authenticate]) -> APIRouter:
    """Return the route that explains a case."""
    router = APIRouter(tags=["desk: cases"])

    async def explanation(case_id: str, request: Request) -> Response:
        """Explain a case from the decision log; `?replay=true` decides it again and compares."""
        await caller_of(authenticate, request, *_READERS)
        replay = _is_replay(request.query_params)
        try:
            identity = UUID(case_id)
        except ValueError:
            raise problems.not_found("case") from None
        async with pool.acquire(timeout=_CONNECT) as connection:
            entries = await explain(connection, identity, replay=replay)
        if not entries:
            raise problems.not_found("case")
        return answer(
            {"case_id": str(identity), "entries": [entry_json(entry) for entry in entries]}
        )

    router.add_api_route(
        "/v1/desk/cases/{case_id}/explanation",
        explanation,
        methods=["GET"],
        response_class=Response,
        openapi_extra={"security": [{"apiKey": []}], "parameters": [_REPLAY]},
    )
    return router


def _is_replay(query: Mapping[str, str]) -> bool:
    for name in query:
        if name != "replay":
            raise problems.invalid(Flaw(name[:80], "is not a parameter; known is replay"))
    asked = query.get("replay", "false")
    if asked not in {"true", "false"}:
        raise problems.invalid(Flaw("replay", "must be true or false"))
    return asked == "true"


def _readable(kept: Mapping[str, asyncpg.Record]) -> dict[str, Policy]:
    """Return the policies that this version of the service can still read."""
    found: dict[str, Policy] = {}
    for name, row in kept.items():
        with contextlib.suppress(PolicyError):
            found[name] = loading.load_body(row["body"])
    return found


def _policy_of(body: dict[str, Any]) -> str | None:
    """Return the hash of the policy that an entry was made by."""
    policy = body.get("policy")
    return policy if isinstance(policy, str) else None


def _case_of(row: asyncpg.Record) -> CaseClassified | None:
    if row["kind"] != DELIBERATED or row["inputs"] is None:
        return None
    return CaseClassified.model_validate_json(row["inputs"])


def _replay(row: asyncpg.Record, body: dict[str, Any], policies: Mapping[str, Policy]) -> Replayed:
    if row["inputs"] is None:
        return "inputs_erased"
    policy = policies.get(_policy_of(body) or "")
    return "policy_unknown" if policy is None else replay_of(row["body"], row["inputs"], policy)


def _hidden(case: CaseClassified) -> list[tuple[int, int]]:
    """Return the places that staff need not see to understand the case.

    Where it is not known which words abuse, none of them are shown.
    """
    bad = {("tone", Tone.ABUSIVE.value), ("pressure", Pressure.VIOLENCE.value)}
    places = [
        (evidence.start, evidence.end)
        for evidence in case.tags.evidence
        if (evidence.target, evidence.value) in bad
        and evidence.start is not None
        and evidence.end is not None
    ]
    abusive = case.tags.tone.value is Tone.ABUSIVE
    named = any(one.target == "tone" and one.value == Tone.ABUSIVE for one in case.tags.evidence)
    return [(0, len(case.text))] if abusive and not named else places


def _words(text: str, evidence: Evidence, hidden: Sequence[tuple[int, int]]) -> str | None:
    if evidence.start is None or evidence.end is None:
        return None
    start, end = evidence.start, evidence.end
    return "".join(
        _MASK if any(first <= place < last for first, last in hidden) else letter
        for place, letter in enumerate(text[start:end], start)
    )
