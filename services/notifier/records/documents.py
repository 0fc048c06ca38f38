"""HTTP for the bank's people: the documents that customers added to a case.

Invariant: who asks has a key of role `staff` or `auditor`; who fetches a document is written down
with it before its first byte, and what is fetched is never shown as a page.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from services.notifier.records import store
from services.notifier.status_page import documents
from services.notifier.status_page.documents import Listed
from services.notifier.status_page.looking import attached
from services.notifier.status_page.pages import HEADERS
from shared.http import problems
from shared.http.answers import answer
from shared.http.requests import caller_of
from shared.keys import Authenticate, NotifierRole
from shared.postgres import Pool

_log = logging.getLogger(__name__)

_READERS: Final[tuple[NotifierRole, ...]] = ("staff", "auditor")
_CONNECT: Final = 3.0


@dataclass(frozen=True, slots=True)
class CaseDocuments:
    """The routes, with what they need."""

    pool: Pool
    keys: Sequence[Authenticate]

    def routes(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(tags=["documents"])
        path = "/v1/cases/{case_id}/documents"
        router.add_api_route(path, self.of_case, methods=["GET"], response_class=Response)
        router.add_api_route(
            f"{path}/{{document_id}}", self.fetch, methods=["GET"], response_class=Response
        )
        return router

    async def of_case(self, case_id: str, request: Request) -> Response:
        """List the documents of a case, each with who fetched it and when."""
        await caller_of(self.keys, request, *_READERS)
        identity = _id_of(case_id, "case")
        async with self.pool.acquire(timeout=_CONNECT) as connection:
            found = await documents.listed(connection, identity)
            if not found and await store.recipient(connection, identity) is None:
                raise problems.not_found("case")
        return answer({"case_id": str(identity), "documents": [_json(one) for one in found]})

    async def fetch(self, case_id: str, document_id: str, request: Request) -> Response:
        """Return what a document holds; the fetch is written down with the caller's name."""
        caller = await caller_of(self.keys, request, *_READERS)
        case, identity = _id_of(case_id, "case"), _id_of(document_id, "document")
        async with self.pool.acquire(timeout=_CONNECT) as connection:
            found = await documents.fetch(connection, case, identity, caller.subject)
        if found is None:
            raise problems.not_found("document")
        _log.info("document %s is fetched", found.id)
        headers = attached(found.name, HEADERS)
        headers |= {"Content-Length": str(found.size), "ETag": f'"{found.sha256.hex()}"'}
        pieces = documents.content(self.pool, found)
        return StreamingResponse(pieces, media_type=found.media_type, headers=headers)


def _json(found: Listed) -> dict[str, Any]:
    return {
        "document_id": str(found.id),
        "name": found.name,
        "media_type": found.media_type,
        "size": found.size,
        "sha256": found.sha256.hex(),
        "added_at": found.added_at.isoformat(),
        "state": found.state,
        "finding": found.finding,
        "fetched": [{"by": by, "at": at.isoformat()} for by, at in found.fetched],
    }


def _id_of(text: str, what: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise problems.not_found(what) from None
