"""Loads what was thought of cases before: how they stand, their inputs, the answer that stands."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from services.decision import deliberation, store
from services.decision.dossier import Dossier
from services.decision.store import Standing
from shared.events.catalogue import CaseClassified
from shared.postgres import Connection

_ENTRIES = "SELECT position, kind, body, inputs FROM decision_log WHERE position = ANY($1)"


async def dossiers(tx: Connection, cases: Sequence[UUID]) -> dict[UUID, Dossier]:
    """Lock these cases and return what is known of them; one that is new is not in the result."""
    standing = await store.standing(tx, cases)
    if not standing:
        return {}
    wanted = {
        position
        for row in standing.values()
        for position in (row.thought_position, row.decided_position)
        if position is not None
    }
    entries = {
        row["position"]: (row["kind"], row["body"], row["inputs"])
        for row in await tx.fetch(_ENTRIES, wanted)
    }
    return {case_id: _dossier(row, entries) for case_id, row in standing.items()}


def _dossier(row: Standing, entries: dict[int, tuple[str, str, str | None]]) -> Dossier:
    if row.thought_position is None:
        raise ValueError(f"case {row.case_id} was never thought of")
    _, body, inputs = entries[row.thought_position]
    decision, spent = None, Decimal(0)
    if row.decided_position is not None and row.decided_by == "policy":
        stands = deliberation.read(entries[row.decided_position][1])
        decision, spent = stands.decision, stands.granted
    return Dossier(
        row,
        None if inputs is None else CaseClassified.model_validate_json(inputs),
        deliberation.read(body),
        decision,
        spent,
    )
