"""The page that documents intake's interface."""

from fastapi import APIRouter, FastAPI
from starlette.requests import Request

from services.intake import openapi
from services.intake.requests import Intake
from shared.http import docs


def routes(intake: Intake, app: FastAPI) -> APIRouter:
    """Return the page; with a key, or for anybody where the settings open it."""

    async def admit(request: Request) -> None:
        if not intake.settings.open_docs:
            await docs.admit_by_key(intake.authenticate, request)

    about = docs.About(
        title="Evenhand intake",
        description="Takes customers' cases in and shows what became of them.",
        server=intake.settings.base_url,
        admit=admit,
        schemas=openapi.schemas,
    )
    return docs.routes(about, app)
