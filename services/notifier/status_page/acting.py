"""What a customer does on the page: write, ask for a person, add a document, ask for a new link.

Invariant: each act is in the database before the customer reads that we have it, and repeated it is
the same act.
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.notifier.domain import Channel, Language
from services.notifier.status_page import documents, store
from services.notifier.status_page.documents import Added
from services.notifier.status_page.forms import Form, UnreadableError
from services.notifier.status_page.gate import Gate
from services.notifier.status_page.links import Good
from services.notifier.status_page.looking import LONGEST, MEGABYTE, Looking, Problem
from services.notifier.status_page.pages import HEADERS, language
from services.notifier.status_page.renewing import renew
from services.notifier.status_page.uploads import LARGEST, Document, Refusal, check
from shared import clock
from shared.events.envelope import event_id

_ACT_LIMIT: Final = 256 * 1024
_UPLOAD_LIMIT: Final = LARGEST + 64 * 1024
_UPLOADS_AT_ONCE: Final = 16


@dataclass(frozen=True, slots=True)
class Wakes:
    """Who is woken by an act: the hand-over to intake, and the scanner where there is one."""

    replies: asyncio.Event
    scanner: asyncio.Event | None = None


@dataclass(slots=True)
class Acting:
    """The routes that take something in; without `wakes` there is nobody to give it to."""

    gate: Gate
    looking: Looking
    wakes: Wakes | None
    offered: Collection[Channel]
    uploads: int = field(default=0)

    async def _act(self, request: Request, most: int) -> tuple[Good, Form, str] | Response:
        link = self.gate.good(request, self.gate.acts)
        if isinstance(link, Response):
            return link
        if self.wakes is None:
            raise UnreadableError("this page takes nothing in")
        read = await self.gate.form(request, link, most)
        return read if isinstance(read, Response) else (link, *read)

    async def reply(self, request: Request) -> Response:
        """Take what the customer writes."""
        read = await self._act(request, _ACT_LIMIT)
        if isinstance(read, Response):
            return read
        link, form, act = read
        text = form.fields.get("text", "").replace("\r\n", "\n").replace("\0", "")
        texts = self.gate.pages.texts(language(request)).reply
        if not text.strip():
            return await self.looking.page(request, link, Problem("text", texts.blank))
        if len(text) > LONGEST:
            told = texts.too_long.format(most=f"{LONGEST:,}".replace(",", "\u00a0"))
            return await self.looking.page(request, link, Problem("text", told), text)
        identity = event_id(str(link.case_id), "page", "reply", act)
        async with self.gate.pool.acquire() as connection:
            taken = await store.write_reply(connection, identity, link.case_id, text)
        if not taken:
            return await self.looking.page(request, link, Problem("text", texts.too_many), text)
        return self._done(request, link, "reply")

    async def person(self, request: Request) -> Response:
        """Take the wish that a person looks at the case."""
        read = await self._act(request, _ACT_LIMIT)
        if isinstance(read, Response):
            return read
        link, _, _ = read
        text = self.gate.pages.texts(language(request)).person.message
        async with self.gate.pool.acquire() as connection:
            revision = await store.revision(connection, link.case_id)
            # Once for each answer: a second click, in whatever window, asks for the same.
            identity = event_id(str(link.case_id), "page", "person", str(revision))
            await store.write(connection, identity, link.case_id, "person", text)
        return self._done(request, link, "person")

    async def upload(self, request: Request) -> Response:
        """Take a document."""
        if self.uploads >= _UPLOADS_AT_ONCE:
            pages, speak = self.gate.pages, language(request)
            return pages.message(pages.texts(speak).too_fast, speak, "-", 503)
        self.uploads += 1
        try:
            read = await self._act(request, _UPLOAD_LIMIT)
            if isinstance(read, Response):
                return read
            return await self._add(request, *read)
        finally:
            self.uploads -= 1

    async def _add(self, request: Request, link: Good, form: Form, act: str) -> Response:
        sent = form.files.get("document")
        found = check(sent.name, sent.media_type, sent.data) if sent else Refusal.NONE
        if isinstance(found, Refusal):
            return await self._refuse(request, link, found)
        match await self._keep(request, link, found, act):
            case Added.KEPT:
                return self._done(request, link, "document")
            case Added.QUARANTINED:
                return self._done(request, link, "checking")
            case Added.REFUSED:
                return await self._refuse(request, link, Refusal.HARMFUL)
            case Added.TOO_MANY:
                return await self._refuse(request, link, Refusal.TOO_MANY)

    async def _keep(self, request: Request, link: Good, document: Document, act: str) -> Added:
        identity = event_id(str(link.case_id), "page", "document", act)
        texts = self.gate.pages.texts(language(request)).document
        said = texts.message.format(name=document.name)
        scan = self.wakes is not None and self.wakes.scanner is not None
        return await documents.add(
            self.gate.pool, identity, link.case_id, document, said, scan=scan
        )

    async def _refuse(self, request: Request, link: Good, why: Refusal) -> Response:
        texts = self.gate.pages.texts(language(request)).document
        if why is Refusal.TOO_LARGE:
            told = texts.too_large.format(size=LARGEST // MEGABYTE)
        else:
            told = texts.refusals[why]
        return await self.looking.page(request, link, Problem("document", told))

    def _done(self, request: Request, link: Good, said: str) -> Response:
        """Lead back to the page, so that loading it again sends nothing again."""
        if self.wakes is not None:
            self.wakes.replies.set()
            if self.wakes.scanner is not None:
                self.wakes.scanner.set()
        chosen = request.query_params.get("lang", "")
        lang = f"&lang={chosen}" if chosen in set(Language) else ""
        return RedirectResponse(
            f"{self.gate.pages.here(link.token)}?said={said}{lang}", 303, headers=dict(HEADERS)
        )

    async def renew(self, request: Request) -> Response:
        """Send a new link, whoever asks for it, to the contact on file."""
        link = self.gate.read(request, self.gate.acts)
        if isinstance(link, Response):
            return link
        read = await self.gate.form(request, link, _ACT_LIMIT)
        if isinstance(read, Response):
            return read
        speak = language(request)
        async with self.gate.pool.acquire() as connection, connection.transaction():
            await renew(connection, link.case_id, clock.now(), speak, self.offered)
        pages = self.gate.pages
        return pages.message(pages.texts(speak).sent, speak, link.token, 200)
