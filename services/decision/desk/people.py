"""Who stands at the desk: people by the certificate they hold, and who may only read.

`admin` and `auditor` read everything and decide nothing: an act on a case needs a certificate.
"""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from services.decision.desk.parts import Desk
from services.decision.policy.model import Role
from shared.http import requests
from shared.http.problems import ProblemError
from shared.keys import Caller

LADDER: Final = (Role.CLERK, Role.SENIOR, Role.HEAD, Role.EXECUTIVE)
"""Roles by what they may grant, least first."""

_RESERVED: Final = frozenset({"policy", "bank", "clock", "operator"})


@dataclass(frozen=True, slots=True)
class Person:
    """A person who acts: their opaque id, and the highest certificate that their key holds."""

    id: str
    role: Role


async def reader_of(desk: Desk, request: Request) -> Caller:
    """Return who reads.

    Raises:
        ProblemError: nobody known (401), or no role of the desk (403).

    """
    return await requests.caller_of(
        desk.authenticate, request, "clerk", "senior", "head", "executive", "auditor"
    )


async def reviewer_of(desk: Desk, request: Request) -> Caller:
    """Return who looks at samples: whoever may, but the one whose certificate is the smallest.

    Raises:
        ProblemError: nobody known (401), or none of these roles (403).

    """
    return await requests.caller_of(
        desk.authenticate, request, "senior", "head", "executive", "auditor"
    )


async def person_of(desk: Desk, request: Request) -> Person:
    """Return who acts.

    Raises:
        ProblemError: nobody known (401), or no certificate (403).

    """
    caller = await requests.caller_of(
        desk.authenticate, request, "clerk", "senior", "head", "executive", "auditor"
    )
    held = [role for role in LADDER if role in caller.roles]
    if not held:
        names = " or ".join(LADDER)
        raise ProblemError(403, f"This is for people with the role {names}; your key has it not.")
    if caller.subject in _RESERVED:
        raise ProblemError(403, f"A key named {caller.subject} is no person; make another.")
    return Person(caller.subject, held[-1])
