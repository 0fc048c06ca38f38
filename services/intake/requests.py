"""What every route asks of a request: who calls, with what body, under which key."""

import asyncio
import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from opentelemetry import trace
from opentelemetry.trace import Tracer
from starlette.requests import ClientDisconnect, Request

from services.intake import problems
from services.intake.commit import GroupCommit
from services.intake.domain import Idempotency, fingerprint
from services.intake.flaws import Flaw
from services.intake.keys import Authenticate, Caller, Role
from services.intake.problems import ProblemError
from services.intake.settings import IntakeSettings
from services.intake.store import Messages
from shared import telemetry
from shared.postgres import Pool

BODY_LIMIT: Final = 256 * 1024
_DISCARD: Final = 2 * 1024 * 1024
_DISCARD_WITHIN: Final = 1.0
_READ_WITHIN: Final = 30.0

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


async def caller_of(intake: Intake, request: Request, *roles: Role) -> Caller:
    """Return who calls.

    Raises:
        ProblemError: nobody known (401), or none of these roles (403).

    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _unauthorized("Send an API key: Authorization: Bearer evh_….")
    caller = await _recognise(intake, token.strip())
    if caller is None:
        if token.startswith("eyJ") and token.count(".") == 2:  # noqa: PLR2004 - a JWT's three parts
            raise _unauthorized("Tokens of an identity provider are not accepted; use an API key.")
        raise _unauthorized("The API key is not known or was revoked.")
    if not caller.may(*roles):
        raise ProblemError(403, f"The key lacks the role {' or '.join(roles)}.")
    return caller


async def reader_of_docs(intake: Intake, request: Request) -> None:
    """Let anybody with a key read the documentation, in a browser as the password.

    Raises:
        ProblemError: no key (401).

    """
    if intake.settings.open_docs:
        return
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() == "basic":
        try:
            token = base64.b64decode(token, validate=True).decode().partition(":")[2]
        except (binascii.Error, ValueError):
            token = ""
    if not token or await _recognise(intake, token) is None:
        raise ProblemError(
            401,
            "Send an API key as bearer token, or as the password in a browser.",
            headers={"WWW-Authenticate": 'Basic realm="evenhand", charset="UTF-8"'},
        )


async def _recognise(intake: Intake, token: str) -> Caller | None:
    for authenticate in intake.authenticate:
        caller = await authenticate(token)
        if caller is not None:
            return caller
    return None


def _unauthorized(detail: str) -> ProblemError:
    return ProblemError(
        401,
        detail,
        (Flaw("Authorization", "is missing or not valid"),),
        {"WWW-Authenticate": 'Bearer realm="evenhand"'},
    )


def expect_type(request: Request, *allowed: str) -> None:
    """Refuse another kind of body than these, or a compressed one.

    Raises:
        ProblemError: 415, naming the header.

    """
    kind, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    charset = parameters.replace(" ", "").replace('"', "")
    if kind.strip() not in allowed or charset not in {"", "charset=utf-8", "charset=utf8"}:
        raise _unsupported("Content-Type", f"must be {' or '.join(allowed)}, in UTF-8")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise _unsupported("Content-Encoding", "is not supported; send the body uncompressed")


def _unsupported(header: str, what: str) -> ProblemError:
    return ProblemError(415, f"{header} {what}.", (Flaw(header, what),))


async def body_of(request: Request) -> bytes:
    """Read the body, and stop reading where it is too large, whatever its headers said.

    A little more is read than is allowed: most clients see the answer only when they have sent all.

    Raises:
        ProblemError: 413, 408 when it takes too long, or 400 when the client went away meanwhile.

    """
    length = request.headers.get("content-length", "")
    too_large = length.isdecimal() and int(length[:20]) > BODY_LIMIT
    body = bytearray()
    try:
        async with asyncio.timeout(_DISCARD_WITHIN if too_large else _READ_WITHIN) as patience:
            async for chunk in request.stream():
                body += chunk
                if len(body) > _DISCARD:
                    break
                if len(body) > BODY_LIMIT and not too_large:
                    too_large = True
                    patience.reschedule(asyncio.get_running_loop().time() + _DISCARD_WITHIN)
    except TimeoutError:
        if not too_large:
            raise ProblemError(408, "The body did not arrive in time.") from None
    except ClientDisconnect:
        raise ProblemError(400, "The body broke off.") from None
    if too_large:
        raise problems.too_large("text")
    return bytes(body)


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
