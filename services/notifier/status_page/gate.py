"""The way in: reads a link, a form and their limits; each way of being wrong has its own page.

Invariants: without a good link nothing of any case is said, and whether one exists least of all; a
form does something only once, and only from the page that it was made for.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from opentelemetry import trace
from starlette.requests import Request
from starlette.responses import Response

from services.notifier.status_page import forms
from services.notifier.status_page.forms import Form, TooLargeError, UnreadableError
from services.notifier.status_page.links import Expired, Good, Links
from services.notifier.status_page.pace import Pace
from services.notifier.status_page.pages import Pages, language
from shared import clock, telemetry
from shared.postgres import Pool, is_transient

_OWN_SITE: Final = frozenset({"same-origin", "none"})

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Gate:
    """What every route of the page needs; `looks` and `acts` hold for one process (pace)."""

    links: Links
    pages: Pages
    pool: Pool
    looks: Pace = field(default_factory=lambda: Pace(60, 60, time.monotonic))
    acts: Pace = field(default_factory=lambda: Pace(10, 6, time.monotonic))

    def guarded(self, endpoint: Endpoint) -> Endpoint:
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

    def read(self, request: Request, pace: Pace) -> Good | Expired | Response:
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

    def good(self, request: Request, pace: Pace) -> Good | Response:
        """Read a link that must still work; an answer where it does not."""
        link = self.read(request, pace)
        return self._expired(request, link) if isinstance(link, Expired) else link

    def _expired(self, request: Request, link: Expired) -> Response:
        speak = language(request)
        texts = self.pages.texts(speak).expired
        form = self.links.form(link.token)
        return self.pages.message(texts, speak, link.token, 410, send=texts.send, form=form)

    async def form(
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
