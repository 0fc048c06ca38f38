"""The status page over HTTP: which address leads to what."""

from collections.abc import Callable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from services.notifier.status_page.acting import Acting
from services.notifier.status_page.gate import Endpoint
from services.notifier.status_page.looking import Looking


def routes(looking: Looking, acting: Acting) -> APIRouter:
    """Return the routes of the page."""
    router = APIRouter()
    gate = looking.gate
    for path, method, endpoint in (
        ("/s/{token}", "GET", looking.case),
        ("/s/{token}/events", "GET", looking.events),
        ("/s/{token}/documents/{document}", "GET", looking.document),
        ("/s/{token}/reply", "POST", acting.reply),
        ("/s/{token}/person", "POST", acting.person),
        ("/s/{token}/documents", "POST", acting.upload),
        ("/s/{token}/new-link", "POST", acting.renew),
    ):
        router.add_api_route(
            path, gate.guarded(endpoint), methods=[method], response_class=Response
        )
    for asset in (gate.pages.style, gate.pages.script):
        router.add_api_route(asset.path, _answering(asset.response), response_class=Response)
    return router


def _answering(response: Callable[[], Response]) -> Endpoint:
    async def answer(_: Request) -> Response:
        return response()

    return answer
