"""The API page: Swagger UI from our own files under a strict policy; no third party is asked."""

import base64
import binascii
import html
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import swagger_ui_bundle
from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from shared.http import problems
from shared.http.answers import answer
from shared.http.problems import ProblemError
from shared.http.requests import recognise
from shared.keys import Authenticate

_FILES: Final = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")
_START: Final = """\
window.addEventListener("load", () => {
  SwaggerUIBundle({
    url: "/openapi.json", dom_id: "#page", validatorUrl: null, persistAuthorization: false,
  });
});
"""
_PAGE: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<body><main id="page"></main>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, max-age=300",
}


SECURITY_SCHEMES: Final[dict[str, Any]] = {
    "apiKey": {"type": "http", "scheme": "bearer", "description": "An API key, `evh_…`."}
}


@dataclass(frozen=True, slots=True)
class About:
    """What the page is about.

    `admit` ends a request of somebody who may not read it. `server` is where the interface
    answers; `schemas` returns what its routes point to.
    """

    title: str
    description: str
    server: str
    admit: Callable[[Request], Awaitable[None]]
    schemas: Callable[[], dict[str, Any]] = dict


def routes(about: About, app: FastAPI) -> APIRouter:
    """Return the page, its files and the description that it shows."""
    router = APIRouter(include_in_schema=False)
    folder = Path(swagger_ui_bundle.swagger_ui_path)
    shown = _PAGE.format(title=html.escape(about.title))
    described: dict[str, Any] = {}

    async def page(request: Request) -> Response:
        await about.admit(request)
        return Response(shown, media_type="text/html", headers=_HEADERS)

    async def file(request: Request, name: str) -> Response:
        await about.admit(request)
        if name == "start.js":
            return Response(_START, media_type="text/javascript", headers=_HEADERS)
        if name not in _FILES:
            raise problems.not_found("page")
        return FileResponse(folder / name, headers=_HEADERS)

    async def description(request: Request) -> Response:
        await about.admit(request)
        if not described:
            described.update(_describe(about, app))
        return answer(described)

    router.add_api_route("/docs", page, response_class=Response)
    router.add_api_route("/docs/{name}", file, response_class=Response)
    router.add_api_route("/openapi.json", description, response_class=Response)
    return router


async def admit_by_key(authenticate: Sequence[Authenticate], request: Request) -> None:
    """Let anybody with a key read the page, in a browser with the key as the password.

    Raises:
        ProblemError: no key (401).

    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() == "basic":
        try:
            token = base64.b64decode(token, validate=True).decode().partition(":")[2]
        except (binascii.Error, ValueError):
            token = ""
    if not token or await recognise(authenticate, token) is None:
        raise ProblemError(
            401,
            "Send an API key as bearer token, or as the password in a browser.",
            headers={"WWW-Authenticate": 'Basic realm="evenhand", charset="UTF-8"'},
        )


def as_openapi_3_0(schema: Any) -> Any:  # noqa: ANN401 - a schema is any JSON
    """Put a JSON Schema of today into the words of OpenAPI 3.0, which the bundled page reads."""
    if isinstance(schema, list):
        return [as_openapi_3_0(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    said = {key: as_openapi_3_0(part) for key, part in schema.items()}
    if "const" in said:
        said["enum"] = [said.pop("const")]
    if isinstance(said.get("examples"), list):
        said["example"] = said.pop("examples")[0]
    choices = said.get("anyOf")
    if isinstance(choices, list) and {"type": "null"} in choices:
        said["anyOf"] = [choice for choice in choices if choice != {"type": "null"}]
        said["nullable"] = True
    return said


def _describe(about: About, app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=about.title,
        version="1",
        openapi_version="3.0.3",
        description=about.description,
        routes=app.routes,
        servers=[{"url": about.server}],
    )
    components = document.setdefault("components", {})
    components["schemas"] = about.schemas()
    components["securitySchemes"] = SECURITY_SCHEMES
    return document
