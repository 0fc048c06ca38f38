"""The status page over HTTP: one link, one case; every way of being wrong has its own plain page.

Invariants: without a good link nothing of any case is said, and whether one exists least of all; a
form does something only once, and only from the page that it was made for.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter
from opentelemetry import trace
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from services.notifier.domain import Language
from services.notifier.status_page import forms, store
from services.notifier.status_page.forms import Form, TooLargeError, UnreadableError
from services.notifier.status_page.links import Expired, Good, Links
from services.notifier.status_page.pace import Pace
from services.notifier.status_page.pages import HEADERS, Pages, language
from services.notifier.status_page.renewing import renew
from services.notifier.status_page.replies import Replies
from services.notifier.status_page.uploads import ACCEPTED, LARGEST, MOST, Document, Refusal, check
from services.notifier.status_page.view import show
from services.notifier.status_page.watching import Watching
from shared import clock, telemetry
from shared.events.envelope import event_id
from shared.postgres import Pool, is_transient

LONGEST: Final = 20_000
"""Characters of a message, as intake takes it."""
_MEGABYTE: Final = 1024 * 1024
_ACT_LIMIT: Final = 256 * 1024
_UPLOAD_LIMIT: Final = LARGEST + 64 * 1024
_UPLOADS_AT_ONCE: Final = 16
_OWN_SITE: Final = frozenset({"same-origin", "none"})

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with what was sent, and in which field."""

    field: str
    text: str


