"""What every route asks of a request: who calls, with what body."""

import asyncio
from collections.abc import Sequence
from typing import Final

from starlette.requests import ClientDisconnect, Request

from shared.http import problems
from shared.http.flaws import Flaw
from shared.http.problems import ProblemError
from shared.keys import Authenticate, Caller, Role

BODY_LIMIT: Final = 256 * 1024
_DISCARD: Final = 2 * 1024 * 1024
_DISCARD_WITHIN: Final = 1.0
_READ_WITHIN: Final = 30.0


async def caller_of(authenticate: Sequence[Authenticate], request: Request, *roles: Role) -> Caller:
    """Return who calls.

    Raises:
        ProblemError: nobody known (401), or none of these roles (403).

    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _unauthorized("Send an API key: Authorization: Bearer evh_….")
    caller = await recognise(authenticate, token.strip())
    if caller is None:
        if token.startswith("eyJ") and token.count(".") == 2:  # noqa: PLR2004 - a JWT's three parts
            raise _unauthorized("Tokens of an identity provider are not accepted; use an API key.")
        raise _unauthorized("The API key is not known or was revoked.")
    if not caller.may(*roles):
        raise ProblemError(403, f"The key lacks the role {' or '.join(roles)}.")
    return caller


async def recognise(authenticate: Sequence[Authenticate], token: str) -> Caller | None:
    """Return whose token this is, or None."""
    for prove in authenticate:
        caller = await prove(token)
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
