"""The sandbox bank over HTTP: questions come in and are answered at once; a page lists them."""

from collections import deque
from pathlib import Path
from typing import Final

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from deploy.local.bank.knowing import RULES, Said, say
from deploy.local.web import PageHeaders, page_templates
from shared.events.catalogue import VerificationRequested

_HERE: Final = Path(__file__).parent
_LISTED: Final = 500
_LARGEST: Final = 256 * 1024


def build() -> Starlette:
    """Build the application; what it was asked is kept in memory, the newest questions only."""
    asked: deque[tuple[VerificationRequested, Said]] = deque(maxlen=_LISTED)
    page = page_templates(_HERE / "templates").get_template("asked.html")

    async def answer(request: Request) -> Response:
        body = await request.body()
        if len(body) > _LARGEST:
            return JSONResponse({"detail": "the question is too long"}, 413)
        try:
            question = VerificationRequested.model_validate_json(body)
        except ValidationError:
            return JSONResponse({"detail": "this is no question of ours"}, 422)
        said = say(question)
        asked.appendleft((question, said))
        return JSONResponse(said.document())

    async def listed(_: Request) -> Response:
        return JSONResponse(
            [
                {
                    "verification_id": str(question.verification_id),
                    "case_id": str(question.case_id),
                    "question": question.question,
                    "purpose": question.purpose,
                    "answer": said.answer,
                    "rule": RULES[said.rule - 1],
                    "evidence": said.evidence,
                }
                for question, said in asked
            ]
        )

    async def shown(_: Request) -> Response:
        return HTMLResponse(page.render(asked=list(asked), rules=RULES))

    async def style(_: Request) -> Response:
        return FileResponse(_HERE / "templates" / "style.css", media_type="text/css")

    async def alive(_: Request) -> Response:
        return Response("ok\n", media_type="text/plain")

    return Starlette(
        routes=[
            Route("/verifications", answer, methods=["POST"]),
            Route("/api/asked", listed),
            Route("/", shown),
            Route("/style.css", style),
            Route("/healthz", alive),
            Route("/readyz", alive),
        ],
        middleware=[Middleware(PageHeaders)],
    )
