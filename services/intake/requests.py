"""What every route asks of a request: who calls, with what body, under which key."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from opentelemetry import trace
from opentelemetry.trace import Tracer
from starlette.requests import Request

from services.intake.commit import GroupCommit
from services.intake.domain import Idempotency, fingerprint
from services.intake.settings import IntakeSettings
from services.intake.store import Messages
from shared import telemetry
from shared.http import problems, requests
from shared.http.flaws import Flaw
from shared.keys import Authenticate, Caller, IntakeRole
from shared.postgres import Pool

_KEY: Final = re.compile(r"[!-~]{1,255}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Intake:
    """What the routes work with."""

    settings: IntakeSettings
    pool: Pool
    tracer: Tracer
    commits: GroupCommit
    messages: Messages
    authenticate: Sequence[Authenticate]

    def status_url(self, case_id: UUID) -> str:
        """Return where the case can be read."""
        return f"{self.settings.base_url}/v1/cases/{case_id}"


async def caller_of(intake: Intake, request: Request, *roles: IntakeRole) -> Caller:
    """Return who calls.

    Raises:
        ProblemError: nobody known (401), or none of these roles (403).

    """
    return await requests.caller_of(intake.authenticate, request, *roles)


def key_of(request: Request) -> str | None:
    """Return the Idempotency-Key.

    Raises:
        ProblemError: 422, it is not 1 to 255 visible ASCII characters.

    """
    keys = request.headers.getlist("idempotency-key")
    if not keys:
        return None
    if len(keys) > 1 or not _KEY.fullmatch(keys[0]):
        raise problems.invalid(
            Flaw("Idempotency-Key", "must be one of 1 to 255 visible ASCII characters")
        )
    return keys[0]


def idempotency_of(
    key: str | None,
    caller: Caller,
    purpose: str,
    value: Any,  # noqa: ANN401 - JSON is any value
) -> Idempotency | None:
    """Return the key with what it was used for; it belongs to the key's owner alone."""
    if key is None:
        return None
    return Idempotency(caller.subject, key, fingerprint(purpose, value))


def case_id_of(text: str) -> UUID:
    """Read the id in an address.

    Raises:
        ProblemError: 404, no case can have this id.

    """
    try:
        return UUID(text)
    except ValueError:
        raise problems.not_found("case") from None


def note_case(case_id: UUID) -> None:
    """Put the case on the request's span."""
    trace.get_current_span().set_attribute(telemetry.CASE, str(case_id))
