"""What callers are told: JSON, the receipt of a case, the refusal of one."""

import json
from typing import Any, assert_never
from uuid import UUID

from starlette.responses import Response

from services.intake import problems
from services.intake.domain import Away, Broken, Conflict
from services.intake.problems import ProblemError
from services.intake.requests import Intake


def answer(content: object, status: int = 200) -> Response:
    """Return JSON; whole numbers of any size stay whole."""
    return Response(
        json.dumps(content, ensure_ascii=False, separators=(",", ":")),
        status_code=status,
        media_type="application/json",
    )


def receipt(intake: Intake, case_id: UUID) -> dict[str, Any]:
    """Return what the sender of an accepted case is told."""
    return {
        "case_id": str(case_id),
        "status": "received",
        "status_url": intake.status_url(case_id),
    }


def refusal_of(outcome: Conflict | Away | Broken) -> ProblemError:
    """Return what the sender of a case that was not stored is told."""
    match outcome:
        case Conflict():
            return problems.conflict()
        case Away():
            return problems.away()
        case Broken():
            return problems.broken()
        case _:
            assert_never(outcome)
