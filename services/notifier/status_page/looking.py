"""What a customer looks at: the case, its news as they come, the documents that they added."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from services.notifier.status_page import documents, store
from services.notifier.status_page.gate import Gate
from services.notifier.status_page.links import Good
from services.notifier.status_page.pages import HEADERS, language
from services.notifier.status_page.uploads import ACCEPTED, LARGEST, MOST
from services.notifier.status_page.view import show
from services.notifier.status_page.watching import Watching
from shared import clock

LONGEST: Final = 20_000
"""Characters of a message, as intake takes it."""
MEGABYTE: Final = 1024 * 1024
_FORMS: Final = ("reply", "document", "person")


def attached(name: str, headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers under which a file of somebody else's is never shown as a page."""
    return {
        **headers,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with what was sent, and in which field."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Looking:
    """The routes that show; `writable`: the page takes something in, too."""

    gate: Gate
    watching: Watching
    writable: bool

    async def case(self, request: Request) -> Response:
        """Show the case."""
        link = self.gate.good(request, self.gate.looks)
        return link if isinstance(link, Response) else await self.page(request, link)

    async def page(
        self,
        request: Request,
        link: Good,
        problem: Problem | None = None,
        kept: str = "",
    ) -> Response:
        """Show the case; after a form that was wrong, with what is wrong and what was written."""
        gate = self.gate
        async with gate.pool.acquire() as connection:
            case = await store.find(connection, link.case_id)
        speak = language(request, case.reader.language)
        words = gate.pages.words(speak, case.reader.jurisdiction)
        said = request.query_params.get("said", "")
        return gate.pages.render(
            "case.html",
            speak,
            link.token,
            422 if problem else 200,
            page=show(case, link, words, clock.now()),
            said=None if problem else words.page.said.get(said),
            problem=problem,
            kept=kept,
            forms={name: gate.links.form(link.token) for name in _FORMS},
            writable=self.writable,
            longest=LONGEST,
            largest=LARGEST // MEGABYTE,
            most=MOST,
            accepted=ACCEPTED,
        )

    async def events(self, request: Request) -> Response:
        """Tell of news as they come."""
        link = self.gate.good(request, self.gate.looks)
        if isinstance(link, Response):
            return link
        if not self.watching.has_room(link.case_id):
            return Response(status_code=503, headers={**HEADERS, "Retry-After": "60"})
        return StreamingResponse(
            self.watching.stream(link.case_id),
            media_type="text/event-stream",
            headers={**HEADERS, "X-Accel-Buffering": "no"},
        )

    async def document(self, request: Request) -> Response:
        """Return a document to the customer who added it."""
        link = self.gate.good(request, self.gate.looks)
        if isinstance(link, Response):
            return link
        try:
            identity = UUID(request.path_params["document"])
        except ValueError:
            found = None
        else:
            async with self.gate.pool.acquire() as connection:
                found = await documents.document(connection, link.case_id, identity)
        if found is None:
            pages, speak = self.gate.pages, language(request)
            return pages.message(pages.texts(speak).unknown, speak, link.token, 404)
        headers = attached(found.name, HEADERS)
        return Response(found.data, media_type=found.media_type, headers=headers)