@dataclass(slots=True)
class StatusPage:
    """What the routes work with; without `replies` the page only shows."""

    links: Links
    pages: Pages
    pool: Pool
    watching: Watching
    replies: Replies | None
    looks: Pace = field(default_factory=lambda: Pace(60, 60, time.monotonic))
    acts: Pace = field(default_factory=lambda: Pace(10, 6, time.monotonic))
    uploads: int = 0

    def routes(self) -> APIRouter:
        """Return the routes of the page."""
        router = APIRouter()
        for path, method, endpoint in (
            ("/s/{token}", "GET", self._show),
            ("/s/{token}/events", "GET", self._events),
            ("/s/{token}/documents/{document}", "GET", self._document),
            ("/s/{token}/reply", "POST", self._reply),
            ("/s/{token}/person", "POST", self._person),
            ("/s/{token}/documents", "POST", self._upload),
            ("/s/{token}/new-link", "POST", self._renew),
        ):
            router.add_api_route(
                path, self._guarded(endpoint), methods=[method], response_class=Response
            )
        for asset in (self.pages.style, self.pages.script):
            router.add_api_route(asset.path, _answering(asset.response), response_class=Response)
        return router

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        """Answer with a page for people where the database is away or the form is not one."""

        async def guarded(request: Request) -> Response:
            token, speak = request.path_params["token"], language(request)
            texts = self.pages.texts(speak)
            try:
                return await endpoint(request)
            except TooLargeError:
                said, status = texts.too_large, 413
            except UnreadableError:
                said, status = texts.unreadable, 400
            except Exception as error:
                if not is_transient(error):
                    raise
                said, status = texts.away, 503
            return self.pages.message(said, speak, token, status, back=True)

        return guarded

    def _read(self, request: Request, pace: Pace) -> Good | Expired | Response:
        """Read the link; an answer where it leads nowhere, or was used too often."""
        token = request.path_params["token"]
        link = self.links.read(token, clock.now())
        speak = language(request)
        if link is None:
            return self.pages.message(self.pages.texts(speak).unknown, speak, "-", 404)
        trace.get_current_span().set_attribute(telemetry.CASE, str(link.case_id))
        if not pace.allows(link.case_id):
            answer = self.pages.message(self.pages.texts(speak).too_fast, speak, token, 429)
            answer.headers["Retry-After"] = str(1 + int(pace.wait(link.case_id)))
            return answer
        return link

    def _good(self, request: Request, pace: Pace) -> Good | Response:
        link = self._read(request, pace)
        return self._expired(request, link) if isinstance(link, Expired) else link

    def _expired(self, request: Request, link: Expired) -> Response:
        speak = language(request)
        texts = self.pages.texts(speak).expired
        form = self.links.form(link.token)
        return self.pages.message(texts, speak, link.token, 410, send=texts.send, form=form)

    async def _show(self, request: Request) -> Response:
        link = self._good(request, self.looks)
        return link if isinstance(link, Response) else await self._page(request, link)

    async def _page(
        self,
        request: Request,
        link: Good,
        problem: Problem | None = None,
        kept: str = "",
    ) -> Response:
        """Show the case; after a form that was wrong, with what is wrong and what was written."""
        async with self.pool.acquire() as connection:
            case = await store.find(connection, link.case_id)
        speak = language(request, case.reader.language)
        words = self.pages.words(speak, case.reader.jurisdiction)
        said = request.query_params.get("said", "")
        return self.pages.render(
            "case.html",
            speak,
            link.token,
            422 if problem else 200,
            page=show(case, link, words, clock.now()),
            said=None if problem else words.page.said.get(said),
            problem=problem,
            kept=kept,
            forms={name: self.links.form(link.token) for name in ("reply", "document", "person")},
            writable=self.replies is not None,
            longest=LONGEST,
            largest=LARGEST // _MEGABYTE,
            most=MOST,
            accepted=ACCEPTED,
        )

    async def _events(self, request: Request) -> Response:
        link = self._good(request, self.looks)
        if isinstance(link, Response):
            return link
        if not self.watching.has_room(link.case_id):
            return Response(status_code=503, headers={**HEADERS, "Retry-After": "60"})
        return StreamingResponse(
            self.watching.stream(link.case_id),
            media_type="text/event-stream",
            headers={**HEADERS, "X-Accel-Buffering": "no"},
        )

    async def _document(self, request: Request) -> Response:
        link = self._good(request, self.looks)
        if isinstance(link, Response):
            return link
        try:
            identity = UUID(request.path_params["document"])
        except ValueError:
            found = None
        else:
            async with self.pool.acquire() as connection:
                found = await store.document(connection, link.case_id, identity)
        if found is None:
            speak = language(request)
            return self.pages.message(self.pages.texts(speak).unknown, speak, link.token, 404)
        headers = {
            **HEADERS,
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        }
        return Response(found.data, media_type=found.media_type, headers=headers)

    async def _form(
        self, request: Request, link: Good | Expired, most: int
    ) -> tuple[Form, str] | Response:
        """Read a form and the name of its act; an answer where it is not from the link's page."""
        body = await forms.body_of(request, most)
        form = forms.read(request.headers.get("content-type", ""), body)
        act = self.links.act_of(link.token, form.fields.get("form", ""))
        site = request.headers.get("sec-fetch-site", "none")
        if act is None or site not in _OWN_SITE:
            speak = language(request)
            texts = self.pages.texts(speak).stale
            return self.pages.message(texts, speak, link.token, 403, back=True)
        return form, act

    async def _act(self, request: Request, most: int) -> tuple[Good, Form, str] | Response:
        link = self._good(request, self.acts)
        if isinstance(link, Response):
            return link
        if self.replies is None:
            raise UnreadableError("this page takes nothing in")
        read = await self._form(request, link, most)
        return read if isinstance(read, Response) else (link, *read)

    async def _reply(self, request: Request) -> Response:
        read = await self._act(request, _ACT_LIMIT)
        if isinstance(read, Response):
            return read
        link, form, act = read
        text = form.fields.get("text", "").replace("\r\n", "\n").replace("\0", "")
        texts = self.pages.texts(language(request)).reply
        if not text.strip():
            return await self._page(request, link, Problem("text", texts.blank))
        if len(text) > LONGEST:
            told = texts.too_long.format(most=f"{LONGEST:,}".replace(",", "\u00a0"))
            return await self._page(request, link, Problem("text", told), text)
        identity = event_id(str(link.case_id), "page", "reply", act)
        return await self._keep(request, link, identity, "reply", text)

    async def _person(self, request: Request) -> Response:
        read = await self._act(request, _ACT_LIMIT)
        if isinstance(read, Response):
            return read
        link, _, _ = read
        async with self.pool.acquire() as connection:
            revision = await store.revision(connection, link.case_id)
        # Once for each answer: a second click, in whatever window, asks for the same.
        identity = event_id(str(link.case_id), "page", "person", str(revision))
        text = self.pages.texts(language(request)).person.message
        return await self._keep(request, link, identity, "person", text)

    async def _keep(
        self, request: Request, link: Good, identity: UUID, kind: store.ReplyKind, text: str
    ) -> Response:
        async with self.pool.acquire() as connection:
            await store.write(connection, identity, link.case_id, kind, text)
        return self._done(request, link, kind)

    async def _upload(self, request: Request) -> Response:
        if self.uploads >= _UPLOADS_AT_ONCE:
            speak = language(request)
            return self.pages.message(self.pages.texts(speak).too_fast, speak, "-", 503)
        self.uploads += 1
        try:
            read = await self._act(request, _UPLOAD_LIMIT)
            if isinstance(read, Response):
                return read
            return await self._add(request, *read)
        finally:
            self.uploads -= 1

    async def _add(self, request: Request, link: Good, form: Form, act: str) -> Response:
        texts = self.pages.texts(language(request)).document
        sent = form.files.get("document")
        found = check(sent.name, sent.media_type, sent.data) if sent else Refusal.NONE
        if isinstance(found, Document):
            identity = event_id(str(link.case_id), "page", "document", act)
            said = texts.message.format(name=found.name)
            if await store.add_document(self.pool, identity, link.case_id, found, said):
                return self._done(request, link, "document")
            found = Refusal.TOO_MANY
        if found is Refusal.TOO_LARGE:
            told = texts.too_large.format(size=LARGEST // _MEGABYTE)
        else:
            told = texts.refusals[found]
        return await self._page(request, link, Problem("document", told))

    def _done(self, request: Request, link: Good, kind: store.ReplyKind) -> Response:
        """Lead back to the page, so that loading it again sends nothing again."""
        if self.replies is not None:
            self.replies.wake.set()
        chosen = request.query_params.get("lang", "")
        lang = f"&lang={chosen}" if chosen in set(Language) else ""
        return RedirectResponse(
            f"{self.pages.here(link.token)}?said={kind}{lang}", 303, headers=dict(HEADERS)
        )

    async def _renew(self, request: Request) -> Response:
        link = self._read(request, self.acts)
        if isinstance(link, Response):
            return link
        read = await self._form(request, link, _ACT_LIMIT)
        if isinstance(read, Response):
            return read
        speak = language(request)
        async with self.pool.acquire() as connection, connection.transaction():
            await renew(connection, link.case_id, clock.now(), speak)
        return self.pages.message(self.pages.texts(speak).sent, speak, link.token, 200)


def _answering(response: Callable[[], Response]) -> Endpoint:
    async def answer(_: Request) -> Response:
        return response()

    return answer
