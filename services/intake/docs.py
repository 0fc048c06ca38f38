"""The API page: Swagger UI from our own files under a strict policy; no third party is asked."""

import html
from pathlib import Path
from typing import Any, Final

import swagger_ui_bundle
from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from services.intake import openapi, problems
from services.intake.answers import answer
from services.intake.requests import Intake, reader_of_docs

_TITLE: Final = "Evenhand intake"
_FILES: Final = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")
_START: Final = """\
window.addEventListener("load", () => {
  SwaggerUIBundle({
    url: "/openapi.json", dom_id: "#page", validatorUrl: null, persistAuthorization: false,
  });
});
"""
_PAGE: Final = f"""\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(_TITLE)}</title>
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


def routes(intake: Intake, app: FastAPI) -> APIRouter:
    """Return the page, its files and the description that it shows."""
    router = APIRouter(include_in_schema=False)
    folder = Path(swagger_ui_bundle.swagger_ui_path)
    described: dict[str, Any] = {}

    async def page(request: Request) -> Response:
        await reader_of_docs(intake, request)
        return Response(_PAGE, media_type="text/html", headers=_HEADERS)

    async def file(request: Request, name: str) -> Response:
        await reader_of_docs(intake, request)
        if name == "start.js":
            return Response(_START, media_type="text/javascript", headers=_HEADERS)
        if name not in _FILES:
            raise problems.not_found("page")
        return FileResponse(folder / name, headers=_HEADERS)

    async def description(request: Request) -> Response:
        await reader_of_docs(intake, request)
        if not described:
            described.update(_describe(intake, app))
        return answer(described)

    router.add_api_route("/docs", page, response_class=Response)
    router.add_api_route("/docs/{name}", file, response_class=Response)
    router.add_api_route("/openapi.json", description, response_class=Response)
    return router


def _describe(intake: Intake, app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=_TITLE,
        version="1",
        openapi_version="3.0.3",
        description="Takes customers' cases in and shows what became of them.",
        routes=app.routes,
        servers=[{"url": intake.settings.base_url}],
    )
    components = document.setdefault("components", {})
    components["schemas"] = openapi.schemas()
    components["securitySchemes"] = openapi.SECURITY_SCHEMES
    return document
