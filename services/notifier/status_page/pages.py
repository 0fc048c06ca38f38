"""Pages as HTTP answers: templates, security headers, the reader's language.

Invariant: no page is stored by a browser or proxy, names its address to another site, runs a script
that is not ours, or is listed by a search engine.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services.notifier.domain import Language, language_of
from services.notifier.messages.texts import Texts
from services.notifier.status_page.texts.load import ErrorTexts, PageTexts
from services.notifier.status_page.texts.load import load as load_page
from services.notifier.status_page.timeline import Words

_HERE: Final = Path(__file__).parent
_LANGUAGES: Final = frozenset(Language)

HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that pages load; its address changes with its content."""

    name: str
    media_type: str
    content: bytes
    version: str

    @classmethod
    def load(cls, name: str, media_type: str) -> "Asset":
        """Read the file."""
        content = (_HERE / "static" / name).read_bytes()
        return cls(name, media_type, content, hashlib.sha256(content).hexdigest()[:16])

    @property
    def path(self) -> str:
        return f"/page/{self.version}/{self.name}"

    def response(self) -> Response:
        """Return the file; it never changes at this address."""
        headers = {**HEADERS, "Cache-Control": "public, max-age=31536000, immutable"}
        return Response(self.content, media_type=self.media_type, headers=headers)


class Pages:
    """Renders; loaded once, at the start."""

    def __init__(self, base_url: str, messages: Mapping[Language, Texts]) -> None:
        self.prefix = urlsplit(base_url).path.rstrip("/")
        self.style = Asset.load("style.css", "text/css; charset=utf-8")
        self.script = Asset.load("live.js", "text/javascript; charset=utf-8")
        self._texts: dict[Language, PageTexts] = {one: load_page(one) for one in Language}
        self._messages = messages
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def texts(self, language: Language) -> PageTexts:
        """Return the page's texts of a language."""
        return self._texts[language]

    def words(self, language: Language, jurisdiction: str | None) -> Words:
        """Return how things are said to a reader."""
        return Words(
            self._texts[language], self._messages[language], language, (jurisdiction or "").upper()
        )

    def here(self, token: str) -> str:
        """Return the address of a link's page on its own site."""
        return f"{self.prefix}/s/{token}"

    def render(
        self, template: str, language: Language, token: str, status: int = 200, **values: object
    ) -> Response:
        """Return a page."""
        text = self._templates.get_template(template).render(
            texts=self._texts[language],
            language=language.value,
            languages=[(one.value, self._texts[one].language) for one in Language],
            here=self.here(token),
            style=f"{self.prefix}{self.style.path}",
            script=f"{self.prefix}{self.script.path}",
            **values,
        )
        return HTMLResponse(text, status, headers=dict(HEADERS))

    def message(  # noqa: PLR0913 - what such a page can have
        self,
        said: ErrorTexts,
        language: Language,
        token: str,
        status: int,
        *,
        send: str | None = None,
        form: str = "",
        back: bool = False,
    ) -> Response:
        """Return a page that says one thing in place of the case."""
        return self.render(
            "message.html", language, token, status, said=said, send=send, form=form, back=back
        )


def language(request: Request, on_file: str | None = None) -> Language:
    """Return the language to speak: chosen on the page, on file, or that of the browser."""
    chosen = request.query_params.get("lang", "")
    if chosen in _LANGUAGES:
        return Language(chosen)
    header = request.headers.get("accept-language", "")[:200]
    wishes = [wish.partition(";")[0].strip() for wish in header.split(",")]
    return language_of(on_file, *wishes)
