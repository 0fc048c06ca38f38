"""Refusals over HTTP: RFC 9457 problem details that name the field and say what to do."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from starlette.responses import Response

from shared.http.flaws import Flaw, Invalid, Unreadable

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER: Final = 2


class ProblemError(Exception):
    """Ends a request with a problem; raised by routes, never by the domain."""

    def __init__(
        self,
        status: int,
        detail: str,
        flaws: Sequence[Flaw] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.flaws = flaws
        self.headers = dict(headers or {})

    def document(self) -> dict[str, Any]:
        """Return the problem as RFC 9457 writes it."""
        document: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.flaws:
            document["errors"] = [
                {"field": flaw.field, "detail": flaw.detail} for flaw in self.flaws
            ]
        return document

    def response(self) -> Response:
        """Return the problem as an answer."""
        return Response(
            json.dumps(self.document()),
            status_code=self.status,
            media_type=MEDIA_TYPE,
            headers=self.headers,
        )


def of_body(refusal: Unreadable | Invalid) -> ProblemError:
    """Return what answers a body that was refused."""
    if isinstance(refusal, Unreadable):
        return ProblemError(400, f"{refusal.flaw.field} {refusal.flaw.detail}.", (refusal.flaw,))
    return invalid(*refusal.flaws)


def invalid(*flaws: Flaw) -> ProblemError:
    """Return what answers fields that are wrong; the detail names them all."""
    told = "; ".join(f"{flaw.field} {flaw.detail}" for flaw in flaws)
    return ProblemError(422, f"{told}.", flaws)


def too_large(what: str) -> ProblemError:
    """Return what answers a body (or line) over the limit; the connection is not used again."""
    flaw = Flaw("body", f"is larger than 256 KiB; shorten the {what}")
    return ProblemError(413, f"body {flaw.detail}.", (flaw,), {"Connection": "close"})


def not_found(what: str) -> ProblemError:
    """Return what answers an address that leads nowhere."""
    return ProblemError(404, f"There is no such {what}.")


def away() -> ProblemError:
    """Return what answers while the database is away or too much is waiting for it."""
    return ProblemError(
        503,
        "The request could not be stored now; repeat it (with the same Idempotency-Key, if any).",
        headers={"Retry-After": str(RETRY_AFTER)},
    )


def broken() -> ProblemError:
    """Return what answers an error of ours."""
    return ProblemError(
        500,
        "Something went wrong here; repeat the request (with the same Idempotency-Key, if any).",
    )
