"""What callers are told: the receipt of a case, the refusal of one."""

from typing import Any, assert_never
from uuid import UUID

from services.intake.domain import Away, Broken, Conflict
from services.intake.requests import Intake
from shared.http import problems
from shared.http.flaws import Flaw
from shared.http.problems import ProblemError


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
            return conflict()
        case Away():
            return problems.away()
        case Broken():
            return problems.broken()
        case _:
            assert_never(outcome)


def conflict() -> ProblemError:
    """Return what answers a key that was used for another request."""
    flaw = Flaw("Idempotency-Key", "was used for another request; use a new key for a new one")
    return ProblemError(409, f"{flaw.field} {flaw.detail}.", (flaw,))
